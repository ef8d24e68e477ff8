/**
 * Folding a log: the same states again, or the first row where they part.
 */
import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { type Definition, define } from '../../src/core/define.ts';
import { type ReplayRow, replay } from '../../src/core/replay.ts';
import { dehydrate, type Hydrated, leavesOf } from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import type { EngineEvent } from '../../src/core/types.ts';
import { worker } from './machines.ts';

const definition = define(worker);
const entity = { machine: 'worker', id: 'w1' };

/** The log that a birth and these events leave behind, and the last snapshot. */
function record(types: string[]): { rows: ReplayRow[]; snapshot: Hydrated } {
  const rows: ReplayRow[] = [];
  let taken = birth(definition, { note: 'n' }, 100);
  const write = (event: EngineEvent) =>
    rows.push({
      seq: rows.length + 1,
      at: 100 + rows.length,
      entity,
      event,
      after: taken.step.after.join(' '),
      taken: taken.step.taken,
      definition: 1,
      rejected: taken.step.accepted ? null : 'not_accepted',
    });
  write({ type: 'xstate.init', input: { note: 'n' } });
  for (const type of types) {
    taken = take(definition, taken.snapshot, { type }, 100 + rows.length);
    write({ type });
  }
  return { rows, snapshot: taken.snapshot };
}

const known = (row: number): Definition | null => (row === 1 ? definition : null);

describe('replay', () => {
  it('gives the snapshots that were stored, rejected rows passed over', () => {
    const { rows, snapshot } = record(['GO', 'UNKNOWN', 'BEAT', 'FAIL']);
    const result = replay(known, rows);
    expect(result).toMatchObject({ mismatches: [], checked: 4, skipped: 0 });
    const replayed = result.entities.get('worker/w1') as Hydrated;
    expect(dehydrate(definition, replayed)).toBe(dehydrate(definition, snapshot));
    expect(leavesOf(replayed)).toEqual(['coolingDown']);
  });

  it('tells the first row where the machine goes elsewhere, and nothing after it', () => {
    const { rows } = record(['GO', 'BEAT', 'FAIL']);
    const forged = rows.map((row) => (row.seq === 3 ? { ...row, after: 'idle' } : row));
    const result = replay(known, forged);
    expect(result.mismatches).toEqual([{ seq: 3, entity, logged: 'idle', replayed: 'working.running' }]);
    expect(result).toMatchObject({ checked: 3, skipped: 1 });
    expect(result.entities.size).toBe(0);
  });

  it('notices another edge into the same state, an event that is not taken, and a missing birth', () => {
    const { rows } = record(['GO', 'BEAT']);
    const [born, go, beat] = rows as [ReplayRow, ReplayRow, ReplayRow];
    const first = (...altered: ReplayRow[]) => replay(known, altered).mismatches[0];
    expect(first(born, { ...go, taken: ['idle -HURRY-> working'] })).toMatchObject({
      logged: 'idle -HURRY-> working',
      replayed: 'idle -GO-> working',
    });
    expect(first(born, beat)?.replayed).toBe('BEAT is not accepted in idle');
    expect(first(go)?.replayed).toBe('the entity was never born');
  });

  it('skips what it has no definition for, and goes on with the others', () => {
    const { rows } = record(['GO']);
    const other = define(createMachine({ id: 'other', initial: 'a', states: { a: {} } }));
    const alien: ReplayRow = {
      ...(rows[0] as ReplayRow),
      seq: 9,
      entity: { machine: 'other', id: 'o' },
      after: 'a',
      definition: 2,
    };
    expect(replay(known, [...rows, alien])).toMatchObject({ checked: 2, skipped: 1, mismatches: [] });
    expect(replay((row) => (row === 2 ? other : definition), [...rows, alien])).toMatchObject({
      checked: 3,
      skipped: 0,
    });
  });
});
