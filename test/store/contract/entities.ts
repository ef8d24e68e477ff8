/**
 * Contract: entities, their places, queues, the census, links, and pages of them.
 */
import { describe, expect, test } from 'vitest';
import { Bug, Refused } from '../../../src/core/errors.ts';
import type { EntityFilter, Reads } from '../../../src/store/port.ts';
import { applyAll, birth, change, refs } from '../building.ts';
import type { Opened } from '../contract.ts';

const hall = { machine: 'lamp', id: 'hall' };

export function entityContract(opened: Opened): void {
  rowContract(opened);
  pageContract(opened);
  queueContract(opened);
  linkContract(opened);
}

function rowContract(opened: Opened): void {
  describe('entities', () => {
    test('a birth makes the whole row', () => {
      applyAll(opened(), birth('lamp/hall', { at: 5, index: { scope: 'inside', rank: 2, labels: ['warm', 'old'] } }));
      expect(opened().read.entity(hall)).toEqual({
        ref: hall,
        definition: 1,
        status: 'active',
        state: 'off',
        snapshot: '{"value":"off"}',
        rev: 1,
        scope: 'inside',
        rank: 2,
        labels: ['warm', 'old'],
        createdAt: 5,
        updatedAt: 5,
        createdSeq: 1,
      });
    });

    test('ids may hold anything: slashes, spaces, other scripts', () => {
      for (const id of ['a/b#1', ' ', 'Würfel 灯', "o'clock"]) {
        applyAll(opened(), birth(`lamp/${id}`));
        expect(opened().read.entity({ machine: 'lamp', id })?.ref).toEqual({ machine: 'lamp', id });
      }
    });

    test('who was never born is null and can not take an event', () => {
      expect(opened().read.entity(hall)).toBeNull();
      expect(opened().read.places(hall)).toEqual([]);
      expect(() => applyAll(opened(), change('lamp/hall', {}))).toThrow(Refused);
    });

    test('a second birth is refused', () => {
      applyAll(opened(), birth('lamp/hall'));
      expect(() => applyAll(opened(), birth('lamp/hall'))).toThrow(/exists already/);
    });

    test('a birth in an unknown definition is a bug', () => {
      expect(() => applyAll(opened(), birth('lamp/hall', { definition: 9 }))).toThrow(Bug);
      expect(opened().read.entity(hall)).toBeNull();
    });

    test('an event moves the entity; null keeps state and snapshot', () => {
      applyAll(opened(), birth('lamp/hall'), change('lamp/hall', { at: 2_000, snapshot: '{"value":"on"}' }));
      expect(opened().read.entity(hall)).toMatchObject({
        state: 'on',
        snapshot: '{"value":"on"}',
        rev: 2,
        updatedAt: 2_000,
      });
      applyAll(opened(), change('lamp/hall', { rev: 3, from: 'on', to: 'on', snapshot: '{"value":"on","n":1}' }));
      expect(opened().read.entity(hall)).toMatchObject({ state: 'on', snapshot: '{"value":"on","n":1}', rev: 3 });
      applyAll(opened(), change('lamp/hall', { rev: 4, from: 'on', to: 'on', snapshot: null, at: 3_000 }));
      expect(opened().read.entity(hall)).toMatchObject({
        state: 'on',
        snapshot: '{"value":"on","n":1}',
        rev: 4,
        updatedAt: 3_000,
      });
    });

    test('an event for another revision is a bug', () => {
      applyAll(opened(), birth('lamp/hall'));
      expect(() => applyAll(opened(), change('lamp/hall', { rev: 3 }))).toThrow(Bug);
      expect(opened().read.entity(hall)).toMatchObject({ state: 'off', rev: 1 });
    });

    test('the end of an entity keeps its row and its place', () => {
      applyAll(opened(), birth('lamp/hall'), change('lamp/hall', { to: 'broken', status: 'done' }));
      expect(opened().read.entity(hall)).toMatchObject({ status: 'done', state: 'broken' });
      expect(opened().read.census('lamp')).toEqual([
        { machine: 'lamp', state: 'broken', count: 1, oldestSince: 1_000 },
      ]);
    });

    test('quarantine marks the entity, and a later change frees it', () => {
      applyAll(opened(), birth('lamp/hall'));
      opened().commit((tx) => tx.quarantine(hall, 'its snapshot can not be read'));
      expect(opened().read.entity(hall)).toMatchObject({ status: 'quarantined', state: 'off', rev: 1 });
      applyAll(opened(), change('lamp/hall', {}));
      expect(opened().read.entity(hall)).toMatchObject({ status: 'active', rev: 2 });
    });

    test('who was never born can not be quarantined', () => {
      expect(() => opened().commit((tx) => tx.quarantine(hall, 'why'))).toThrow(Bug);
    });
  });

  describe('definitions', () => {
    test('a definition is one row, however often it is made', () => {
      const made = { machine: 'fan', hash: 'abc', settings: { speed: [1, 2] } };
      const row = opened().commit((tx) => tx.defineMachine(made));
      expect(opened().commit((tx) => tx.defineMachine(made))).toBe(row);
      expect(opened().read.definition(row)).toEqual(made);
      expect(opened().commit((tx) => tx.defineMachine({ ...made, hash: 'abd' }))).not.toBe(row);
      expect(opened().read.definition(99)).toBeNull();
    });
  });
}

function pageContract(opened: Opened): void {
  const ids = (filter: Omit<EntityFilter, 'machine'>, limit = 99) =>
    opened()
      .read.entities({ machine: 'lamp', ...filter }, { limit })
      .items.map((row) => row.ref.id);

  describe('pages of entities', () => {
    test('filters by state, everything below a state, scope and label, in order of birth', () => {
      applyAll(
        opened(),
        birth('lamp/d', { to: 'on.dim', index: { scope: 'inside', labels: ['warm'] } }),
        birth('lamp/c', { to: 'on.bright', index: { scope: 'outside', labels: ['warm', 'old'] } }),
        birth('fan/x', { to: 'on.dim', index: { scope: 'inside', labels: ['warm'] } }),
        birth('lamp/b', { to: 'on', index: { scope: 'inside' } }),
        birth('lamp/a', { to: 'once', index: { scope: 'inside', labels: ['old'] } }),
      );
      expect(ids({})).toEqual(['d', 'c', 'b', 'a']);
      expect(ids({ state: 'on' })).toEqual(['d', 'c', 'b']);
      expect(ids({ state: 'on.dim' })).toEqual(['d']);
      expect(ids({ scope: 'inside' })).toEqual(['d', 'b', 'a']);
      expect(ids({ label: 'warm' })).toEqual(['d', 'c']);
      expect(ids({ state: 'on', scope: 'inside' })).toEqual(['d', 'b']);
      expect(ids({ state: 'on', label: 'old' })).toEqual(['c']);
      expect(ids({ scope: 'outside', label: 'old' })).toEqual(['c']);
      expect(ids({ state: 'on', scope: 'outside', label: 'cold' })).toEqual([]);
      expect(ids({ state: 'nowhere' })).toEqual([]);
    });

    test('labels and scope follow the entity', () => {
      applyAll(opened(), birth('lamp/a', { index: { scope: 'inside', labels: ['warm', 'old'] } }));
      applyAll(opened(), change('lamp/a', { index: { scope: 'outside', labels: ['old', 'new'] } }));
      expect([ids({ label: 'warm' }), ids({ label: 'old' }), ids({ label: 'new' })]).toEqual([[], ['a'], ['a']]);
      expect([ids({ scope: 'inside' }), ids({ scope: 'outside' })]).toEqual([[], ['a']]);
      applyAll(opened(), change('lamp/a', { rev: 3, from: 'on', to: 'off' }));
      expect(ids({ label: 'new', scope: 'outside' })).toEqual(['a']);
      applyAll(opened(), change('lamp/a', { rev: 4, index: {} }));
      expect(opened().read.entity({ machine: 'lamp', id: 'a' })).toMatchObject({ scope: null, rank: 0, labels: [] });
    });

    test('an entity in two leaves of a parallel state comes once', () => {
      applyAll(
        opened(),
        birth('lamp/a', {
          to: 'lit.colour.red lit.power.high',
          places: { left: [], entered: ['lit.colour.red', 'lit.power.high'] },
        }),
      );
      expect(ids({ state: 'lit' })).toEqual(['a']);
      expect(
        opened()
          .read.places({ machine: 'lamp', id: 'a' })
          .map((place) => place.state),
      ).toEqual(['lit.colour.red', 'lit.power.high']);
    });

    test('pages follow one another while entities come and change', () => {
      const born = (n: number) => birth(`lamp/${n}`, { index: { scope: n % 2 ? 'odd' : 'even' } });
      applyAll(opened(), ...[1, 2, 3, 4, 5, 6, 7].map(born));
      const filters: readonly Omit<EntityFilter, 'machine'>[] = [
        {},
        { state: 'off' },
        { scope: 'odd' },
        { state: 'off', scope: 'odd' },
      ];
      const pages = filters.map((filter) => opened().read.entities({ machine: 'lamp', ...filter }, { limit: 2 }));
      applyAll(opened(), born(8), born(9), change('lamp/1', { from: 'off', to: 'on' }));
      const rest = filters.map((filter, i) => {
        const after = pages[i]?.next ?? '';
        return opened()
          .read.entities({ machine: 'lamp', ...filter }, { limit: 99, after })
          .items.map((row) => row.ref.id);
      });
      expect(pages.map((page) => page.items.map((row) => row.ref.id))).toEqual([
        ['1', '2'],
        ['1', '2'],
        ['1', '3'],
        ['1', '3'],
      ]);
      const all = ['3', '4', '5', '6', '7', '8', '9'];
      expect(rest).toEqual([all, all, ['5', '7', '9'], ['5', '7', '9']]);
    });

    test('the last page says that it is the last, also when it is full', () => {
      applyAll(opened(), birth('lamp/1'), birth('lamp/2'));
      expect(opened().read.entities({ machine: 'lamp' }, { limit: 2 }).next).toBeNull();
      expect(opened().read.entities({ machine: 'fan' }, { limit: 2 })).toEqual({ items: [], next: null });
    });

    test('a filter that matches few finds them among many', () => {
      const many = Array.from({ length: 300 }, (_, n) =>
        birth(`lamp/${n}`, { index: { scope: n === 280 ? 'rare' : 'common', labels: ['all'] } }),
      );
      applyAll(opened(), ...many);
      expect(ids({ label: 'all', scope: 'rare' }, 5)).toEqual(['280']);
    });

    test('cursors and limits that are none are refused', () => {
      const page = (limit: number, after?: string) => () =>
        opened().read.entities({ machine: 'lamp' }, { limit, ...(after === undefined ? {} : { after }) });
      for (const bad of [page(0), page(1.5), page(1_000_000), page(5, 'x'), page(5, ''), page(5, 'WyJ4Il0')]) {
        expect(bad).toThrow(Refused);
      }
    });
  });
}

function queueContract(opened: Opened): void {
  const queue = (state: string, scope?: string) =>
    opened()
      .read.queue({ machine: 'lamp', state, limit: 9, ...(scope === undefined ? {} : { scope }) })
      .map((ref) => ref.id);

  describe('queues, census and places', () => {
    test('a queue is ordered by rank, then by who waits longest', () => {
      applyAll(
        opened(),
        birth('lamp/late', { index: { rank: 1, scope: 'inside' } }),
        birth('lamp/urgent', { index: { rank: 0.5, scope: 'outside' } }),
        birth('lamp/later', { index: { rank: 1 } }),
        birth('lamp/other', { to: 'on', index: { rank: 0 } }),
      );
      expect(queue('off')).toEqual(['urgent', 'late', 'later']);
      expect(queue('off', 'inside')).toEqual(['late']);
      expect(queue('nowhere')).toEqual([]);
      expect(opened().read.queue({ machine: 'lamp', state: 'off', limit: 1 })).toEqual(refs('lamp/urgent'));
    });

    test('who comes back to a queue waits at its end, whoever changes rank moves', () => {
      applyAll(opened(), birth('lamp/a'), birth('lamp/b'), birth('lamp/c'));
      applyAll(
        opened(),
        change('lamp/a', { from: 'off', to: 'on' }),
        change('lamp/a', { rev: 3, from: 'on', to: 'off' }),
      );
      expect(queue('off')).toEqual(['b', 'c', 'a']);
      applyAll(opened(), change('lamp/c', { from: 'off', to: 'off', index: { rank: -1, scope: 'inside' } }));
      expect(queue('off')).toEqual(['c', 'b', 'a']);
      expect(queue('off', 'inside')).toEqual(['c']);
    });

    test('the census counts each leaf and tells how long the oldest is there', () => {
      applyAll(
        opened(),
        birth('lamp/a', { at: 10, index: { rank: 5 } }),
        birth('lamp/b', { at: 20, index: { rank: 1 } }),
        birth('fan/c', { at: 30, to: 'still' }),
        change('lamp/a', { at: 40, from: 'off', to: 'on' }),
        birth('lamp/d', { at: 50 }),
      );
      expect(opened().read.census()).toEqual([
        { machine: 'fan', state: 'still', count: 1, oldestSince: 30 },
        { machine: 'lamp', state: 'off', count: 2, oldestSince: 20 },
        { machine: 'lamp', state: 'on', count: 1, oldestSince: 40 },
      ]);
      expect(opened().read.census('fan')).toHaveLength(1);
      expect(opened().read.census('stove')).toEqual([]);
    });

    test('the census is right inside a commit too, and after a savepoint that was undone', () => {
      const counts = (census: ReturnType<Reads['census']>) => census.map(({ state, count }) => `${count} ${state}`);
      opened().commit((tx) => {
        tx.apply(birth('lamp/a', { at: 10 }));
        expect(counts(tx.census())).toEqual(['1 off']);
        const undone = () =>
          tx.savepoint(() => {
            tx.apply(birth('lamp/b', { at: 10 }));
            tx.apply(change('lamp/a', { at: 20, from: 'off', to: 'on' }));
            expect(counts(tx.census('lamp'))).toEqual(['1 off', '1 on']);
            throw new Refused('invalid', 'not today');
          });
        expect(undone).toThrow('not today');
        expect(counts(opened().read.census())).toEqual(['1 off']);
        tx.apply(birth('lamp/c', { at: 30 }));
      });
      expect(counts(opened().read.census())).toEqual(['2 off']);
      const lost = () =>
        opened().commit((tx) => {
          tx.apply(birth('lamp/d', { at: 40 }));
          tx.census();
          tx.apply(birth('lamp/e', { at: 40 }));
          throw new Refused('invalid', 'not at all');
        });
      expect(lost).toThrow('not at all');
      applyAll(opened(), change('lamp/a', { at: 50, from: 'off', to: 'on' }));
      expect(counts(opened().read.census())).toEqual(['1 off', '1 on']);
    });

    test('who stays in a leaf state, and since when, comes in pages in order of birth', () => {
      applyAll(
        opened(),
        ...['c', 'a', 'b'].map((id, index) => birth(`lamp/${id}`, { at: 10 + index })),
        change('lamp/c', { at: 30 }),
        change('lamp/b', { at: 40 }),
      );
      const stays = (state: string, page: { limit: number; after?: string }) =>
        opened().read.stays({ machine: 'lamp', state }, page);
      const first = stays('on', { limit: 1 });
      expect(first.items).toEqual([{ ref: { machine: 'lamp', id: 'c' }, sinceAt: 30 }]);
      const second = stays('on', { limit: 1, after: first.next ?? '' });
      expect(second).toEqual({ items: [{ ref: { machine: 'lamp', id: 'b' }, sinceAt: 40 }], next: null });
      expect(stays('off', { limit: 9 }).items).toEqual([{ ref: { machine: 'lamp', id: 'a' }, sinceAt: 11 }]);
      expect(stays('unheard', { limit: 9 })).toEqual({ items: [], next: null });
    });

    test('a place tells since when; re-entering begins anew, staying does not', () => {
      applyAll(opened(), birth('lamp/hall', { at: 10 }));
      applyAll(opened(), change('lamp/hall', { at: 20, from: 'off', to: 'off' }));
      expect(opened().read.places(hall)).toEqual([{ state: 'off', sinceAt: 10, sinceSeq: 1 }]);
      applyAll(
        opened(),
        change('lamp/hall', { rev: 3, at: 30, from: 'off', to: 'off', places: { left: ['off'], entered: ['off'] } }),
      );
      expect(opened().read.places(hall)).toEqual([{ state: 'off', sinceAt: 30, sinceSeq: 3 }]);
      expect(opened().read.census('lamp')).toMatchObject([{ count: 1, oldestSince: 30 }]);
    });
  });
}

function linkContract(opened: Opened): void {
  const porch = { machine: 'lamp', id: 'porch' };

  describe('links', () => {
    test('are found from both ends, also to who is not born yet', () => {
      const watching = { kind: 'watches', to: porch };
      applyAll(
        opened(),
        birth('lamp/hall', { index: { links: [watching, { kind: 'likes', to: porch }] } }),
        birth('lamp/attic', { index: { links: [watching, watching] } }),
      );
      expect(opened().read.links(porch, 'watches', 'in')).toEqual(refs('lamp/hall', 'lamp/attic'));
      expect(opened().read.links(hall, 'likes', 'out')).toEqual([porch]);
      expect(opened().read.links(porch, 'watches', 'out')).toEqual([]);
      expect(opened().read.links({ machine: 'lamp', id: 'nobody' }, 'watches', 'in')).toEqual([]);
      applyAll(opened(), birth('lamp/porch'));
      expect(
        opened()
          .read.entities({ machine: 'lamp' }, { limit: 9 })
          .items.map((row) => row.ref.id),
      ).toEqual(['hall', 'attic', 'porch']);
    });

    test('are replaced as a whole by a new index, and kept without one', () => {
      applyAll(opened(), birth('lamp/hall', { index: { links: [{ kind: 'watches', to: porch }] } }));
      applyAll(opened(), change('lamp/hall', {}));
      expect(opened().read.links(hall, 'watches', 'out')).toEqual([porch]);
      const attic = { machine: 'lamp', id: 'attic' };
      applyAll(
        opened(),
        change('lamp/hall', { rev: 3, from: 'on', to: 'off', index: { links: [{ kind: 'watches', to: attic }] } }),
      );
      expect(opened().read.links(hall, 'watches', 'out')).toEqual([attic]);
      expect(opened().read.links(porch, 'watches', 'in')).toEqual([]);
    });
  });
}
