/**
 * Moving in time: which row of a timeline is looked at, and which one it is compared with.
 * A position is a place in the log, not an index, so that rows loaded above do not move it. Null is live.
 */
import type { LogLine } from '../../../contract.ts';

export type Travel = {
  readonly at: number | null;
  /** The other end of a comparison; null: none. */
  readonly compare: number | null;
};
export type Move = 'back' | 'forward' | 'first' | 'last' | 'live' | 'failure';

export const LIVE: Travel = { at: null, compare: null };

type Row = Pick<LogLine, 'seq' | 'rejected' | 'tone'>;

export const isFailure = ({ rejected, tone }: Row): boolean => rejected !== null || tone === 'danger';

/** The key that makes each move; `Shift` with one of the first four keeps the place where it began for comparing. */
export const MOVE_KEYS: Readonly<Record<string, Move>> = {
  ArrowLeft: 'back',
  ArrowRight: 'forward',
  Home: 'first',
  End: 'last',
  L: 'live',
  '.': 'failure',
};

/** Index of the row looked at; the number of rows when live. A place between rows stands on the row before it. */
export function indexOf(rows: readonly Row[], at: number | null): number {
  if (at === null) return rows.length;
  const found = rows.findLastIndex(({ seq }) => seq <= at);
  return Math.max(0, found);
}

/** Where a move begins. */
type From = { readonly rows: readonly Row[]; readonly travel: Travel };

/** Where a move leads. `keep` keeps where it began as the other end of a comparison. */
export function moved(from: From, move: Move, keep = false): Travel {
  const { rows, travel } = from;
  if (rows.length === 0 || move === 'live') return LIVE;
  const here = indexOf(rows, travel.at);
  return arrived(from, target(rows, here, move), keep);
}

/** Goes to a row by its index; the number of rows means live. */
export function arrived({ rows, travel }: From, index: number, keep = false): Travel {
  const seq = rows[Math.max(0, index)]?.seq ?? null;
  if (!keep) return { at: seq, compare: null };
  const anchor = travel.compare ?? travel.at ?? rows.at(-1)?.seq ?? null;
  return { at: seq, compare: anchor === seq ? null : anchor };
}

function target(rows: readonly Row[], here: number, move: Exclude<Move, 'live'>): number {
  if (move === 'first') return 0;
  if (move === 'last') return rows.length - 1;
  if (move === 'forward') return Math.min(rows.length, here + 1);
  if (move === 'back') return Math.max(0, here - 1);
  const next = rows.findIndex((row, index) => index > here && isFailure(row));
  const first = rows.findIndex(isFailure);
  return next >= 0 ? next : first >= 0 ? first : here;
}
