/**
 * Contract: commits and savepoints, ST1 to ST3, and the closed store.
 */
import { describe, expect, test } from 'vitest';
import { Bug, Refused } from '../../../src/core/errors.ts';
import type { Transaction } from '../../../src/store/port.ts';
import { birth, change, note } from '../building.ts';
import type { Opened } from '../contract.ts';

const lamp = { machine: 'lamp', id: 'hall' };

export function commitContract(opened: Opened): void {
  describe('commits', () => {
    test('a commit returns what its work returns, and is seen after it', () => {
      expect(opened().commit((tx) => tx.apply(birth('lamp/hall')))).toBe(1);
      expect(opened().read.entity(lamp)?.state).toBe('off');
    });

    test('work that throws changes nothing, and its error comes out as it was', () => {
      const thrown = new Refused('invalid', 'not today');
      const commit = () =>
        opened().commit((tx) => {
          tx.apply(birth('lamp/hall', { timers: { set: [] }, index: { labels: ['warm'] } }));
          tx.setMeta('mood', 'dark');
          tx.next('bulbs');
          throw thrown;
        });
      expect(commit).toThrow(thrown);
      expect(opened().read.entity(lamp)).toBeNull();
      expect(opened().read.meta('mood')).toBeNull();
      expect(opened().read.lastSeq()).toBe(0);
      expect(opened().read.census()).toEqual([]);
      expect(opened().commit((tx) => tx.next('bulbs'))).toBe(1);
    });

    test('ST1 work that returns a promise is a bug and changes nothing', () => {
      const commit = () => opened().commit(async (tx) => tx.apply(birth('lamp/hall')));
      expect(commit).toThrow(Bug);
      expect(opened().read.entity(lamp)).toBeNull();
    });

    test('ST1 a savepoint that returns a promise is a bug and undoes itself', () => {
      opened().commit((tx) => {
        expect(() => tx.savepoint(async () => tx.apply(birth('lamp/hall')))).toThrow(Bug);
        tx.apply(birth('lamp/porch'));
      });
      expect(opened().read.entity(lamp)).toBeNull();
      expect(opened().read.lastSeq()).toBe(1);
    });

    test('a commit inside a commit is a bug', () => {
      expect(() => opened().commit(() => opened().commit(() => 1))).toThrow(/commit was begun inside a commit/);
      expect(opened().commit(() => 'usable')).toBe('usable');
    });

    test('a transaction is of no use after its commit', () => {
      let kept: Transaction | undefined;
      opened().commit((tx) => {
        kept = tx;
      });
      expect(() => kept?.apply(birth('lamp/hall'))).toThrow(Bug);
      expect(() => kept?.savepoint(() => 1)).toThrow(Bug);
      expect(opened().read.lastSeq()).toBe(0);
    });

    test('a closed store refuses to commit', () => {
      opened().close();
      expect(() => opened().commit(() => 1)).toThrow(Refused);
    });
  });

  describe('savepoints', () => {
    test('ST2 a savepoint that throws undoes its own work alone', () => {
      opened().commit((tx) => {
        tx.apply(birth('lamp/hall'));
        const failing = () =>
          tx.savepoint(() => {
            tx.apply(change('lamp/hall', { to: 'on' }));
            tx.apply(birth('lamp/porch', { index: { scope: 'outside', labels: ['cold'] } }));
            throw new Refused('invalid', 'no');
          });
        expect(failing).toThrow('no');
        expect(tx.entity(lamp)?.state).toBe('off');
        tx.apply(birth('lamp/attic'));
      });
      expect(
        opened()
          .read.entities({ machine: 'lamp' }, { limit: 9 })
          .items.map((row) => row.ref.id),
      ).toEqual(['hall', 'attic']);
      expect(opened().read.census()).toEqual([{ machine: 'lamp', state: 'off', count: 2, oldestSince: 1_000 }]);
    });

    test('ST2 an inner savepoint that throws leaves the outer one whole', () => {
      opened().commit((tx) =>
        tx.savepoint(() => {
          tx.apply(birth('lamp/hall'));
          expect(() =>
            tx.savepoint(() => {
              tx.apply(change('lamp/hall', {}));
              throw new Refused('invalid', 'no');
            }),
          ).toThrow('no');
          tx.apply(change('lamp/hall', { to: 'dim' }));
        }),
      );
      expect(opened().read.entity(lamp)).toMatchObject({ state: 'dim', rev: 2 });
    });

    test('ST3 the log has no gaps after a savepoint was undone', () => {
      const seqs = opened().commit((tx) => {
        const first = tx.note(note('lamp/hall'));
        expect(() =>
          tx.savepoint(() => {
            tx.note(note('lamp/hall'));
            tx.note(note('lamp/hall'));
            throw new Refused('invalid', 'no');
          }),
        ).toThrow('no');
        expect(tx.lastSeq()).toBe(1);
        return [first, tx.note(note('lamp/hall'))];
      });
      expect(seqs).toEqual([1, 2]);
    });

    test('ST3 the log has no gaps after a commit was undone', () => {
      const failing = () =>
        opened().commit((tx) => {
          tx.note(note('lamp/hall'));
          throw new Refused('invalid', 'no');
        });
      expect(failing).toThrow('no');
      expect(opened().commit((tx) => tx.note(note('lamp/hall')))).toBe(1);
    });

    test('names first heard in an undone savepoint are heard anew', () => {
      opened().commit((tx) => {
        expect(() =>
          tx.savepoint(() => {
            tx.apply(birth('lamp/hall', { effects: [{ type: 'glow', params: {}, scope: null }] }));
            throw new Refused('invalid', 'no');
          }),
        ).toThrow('no');
        tx.apply(birth('fan/roof', { to: 'still', event: { type: 'xstate.init', speed: 0 } }));
        tx.apply(birth('lamp/hall', { to: 'dark' }));
      });
      expect(opened().read.entity(lamp)?.state).toBe('dark');
      expect(
        opened()
          .read.log({ entity: lamp }, { limit: 9, order: 'asc' })
          .map((row) => row.seq),
      ).toEqual([2]);
      expect(opened().read.effects({}, { limit: 9 }).items).toEqual([]);
    });

    test('a write that failed is not committed, even when the work hides the failure', () => {
      opened().commit((tx) => tx.apply(birth('lamp/hall')));
      const hiding = () =>
        opened().commit((tx) => {
          expect(() => tx.apply(change('lamp/hall', { rev: 7 }))).toThrow(Bug);
          tx.apply(birth('lamp/porch'));
        });
      expect(hiding).toThrow(/revision 6/);
      expect(opened().read.lastSeq()).toBe(1);
      expect(opened().read.entity(lamp)?.rev).toBe(1);
    });
  });
}
