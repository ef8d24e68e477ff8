/**
 * Figures of the log of the store in memory: rows that are alike, counted as SQLite's GROUP BY does.
 */
import { checkedLimit } from '../keys.ts';
import type { LogFigure, LogRow, Reads } from '../port.ts';

type Range = Parameters<Reads['logFigures']>[0];

export function logFigures(log: readonly LogRow[], { above, below, spanMs }: Range): readonly LogFigure[] {
  const first = below - 1 - checkedLimit(below - 1 - above);
  const figures = new Map<string, LogFigure>();
  for (const row of log.slice(Math.max(0, first), below - 1)) {
    const { before, after, by } = row;
    const isRejected = row.rejected !== null;
    const at = Math.floor(row.at / spanMs) * spanMs;
    const alike = { at, machine: row.entity.machine, type: row.event.type, by, isRejected, before, after };
    const key = JSON.stringify(alike);
    const known = figures.get(key) ?? { ...alike, count: 0, caused: 0, afterCauseMs: 0 };
    const cause = row.cause === null ? undefined : log[row.cause - 1];
    figures.set(key, {
      ...{ ...known, count: known.count + 1, caused: known.caused + (cause ? 1 : 0) },
      afterCauseMs: known.afterCauseMs + (cause ? row.at - cause.at : 0),
    });
  }
  return [...figures.values()];
}
