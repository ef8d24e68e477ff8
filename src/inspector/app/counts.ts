/**
 * How many entities stand in each state, kept true between two fetches by the rows of the live stream. Pure: a fold.
 * Counts are exact; `oldestSince` is exact after a fetch and a lower bound between two.
 */
import type { LogLine, StateCount } from '../contract.ts';

export type Place = { readonly count: number; readonly oldestSince: number };
/** By leaf state. */
export type Places = ReadonlyMap<string, Place>;
export type MachineCounts = {
  /** The position of the log that the places are true at. */
  readonly seq: number;
  readonly places: Places;
};

/** What a row of the log says about counts. */
export type Move = Pick<LogLine, 'seq' | 'at' | 'before' | 'after'>;

export function placesOf(counts: readonly StateCount[]): Places {
  return new Map(counts.map(({ state, count, oldestSince }) => [state, { count, oldestSince }]));
}

const leaves = (state: string) => (state === '' ? [] : state.split(' '));

/** The counts after a row. A row that they contain already changes nothing. */
export function afterMove(counts: MachineCounts, move: Move): MachineCounts {
  if (move.seq <= counts.seq) return counts;
  const left = leaves(move.before).filter((state) => !leaves(move.after).includes(state));
  const entered = leaves(move.after).filter((state) => !leaves(move.before).includes(state));
  if (left.length === 0 && entered.length === 0) return { seq: move.seq, places: counts.places };
  const places = new Map(counts.places);
  for (const state of left) leave(places, state);
  for (const state of entered) {
    const place = places.get(state);
    places.set(state, { count: (place?.count ?? 0) + 1, oldestSince: place?.oldestSince ?? move.at });
  }
  return { seq: move.seq, places };
}

/** The counts before a row: for looking back. Takes rows from the newest down. */
export function beforeMove(counts: MachineCounts, move: Move): MachineCounts {
  const swapped = { ...move, before: move.after, after: move.before, seq: counts.seq + 1 };
  return { seq: move.seq - 1, places: afterMove(counts, swapped).places };
}

function leave(places: Map<string, Place>, state: string): void {
  const place = places.get(state);
  if (place === undefined) return;
  if (place.count <= 1) places.delete(state);
  else places.set(state, { ...place, count: place.count - 1 });
}

/** Sum over a state and all that is inside it.. */
export function countWithin(places: Places, state: string): number {
  let sum = 0;
  for (const [leaf, { count }] of places) if (leaf === state || leaf.startsWith(`${state}.`)) sum += count;
  return sum;
}

/** Since when the oldest entity stands in a state or inside it; null: nobody does. */
export function oldestWithin(places: Places, state: string): number | null {
  let oldest: number | null = null;
  for (const [leaf, place] of places) {
    if (leaf !== state && !leaf.startsWith(`${state}.`)) continue;
    oldest = oldest === null ? place.oldestSince : Math.min(oldest, place.oldestSince);
  }
  return oldest;
}
