/**
 * Contract: timers, leases, and when something is due next.
 */
import { describe, expect, test } from 'vitest';
import { Bug } from '../../../src/core/errors.ts';
import { applyAll, birth, change, timer } from '../building.ts';
import type { Opened } from '../contract.ts';

const hall = { machine: 'lamp', id: 'hall' };

export function timerContract(opened: Opened): void {
  const due = (now: number) =>
    opened()
      .read.timersDue(now, 9)
      .map((row) => `${row.entity.id}:${row.id}`);
  const ofHall = () => opened().read.timers({ entity: hall }, { limit: 9 }).items;

  describe('timers', () => {
    test('a timer is set with its event, and due from its instant on', () => {
      const event = { type: 'TIRED', after: { hours: [1, 2] } };
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer('nap', 50, { event, liveness: true })] } }));
      expect(ofHall()).toEqual([
        {
          entity: hall,
          id: 'nap',
          name: 'patience',
          dueAt: 50,
          leaseUntil: null,
          delayMs: 500,
          liveness: true,
          event,
          setSeq: 1,
        },
      ]);
      expect(due(49)).toEqual([]);
      expect(due(50)).toEqual(['hall:nap']);
    });

    test('the event of an after timer comes back as it was', () => {
      const id = 'xstate.after.patience.lamp.off';
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer(id, 50), timer('"', 60)] } }));
      expect(ofHall().map((row) => row.event)).toEqual([{ type: '"' }, { type: id }]);
    });

    test('setting again replaces, cancelling deletes, clearing deletes all before it sets', () => {
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer('a', 50), timer('b', 60), timer('c', 70)] } }));
      applyAll(opened(), change('lamp/hall', { timers: { cancel: ['b', 'unknown'], set: [timer('a', 80)] } }));
      expect(ofHall().map((row) => [row.id, row.dueAt, row.setSeq])).toEqual([
        ['a', 80, 2],
        ['c', 70, 1],
      ]);
      applyAll(
        opened(),
        change('lamp/hall', { rev: 3, from: 'on', to: 'off', timers: { clear: true, set: [timer('d', 90)] } }),
      );
      expect(ofHall().map((row) => row.id)).toEqual(['d']);
    });

    test('due timers come in order of their instants, at most as many as wanted', () => {
      applyAll(
        opened(),
        birth('lamp/hall', { timers: { set: [timer('c', 30), timer('a', 20)] } }),
        birth('lamp/porch', { timers: { set: [timer('b', 10), timer('d', 99)] } }),
      );
      expect(due(30)).toEqual(['porch:b', 'hall:a', 'hall:c']);
      expect(opened().read.timersDue(30, 1)).toHaveLength(1);
    });

    test('a timer is taken once', () => {
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer('a', 20)] } }));
      expect(opened().commit((tx) => [tx.takeTimer(hall, 'a'), tx.takeTimer(hall, 'a')])).toEqual([true, false]);
      expect(opened().commit((tx) => tx.takeTimer({ machine: 'lamp', id: 'nobody' }, 'a'))).toBe(false);
      expect(due(99)).toEqual([]);
    });

    test('a lease is promised to running timers of the name, and re-arms one that came due', () => {
      applyAll(
        opened(),
        birth('lamp/hall', { timers: { set: [timer('a', 500), timer('b', 500, { name: 'other' })] } }),
      );
      expect(opened().commit((tx) => tx.extend(hall, 'patience', 400))).toBe(1);
      expect(ofHall().map((row) => [row.id, row.dueAt, row.leaseUntil])).toEqual([
        ['a', 500, 900],
        ['b', 500, null],
      ]);
      opened().commit((tx) => tx.rearm(hall, 'a', 900));
      expect(ofHall()[0]).toMatchObject({ dueAt: 900, leaseUntil: null });
      expect(opened().commit((tx) => tx.extend({ machine: 'lamp', id: 'nobody' }, 'patience', 1))).toBe(0);
      expect(() => opened().commit((tx) => tx.rearm(hall, 'unknown', 1))).toThrow(Bug);
    });

    test('a lease that was set again is a promise no more', () => {
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer('a', 500)] } }));
      opened().commit((tx) => tx.extend(hall, 'patience', 400));
      applyAll(opened(), change('lamp/hall', { timers: { set: [timer('a', 600)] } }));
      expect(ofHall()).toMatchObject([{ dueAt: 600, leaseUntil: null }]);
    });

    test('liveness timers get a full delay from now after a restart, the others do not', () => {
      const alive = { liveness: true };
      applyAll(
        opened(),
        birth('lamp/hall', {
          timers: { set: [timer('overdue', 10, alive), timer('later', 9_999, alive), timer('plain', 10)] },
        }),
      );
      expect(opened().commit((tx) => tx.regrant(2_000))).toBe(1);
      expect(ofHall().map((row) => [row.id, row.dueAt])).toEqual([
        ['later', 9_999],
        ['overdue', 2_500],
        ['plain', 10],
      ]);
    });

    test('a lease that promises more outlives the regrant, one that promises less does not', () => {
      const alive = { liveness: true };
      applyAll(
        opened(),
        birth('lamp/hall', { timers: { set: [timer('a', 10, { ...alive, name: 'x' }), timer('b', 10, alive)] } }),
      );
      opened().commit((tx) => [tx.extend(hall, 'x', 3_000), tx.extend(hall, 'patience', 1_000), tx.regrant(2_000)]);
      expect(ofHall().map((row) => [row.id, row.dueAt, row.leaseUntil])).toEqual([
        ['a', 2_500, 3_500],
        ['b', 2_500, null],
      ]);
    });

    test('pages of all timers go by due time', () => {
      const set = [timer('c', 30), timer('a', 10), timer('b', 10), timer('d', 5)];
      applyAll(opened(), birth('lamp/hall', { timers: { set } }), birth('lamp/porch', { timers: { set } }));
      const seen: string[] = [];
      for (let after: string | null | undefined; after !== null; ) {
        const page = opened().read.timers({}, { limit: 3, ...(after === undefined ? {} : { after }) });
        seen.push(...page.items.map((row) => `${row.entity.id}:${row.id}`));
        after = page.next;
      }
      expect(seen).toEqual(['hall:d', 'porch:d', 'hall:a', 'hall:b', 'porch:a', 'porch:b', 'hall:c', 'porch:c']);
      const first = opened().read.timers({ entity: hall }, { limit: 2 });
      const second = opened().read.timers({ entity: hall }, { limit: 2, after: first.next ?? '' });
      expect([...first.items, ...second.items].map((row) => row.id)).toEqual(['a', 'b', 'c', 'd']);
    });

    test('they are counted between two instants', () => {
      const set = [timer('a', 10), timer('b', 20), timer('c', 30)];
      applyAll(opened(), birth('lamp/hall', { timers: { set } }));
      const { read } = opened();
      expect([read.timerCount(10, 30), read.timerCount(11, 31), read.timerCount(31, 99)]).toEqual([2, 2, 0]);
    });

    test('the next instant is the least of timers and pending effects', () => {
      expect(opened().read.nextDueAt()).toBeNull();
      applyAll(opened(), birth('lamp/hall', { timers: { set: [timer('a', 5_000)] } }));
      expect(opened().read.nextDueAt()).toBe(5_000);
      applyAll(opened(), change('lamp/hall', { at: 2_000, effects: [{ type: 'glow', params: null, scope: null }] }));
      expect(opened().read.nextDueAt()).toBe(2_000);
      expect(opened().read.nextDueAt(1_999)).toBe(2_000);
      expect(opened().read.nextDueAt(2_000)).toBe(5_000);
      opened().commit((tx) => tx.claimEffect('lamp/hall#2#0', 1));
      expect(opened().read.nextDueAt()).toBe(5_000);
      opened().commit((tx) => tx.takeTimer(hall, 'a'));
      expect(opened().read.nextDueAt()).toBeNull();
    });
  });
}
