/** The log as people look through it: pages from the newest row down, what caused what, and everything as a file. */
import { Refused } from '../../core/errors.ts';
import { type EpochMs, parseRef, type Seq } from '../../core/types.ts';
import { isScan } from '../../store/keys.ts';
import type { LogFilter, LogRow } from '../../store/port.ts';
import type { CauseTree, LogQuery, LogView } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { logLine } from './log-line.ts';
import { scan } from './scan.ts';

const PAGE = 100;
const FILE_PAGE = 500;
const TREE_ROWS_MAX = 500;
const TREE_DEPTH_MAX = 40;
const CHILDREN_MAX = 100;

export function filterOf({ machine, entity, event, by, text, rejected }: LogQuery): LogFilter {
  return {
    ...(machine && { machine }),
    ...(entity && { entity: parseRef(entity) }),
    ...(event && { type: event }),
    ...(by && { by }),
    ...(text && { text }),
    ...(rejected !== undefined && { rejected }),
  };
}

export async function logView(inspection: Inspection, query: LogQuery, before?: Seq): Promise<LogView> {
  const filter = filterOf(query);
  const below = before ?? (query.until === undefined ? undefined : positionAfter(inspection, query.until));
  const { rows, lookedBackTo } = isScan(filter)
    ? await scan(inspection, filter, { before: below, limit: PAGE })
    : indexed(inspection, filter, below);
  const isFull = rows.length === PAGE;
  const next = isFull ? (rows.at(-1)?.seq ?? null) : lookedBackTo > 1 ? lookedBackTo : null;
  const items = rows.map((row) => logLine(inspection, row));
  return { ...inspection.stamp(), lines: { items, next: next === null ? null : String(next) }, lookedBackTo };
}

/** The position after the last row of a time: rows stand in order of time, so halving finds it in twenty reads. */
function positionAfter({ source: { reads } }: Inspection, until: EpochMs): Seq {
  let [low, high] = [1, reads.lastSeq() + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = reads.log({}, { from: middle - 1, limit: 1, order: 'asc' })[0];
    if (row && row.at <= until) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A page that an index serves has looked at everything when it is not full. */
function indexed({ source }: Inspection, filter: LogFilter, before: Seq | undefined) {
  const range = { limit: PAGE, order: 'desc' as const, ...(before !== undefined && { from: before }) };
  const rows = source.reads.log(filter, range);
  return { rows, lookedBackTo: rows.length === PAGE ? (rows.at(-1)?.seq ?? 1) : 1 };
}

/** What a row set off. Refused `not_found` for a position that the log has not. */
export function causeTree(inspection: Inspection, seq: Seq): CauseTree {
  const { reads } = inspection.source;
  const row = reads.log({}, { from: seq - 1, limit: 1, order: 'asc' })[0];
  if (!row || row.seq !== seq) throw new Refused('not_found', `the log has no row ${seq}`, { seq });
  let left = TREE_ROWS_MAX;
  const grow = (of: LogRow, depth: number): CauseTree => {
    const children = depth < TREE_DEPTH_MAX && left > 0 ? reads.caused(of.seq, CHILDREN_MAX) : [];
    left -= children.length;
    return { row: logLine(inspection, of), children: children.map((child) => grow(child, depth + 1)) };
  };
  return grow(row, 0);
}

/** The rows that the filter wants, oldest first, as lines of JSON, a page at a time, without what is secret. */
export async function* logFile(inspection: Inspection, query: LogQuery): AsyncGenerator<string> {
  const { reads } = inspection.source;
  const filter = filterOf(query);
  const end = query.until === undefined ? reads.lastSeq() : positionAfter(inspection, query.until) - 1;
  for (let from = 0; from < end; ) {
    const rows = reads.log(filter, { from, limit: FILE_PAGE, order: 'asc', window: FILE_PAGE });
    const lines = rows.filter(({ seq }) => seq <= end).map((row) => `${JSON.stringify(logLine(inspection, row))}\n`);
    if (lines.length > 0) yield lines.join('');
    from += FILE_PAGE;
    await inspection.pause();
  }
}
