/**
 * The bar over a timeline: one stretch for each stay in a state, long waits cut short, the place of every step.
 * Places are numbers from 0 to `BAR_WIDTH`, so that the same figures serve the drawing and the slider.
 */
import type { LogLine } from '../../../contract.ts';

export const BAR_WIDTH = 1000;
/** A wait longer than so many typical waits is drawn with this length and a mark. */
const LONG = 6;
/** No stretch is thinner than this share of an equal share, so that quick steps can be seen and hit. */
const THIN = 0.25;

/** A stay in one state, over one or more steps. */
export type Stretch = {
  readonly state: string;
  readonly from: number;
  readonly to: number;
  /** Index of the row that begins it. */
  readonly row: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Places in it where a long wait was cut short. */
  readonly cuts: readonly number[];
};

/** `stops[i]` is the place of row `i`; the last one, after all rows, is now. */
export type Bar = { readonly stretches: readonly Stretch[]; readonly stops: readonly number[]; readonly cut: boolean };

type Timed = Pick<LogLine, 'at' | 'after'>;

/** Rows in order of the log, and the present. An empty timeline has one stop: now. */
export function layBar(rows: readonly Timed[], now: number): Bar {
  const waits = rows.map((row, index) => Math.max(0, (rows[index + 1]?.at ?? Math.max(now, row.at)) - row.at));
  const limit = longest(waits);
  const drawn = waits.map((wait) => Math.min(wait, limit));
  const thin = (drawn.reduce((sum, wait) => sum + wait, 0) / Math.max(1, rows.length)) * THIN;
  const lengths = drawn.map((wait) => Math.max(wait, thin, Number.MIN_VALUE));
  const stops = places(lengths);
  const cuts = rows.flatMap((_, index) => ((waits[index] ?? 0) > limit ? [index] : []));
  return { stops, stretches: stretchesOf(rows, stops, { cuts, now }), cut: cuts.length > 0 };
}

/** Typical is the mean of the waits below the middle: one long night does not make all other steps invisible. */
function longest(waits: readonly number[]): number {
  const sorted = waits.filter((wait) => wait > 0).sort((a, b) => a - b);
  const typical = sorted.slice(0, Math.max(1, Math.ceil(sorted.length / 2)));
  const mean = typical.reduce((sum, wait) => sum + wait, 0) / Math.max(1, typical.length);
  return mean === 0 ? Number.POSITIVE_INFINITY : mean * LONG;
}

function places(lengths: readonly number[]): readonly number[] {
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  if (lengths.length === 0) return [BAR_WIDTH];
  if (whole < 1e-9) return [...lengths, 0].map((_, index) => (index / lengths.length) * BAR_WIDTH);
  let place = 0;
  const starts = lengths.map((length) => {
    const start = place;
    place += (length / whole) * BAR_WIDTH;
    return Math.min(start, BAR_WIDTH);
  });
  return [...starts, BAR_WIDTH];
}

type Marks = { readonly cuts: readonly number[]; readonly now: number };

function stretchesOf(rows: readonly Timed[], stops: readonly number[], { cuts, now }: Marks): readonly Stretch[] {
  const cutAt = new Set(cuts);
  const out: { -readonly [Key in keyof Stretch]: Stretch[Key] }[] = [];
  for (const [index, { at, after }] of rows.entries()) {
    const [from = 0, to = BAR_WIDTH] = [stops[index], stops[index + 1]];
    const endedAt = rows[index + 1]?.at ?? Math.max(now, at);
    const middle = cutAt.has(index) ? [(from + to) / 2] : [];
    const last = out.at(-1);
    if (last?.state === after) Object.assign(last, { to, endedAt, cuts: [...last.cuts, ...middle] });
    else out.push({ state: after, from, to, row: index, startedAt: at, endedAt, cuts: middle });
  }
  return out;
}

/** The stop nearest to a place; the number of rows means now. */
export function nearestStop(stops: readonly number[], place: number): number {
  let best = 0;
  for (const [index, stop] of stops.entries()) {
    if (Math.abs(stop - place) <= Math.abs((stops[best] ?? 0) - place)) best = index;
  }
  return best;
}
