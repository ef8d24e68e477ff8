/** Pages of the log, in either direction, whose cursor is the position of the last row. */
import type { Context } from 'hono';
import type { Seq } from '../core/types.ts';
import { logWindow } from '../store/keys.ts';
import type { LogFilter, LogRow } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import { headOf, logRowView, page } from './views.ts';

type Query = {
  readonly filter: LogFilter;
  readonly range: { readonly from?: Seq; readonly limit: number; readonly order: 'asc' | 'desc' };
};

export function answerLog(context: Context, town: Town, query: Query): Response {
  const head = headOf(town);
  const rows = town.log(query.filter, query.range);
  const next = nextOf(rows, query, head);
  return page(context, { items: rows.map(logRowView), next: next === null ? null : String(next) }, 'from');
}

/** A filter that no index serves looks at a window of the log only: an unfilled page may have rows behind it. */
function nextOf(rows: readonly LogRow[], { filter, range }: Query, head: Seq): Seq | null {
  const { from, limit, order } = range;
  if (rows.length === limit) return rows[rows.length - 1]?.seq ?? null;
  const isWindowed = !filter.entity && (filter.machine !== undefined || filter.type !== undefined);
  if (!isWindowed) return null;
  if (order === 'asc') {
    const edge = (from ?? 0) + logWindow;
    return edge < head ? edge : null;
  }
  const edge = Math.min(from ?? head + 1, head + 1) - logWindow;
  return edge > 1 ? edge : null;
}
