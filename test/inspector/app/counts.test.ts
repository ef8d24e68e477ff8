/** Counts that are kept by deltas are those that a fetch would tell, forwards and backwards. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterMove,
  beforeMove,
  countWithin,
  type MachineCounts,
  type Move,
  oldestWithin,
} from '../../../src/inspector/app/counts.ts';

const leaves = ['open.ready', 'open.held', 'running', 'closed', 'a.x b.y', 'a.x b.z'];

/** A history of entities that are born and move; each row's `before` is where its entity stood. */
const histories = fc
  .array(fc.record({ entity: fc.nat(5), to: fc.constantFrom(...leaves) }), { maxLength: 60 })
  .map((steps) => {
    const where = new Map<number, string>();
    return steps.map(({ entity, to }, index): Move => {
      const before = where.get(entity) ?? '';
      where.set(entity, to);
      return { seq: index + 1, at: 1000 + index, before, after: to };
    });
  });

/** What a fetch after `rows` would tell, counted from where everybody stands. */
function fetched(rows: readonly Move[], entities: readonly number[]): ReadonlyMap<string, number> {
  const where = new Map<number, string>();
  for (const [index, row] of rows.entries()) where.set(entities[index] ?? 0, row.after);
  const counts = new Map<string, number>();
  for (const state of where.values()) {
    for (const leaf of state.split(' ')) counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
  }
  return counts;
}

/** Which entity each row is of, found again from the rows: the one that stood in `before`. */
function entitiesOf(rows: readonly Move[]): number[] {
  const where = new Map<number, string>();
  return rows.map((row) => {
    const known = [...where].find(([, state]) => state === row.before)?.[0];
    const entity = row.before === '' || known === undefined ? where.size : known;
    where.set(entity, row.after);
    return entity;
  });
}

const empty: MachineCounts = { seq: 0, places: new Map() };
const plain = ({ places }: MachineCounts) => new Map([...places].map(([state, { count }]) => [state, count]));

describe('counts', () => {
  it('after the deltas of a history they are what a fetch tells', () => {
    fc.assert(
      fc.property(histories, fc.nat(60), (rows, at) => {
        const entities = entitiesOf(rows);
        const start = rows.slice(0, at).reduce(afterMove, empty);
        expect(plain(start)).toEqual(fetched(rows.slice(0, at), entities));
        expect(plain(rows.slice(at).reduce(afterMove, start))).toEqual(fetched(rows, entities));
      }),
    );
  });

  it('a row that they contain already changes nothing, so an overlap does no harm', () => {
    fc.assert(
      fc.property(histories, fc.nat(60), fc.nat(60), (rows, at, overlap) => {
        const start = rows.slice(0, at).reduce(afterMove, empty);
        const again = rows.slice(Math.max(0, at - overlap)).reduce(afterMove, start);
        expect(plain(again)).toEqual(plain(rows.reduce(afterMove, empty)));
      }),
    );
  });

  it('undone row by row they are what they were', () => {
    fc.assert(
      fc.property(histories, fc.nat(60), (rows, at) => {
        const end = rows.reduce(afterMove, empty);
        const back = rows.slice(at).reduceRight(beforeMove, end);
        expect(plain(back)).toEqual(plain(rows.slice(0, at).reduce(afterMove, empty)));
      }),
    );
  });

  it('sum up over what is inside a state, and not over what only begins like it', () => {
    const places = new Map([
      ['open.ready', { count: 3, oldestSince: 50 }],
      ['open.held', { count: 1, oldestSince: 20 }],
      ['openAgain', { count: 7, oldestSince: 1 }],
    ]);
    expect(countWithin(places, 'open')).toBe(4);
    expect(oldestWithin(places, 'open')).toBe(20);
    expect(oldestWithin(places, 'closed')).toBeNull();
  });
});
