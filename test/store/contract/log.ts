/**
 * Contract: the log, records, series and meta.
 */
import { describe, expect, test } from 'vitest';
import { Refused } from '../../../src/core/errors.ts';
import type { LogFilter } from '../../../src/store/port.ts';
import { applyAll, birth, change, note, refs } from '../building.ts';
import type { Opened } from '../contract.ts';

const hall = { machine: 'lamp', id: 'hall' };

export function logContract(opened: Opened): void {
  const seqs = (filter: LogFilter, order: 'asc' | 'desc' = 'asc', range: { from?: number; limit?: number } = {}) =>
    opened()
      .read.log(filter, { limit: 99, order, ...range })
      .map((row) => row.seq);

  describe('the log', () => {
    test('a row comes back whole', () => {
      const row = note('lamp/hall', {
        event: { type: 'PRESS', force: 3, deep: { list: [null, 'a'] } },
        by: 'agent/toast#7',
        before: 'off',
        after: 'on.dim on.red',
        taken: ['off -PRESS[isDark]-> on', 'on.dim -> on.red'],
      });
      opened().commit((tx) => [
        tx.note(row),
        tx.note({ ...row, cause: 1, rejected: 'too dark', after: 'off', taken: [] }),
        tx.note({ ...row, reason: 'the guests come' }),
      ]);
      expect(opened().read.log({}, { limit: 9, order: 'asc' })).toEqual([
        { seq: 1, ...row },
        { seq: 2, ...row, cause: 1, rejected: 'too dark', after: 'off', taken: [] },
        { seq: 3, ...row, reason: 'the guests come' },
      ]);
    });

    test('states that are empty stay empty', () => {
      const empties = [
        { before: '', after: '' },
        { before: '', after: 'on' },
        { before: 'on', after: '' },
      ];
      opened().commit((tx) => {
        for (const states of empties) tx.note(note('lamp/hall', states));
      });
      expect(opened().read.log({}, { limit: 9, order: 'asc' })).toMatchObject(empties);
    });

    test('rows that are alike are counted by spans of time, with how long after their causes they came', () => {
      const beat = note('lamp/hall', { at: 10, event: { type: 'BEAT' }, before: 'on', after: 'on', by: 'timer' });
      opened().commit((tx) => [
        tx.note(beat),
        tx.note({ ...beat, at: 19, entity: { machine: 'lamp', id: 'porch' } }),
        tx.note({ ...beat, at: 25, cause: 1 }),
        tx.note({ ...beat, at: 29, cause: 2, rejected: 'no' }),
        tx.note({ ...beat, at: 29, cause: 3, after: 'off' }),
      ]);
      const figures = (above: number, below: number) =>
        [...opened().read.logFigures({ above, below, spanMs: 10 })].sort((a, b) => a.at - b.at || a.caused - b.caused);
      const alike = { machine: 'lamp', type: 'BEAT', by: 'timer', isRejected: false, before: 'on', after: 'on' };
      expect(figures(0, 4)).toEqual([
        { ...alike, at: 10, count: 2, caused: 0, afterCauseMs: 0 },
        { ...alike, at: 20, count: 1, caused: 1, afterCauseMs: 15 },
      ]);
      expect(figures(3, 6)).toHaveLength(2);
      const rejected = { ...alike, at: 20, isRejected: true, count: 1, caused: 1, afterCauseMs: 10 };
      expect(figures(3, 6)).toContainEqual(rejected);
      expect(figures(4, 99)).toEqual([{ ...alike, at: 20, after: 'off', count: 1, caused: 1, afterCauseMs: 4 }]);
      expect(figures(5, 7)).toEqual([]);
      expect(() => opened().read.logFigures({ above: 0, below: 200_000, spanMs: 10 })).toThrow(Refused);
    });

    test('tells of who was never born, and keeps it for their birth', () => {
      opened().commit((tx) => [tx.note(note('lamp/hall', { rejected: 'who?' })), tx.apply(birth('lamp/hall'))]);
      expect(seqs({ entity: hall })).toEqual([1, 2]);
      expect(opened().read.entity(hall)?.createdSeq).toBe(2);
    });

    test('is read in both directions, from outside of a given row', () => {
      opened().commit((tx) => {
        for (let n = 0; n < 5; n++) tx.note(note(n % 2 ? 'lamp/porch' : 'lamp/hall'));
      });
      expect(seqs({})).toEqual([1, 2, 3, 4, 5]);
      expect(seqs({}, 'desc')).toEqual([5, 4, 3, 2, 1]);
      expect(seqs({}, 'asc', { from: 3 })).toEqual([4, 5]);
      expect(seqs({}, 'desc', { from: 3 })).toEqual([2, 1]);
      expect(seqs({}, 'asc', { limit: 2 })).toEqual([1, 2]);
      expect(seqs({}, 'desc', { from: 99, limit: 2 })).toEqual([5, 4]);
      expect(seqs({ entity: hall }, 'asc', { from: 1 })).toEqual([3, 5]);
      expect(seqs({ entity: hall }, 'desc', { from: 5, limit: 1 })).toEqual([3]);
      expect(seqs({}, 'asc', { from: 5 })).toEqual([]);
    });

    test('is filtered by entity, machine, type and rejection, alone or together', () => {
      opened().commit((tx) => {
        tx.note(note('lamp/hall', { event: { type: 'PRESS' } }));
        tx.note(note('fan/roof', { event: { type: 'PRESS' }, rejected: 'locked' }));
        tx.note(note('lamp/hall', { event: { type: 'BREAK' }, rejected: 'too soft' }));
        tx.note(note('lamp/porch', { event: { type: 'BREAK' } }));
      });
      expect(seqs({ machine: 'lamp' })).toEqual([1, 3, 4]);
      expect(seqs({ type: 'PRESS' }, 'desc')).toEqual([2, 1]);
      expect(seqs({ rejected: true })).toEqual([2, 3]);
      expect(seqs({ rejected: true }, 'desc', { from: 3 })).toEqual([2]);
      expect(seqs({ rejected: false })).toEqual([1, 4]);
      expect(seqs({ entity: hall, rejected: true })).toEqual([3]);
      expect(seqs({ entity: hall, type: 'PRESS' })).toEqual([1]);
      expect(seqs({ machine: 'lamp', type: 'BREAK', rejected: true })).toEqual([3]);
      expect(seqs({ entity: hall, machine: 'fan' })).toEqual([]);
      expect(seqs({ type: 'NEVER' })).toEqual([]);
      expect(seqs({ entity: { machine: 'lamp', id: 'nobody' } })).toEqual([]);
    });

    test('is searched in texts, by sender and by edge, within a window', () => {
      opened().commit((tx) => {
        tx.note(note('lamp/hall', { event: { type: 'PRESS', who: 'Ada' }, taken: ['off -PRESS-> on', 'on -> dim'] }));
        tx.note(note('lamp/attic', { by: 'operator:Ada', rejected: 'Too Dark' }));
        tx.note(note('lamp/porch', { reason: 'for the guests', after: 'on.dim', taken: ['on -> dim'] }));
        tx.note(note('fan/roof', { event: { type: 'SPIN' } }));
      });
      expect(seqs({ text: 'ada' })).toEqual([1]);
      expect(seqs({ by: 'ada' })).toEqual([2]);
      expect(seqs({ text: 'too dark' })).toEqual([2]);
      expect(seqs({ text: 'GUESTS' })).toEqual([3]);
      expect(seqs({ text: 'on.dim' }, 'desc')).toEqual([3]);
      expect(seqs({ text: 'attic' })).toEqual([2]);
      expect(seqs({ taken: 'on -> dim' }, 'desc')).toEqual([3, 1]);
      expect(seqs({ taken: 'on -> di' })).toEqual([]);
      const window = (order: 'asc' | 'desc', from?: number) =>
        opened().read.log({ machine: 'lamp' }, { limit: 9, order, window: 2, ...(from !== undefined && { from }) });
      expect(window('desc').map(({ seq }) => seq)).toEqual([3]);
      expect(window('asc', 1).map(({ seq }) => seq)).toEqual([2, 3]);
    });

    test('tells what a row caused, and how much came before', () => {
      opened().commit((tx) => {
        tx.note(note('lamp/hall'));
        tx.note(note('lamp/porch', { cause: 1 }));
        tx.note(note('lamp/hall', { cause: 2 }));
        tx.note(note('fan/roof', { cause: 1 }));
      });
      const caused = (seq: number, limit = 9) =>
        opened()
          .read.caused(seq, limit)
          .map((row) => row.seq);
      expect([caused(1), caused(1, 1), caused(3)]).toEqual([[2, 4], [2], []]);
      const { read } = opened();
      expect([read.logCount(hall, 3, 9), read.logCount(hall, 9, 9), read.logCount(hall, 9, 1)]).toEqual([1, 2, 1]);
      expect(read.logCount({ machine: 'lamp', id: 'nobody' }, 9, 9)).toBe(0);
    });

    test('a row that was written does not change with its writer', () => {
      const event = { type: 'PRESS', list: [1] };
      opened().commit((tx) => tx.note(note('lamp/hall', { event })));
      event.list.push(2);
      expect(opened().read.log({}, { limit: 1, order: 'asc' })[0]?.event).toEqual({ type: 'PRESS', list: [1] });
    });

    test('a change numbers its row, inside its commit too', () => {
      const seen = opened().commit((tx) => {
        const first = tx.apply(birth('lamp/hall'));
        return [first, tx.lastSeq(), tx.log({ entity: hall }, { limit: 9, order: 'asc' }).length];
      });
      expect(seen).toEqual([1, 1, 1]);
    });
  });

  describe('records', () => {
    const tried = (id: string, body: Record<string, number>, about = ['lamp/hall']) => ({
      kind: 'try',
      id,
      about: refs(...about),
      body,
    });
    const ids = (query: { about?: typeof hall; id?: string; order?: 'asc' | 'desc'; limit?: number }) =>
      opened()
        .read.records({ kind: 'try', limit: 99, ...query })
        .map((row) => row.id);

    test('the same id merges into the row that is there', () => {
      applyAll(opened(), birth('lamp/hall', { at: 10, records: [tried('t1', { n: 1, volts: 5 })] }));
      applyAll(opened(), change('lamp/hall', { at: 20, records: [tried('t1', { n: 2, amps: 3 }, ['fan/roof'])] }));
      const merged = { kind: 'try', id: 't1', at: 20, seq: 2, body: { n: 2, volts: 5, amps: 3 } };
      expect(opened().read.records({ kind: 'try', limit: 9 })).toEqual([merged]);
      expect(opened().read.records({ kind: 'try', about: hall, limit: 9 })).toEqual([merged]);
      expect(ids({ about: { machine: 'fan', id: 'roof' } })).toEqual([]);
    });

    test('are found by id, by whom they are about, in order of their first writing', () => {
      applyAll(
        opened(),
        birth('lamp/hall', {
          records: [tried('b', { n: 1 }), tried('a', { n: 1 }, ['lamp/hall', 'fan/roof', 'fan/roof'])],
        }),
        change('lamp/hall', { records: [tried('c', { n: 1 }, ['fan/roof']), tried('b', { n: 2 })] }),
      );
      expect(ids({})).toEqual(['b', 'a', 'c']);
      expect(ids({ order: 'desc', limit: 2 })).toEqual(['c', 'a']);
      expect(ids({ about: hall })).toEqual(['b', 'a']);
      expect(ids({ about: { machine: 'fan', id: 'roof' }, order: 'desc' })).toEqual(['c', 'a']);
      expect(ids({ id: 'c' })).toEqual(['c']);
      expect(ids({ id: 'c', about: hall })).toEqual([]);
      expect(ids({ about: { machine: 'lamp', id: 'nobody' } })).toEqual([]);
      expect(opened().read.records({ kind: 'other', limit: 9 })).toEqual([]);
    });
  });

  describe('series and meta', () => {
    test('a series counts up by itself', () => {
      expect(opened().commit((tx) => [tx.next('a'), tx.next('a'), tx.next('b')])).toEqual([1, 2, 1]);
      expect(opened().commit((tx) => tx.next('a'))).toBe(3);
    });

    test('meta holds JSON by name, the last one counts', () => {
      expect(opened().read.meta('policy')).toBeNull();
      opened().commit((tx) => [tx.setMeta('policy', { a: [1] }), tx.setMeta('policy', { a: [2] })]);
      expect(opened().read.meta('policy')).toEqual({ a: [2] });
    });

    test('the owner of the store is in meta', () => {
      expect(opened().read.meta('boot')).toEqual({ id: 'a'.repeat(16), pid: process.pid, at: 1_000 });
    });

    test('a list is bounded: no limit, no list', () => {
      expect(() => opened().read.log({}, { limit: 0, order: 'asc' })).toThrow(Refused);
      expect(() => opened().read.timersDue(1, -1)).toThrow(Refused);
      expect(() => opened().read.queue({ machine: 'lamp', state: 'off', limit: Number.NaN })).toThrow(Refused);
    });
  });
}
