/**
 * Looks through the log for what no index serves, from the newest row down, in steps between which the process does its
 * work. A search that finds little stops early and says how far it looked.
 */
import type { Seq } from '../../core/types.ts';
import type { LogFilter, LogRow } from '../../store/port.ts';
import type { Inspection } from './inspection.ts';

/** Positions of one step: some milliseconds. */
const STEP = 4_000;
/** Positions that one question looks at. */
const LOOK_MAX = 20_000;

export type Found = {
  readonly rows: readonly LogRow[];
  /** Every row from here on was looked at. */
  readonly lookedBackTo: Seq;
};

/** The newest rows below `before` that the filter wants, at most `limit`. */
export async function scan(
  inspection: Inspection,
  filter: LogFilter,
  { before, limit }: { before?: Seq | undefined; limit: number },
): Promise<Found> {
  const { reads } = inspection.source;
  const head = reads.lastSeq();
  const top = Math.min(before ?? head + 1, head + 1);
  const rows: LogRow[] = [];
  let from = top;
  while (from > 1 && top - from < LOOK_MAX) {
    const found = reads.log(filter, { from, limit: limit - rows.length, order: 'desc', window: STEP });
    rows.push(...found);
    if (rows.length >= limit) return { rows, lookedBackTo: rows.at(-1)?.seq ?? from };
    from = Math.max(1, from - STEP);
    await inspection.pause();
  }
  return { rows, lookedBackTo: from };
}
