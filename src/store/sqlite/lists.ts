/**
 * Reads of what entities leave behind from SQLite: timers, effects, the log, records, and the few single rows.
 */
import type { JsonValue } from '../../core/types.ts';
import { checkedLimit, cursorParts, isEffectKey, isScan, logWindow, paged, parseEffectKey } from '../keys.ts';
import type { EffectRow, EffectStatus, LogFilter, LogRange, LogRow, Page, Paged, Reads, RecordRow } from '../port.ts';
import { type EffectColumns, effectRow, logRow, recordRow, timerRow } from '../rows.ts';
import type { LogParameters } from '../statements.ts';
import type { Directory, ReadStatements } from './directory.ts';
import { entityReads } from './entities.ts';

const statuses: readonly EffectStatus[] = ['pending', 'inflight', 'done', 'superseded', 'dead'];

/** All reads on prepared statements. */
export function readsOf(read: ReadStatements, directory: Directory): Reads {
  return { ...entityReads(read, directory), ...timerReads(read, directory), ...logReads(read, directory) };
}

type TimerReads = Pick<
  Reads,
  'timers' | 'timersDue' | 'timerCount' | 'effect' | 'effectCount' | 'effects' | 'effectsDue' | 'nextDueAt'
>;
type LogReads = Pick<
  Reads,
  'log' | 'logFigures' | 'logCount' | 'caused' | 'lastSeq' | 'seals' | 'records' | 'definition' | 'request' | 'meta'
>;

function timerReads(read: ReadStatements, directory: Directory): TimerReads {
  return {
    timers: ({ entity }, page) => {
      const limit = checkedLimit(page.limit);
      if (entity) {
        const [afterId] = cursorParts(page.after, ['']);
        const key = directory.keyOf(entity);
        const rows = key === null ? [] : read.timersOfEntity.all(key, afterId, limit + 1);
        return paged(rows, limit, { item: timerRow, cursor: (row) => [row.id] });
      }
      const [dueAt, key, id] = cursorParts(page.after, [Number.MIN_SAFE_INTEGER, 0, '']);
      const rows = read.timersByDue.all(dueAt, key, id, limit + 1);
      return paged(rows, limit, { item: timerRow, cursor: (row) => [row.dueAt, row.key, row.id] });
    },
    timersDue: (now, limit) => read.timersDue.all(now, checkedLimit(limit)).map(timerRow),
    timerCount: (from, to) => read.timerCount.get(from, to)?.count ?? 0,
    effect: (key) => {
      if (!isEffectKey(key)) return null;
      const { entity, seq, index } = parseEffectKey(key);
      const row = read.effect.get(seq, index);
      return row && `${row.machine}/${row.id}` === entity ? effectRow(row) : null;
    },
    effectCount: (status, dueTo, most) => read.effectCount.get(status, dueTo, checkedLimit(most))?.count ?? 0,
    effects: (filter, page) => effectPage(read, directory, { ...filter, page }),
    effectsDue: (now, limit) => read.effectsDue.all(now, checkedLimit(limit)).map(effectRow),
    nextDueAt: (effectsAfter = Number.MIN_SAFE_INTEGER) => {
      const timer = read.nextTimer.get()?.dueAt ?? null;
      const effect = read.nextEffect.get(effectsAfter)?.dueAt ?? null;
      if (timer === null || effect === null) return timer ?? effect;
      return Math.min(timer, effect);
    },
  };
}

function logReads(read: ReadStatements, directory: Directory): LogReads {
  return {
    log: (filter, range) => logRows(read, directory, { filter, ...range }),
    logFigures: ({ above, below, spanMs }) => {
      const parameters = { above: below - 1 - checkedLimit(below - 1 - above), below, span: spanMs };
      return read.logFigures.all(parameters).map(({ isRejected, before, after, ...figure }) => ({
        ...{ ...figure, isRejected: isRejected === 1, before: before ?? '', after: after ?? before ?? '' },
      }));
    },
    logCount: (entity, below, most) => {
      const key = directory.keyOf(entity);
      return key === null ? 0 : (read.logCount.get(key, below, checkedLimit(most))?.count ?? 0);
    },
    caused: (seq, limit) => read.caused.all(seq, checkedLimit(limit)).map(logRow),
    seals: (from, limit) => read.seals.all(from, checkedLimit(limit)),
    lastSeq: () => read.lastSeq.get()?.seq ?? 0,
    records: (query) => recordRows(read, directory, query),
    definition: (row) => {
      const found = read.definition.get(row);
      return found ? { ...found, settings: JSON.parse(found.settings) as JsonValue } : null;
    },
    request: (principal, key) => {
      const found = read.request.get(principal, key);
      return found ? { hash: found.hash, response: JSON.parse(found.response) as JsonValue } : null;
    },
    meta: (name) => {
      const found = read.meta.get(name);
      return found ? (JSON.parse(found.value) as JsonValue) : null;
    },
  };
}

type EffectQuery = Parameters<Reads['effects']>[0] & { readonly page: Page };

/** Of one entity, or of all: in order of making. With a status alone: in order of due time. */
function effectPage(read: ReadStatements, directory: Directory, query: EffectQuery): Paged<EffectRow> {
  const { entity, status, dueAfter = Number.MIN_SAFE_INTEGER, page } = query;
  const limit = checkedLimit(page.limit);
  const made = (row: EffectColumns) => [row.seq, row.index];
  if (!entity && status) {
    const [dueAt, seq, index] = cursorParts(page.after, [dueAfter, Number.MAX_SAFE_INTEGER, 0]);
    const rows = read.effectsByDue.all(status, dueAt, seq, index, limit + 1);
    return paged(rows, limit, { item: effectRow, cursor: (row) => [row.dueAt, row.seq, row.index] });
  }
  const [seq, index] = cursorParts(page.after, [0, 0]);
  if (!entity) return paged(read.effects.all(seq, index, limit + 1), limit, { item: effectRow, cursor: made });
  const key = directory.keyOf(entity);
  if (key === null) return { items: [], next: null };
  const rows = (status ? [status] : statuses)
    .flatMap((one) => read.effectsOfEntity.all(key, one, seq, index, limit + 1))
    .sort((a, b) => a.seq - b.seq || a.index - b.index);
  return paged(rows, limit, { item: effectRow, cursor: made });
}

type LogQuery = LogRange & { readonly filter: LogFilter };

function logRows(read: ReadStatements, directory: Directory, query: LogQuery): readonly LogRow[] {
  const { filter, order } = query;
  const entity = filter.entity ? directory.keyOf(filter.entity) : null;
  const type = filter.type === undefined ? null : directory.wordOf(filter.type);
  if ((filter.entity && entity === null) || (filter.type !== undefined && type === null)) return [];
  const rejected = filter.rejected === undefined ? null : filter.rejected ? 1 : 0;
  const parameters: LogParameters = {
    ...logBounds(read, query),
    entity,
    machine: filter.machine ?? null,
    type,
    rejected,
    by: filter.by?.toLowerCase() ?? null,
    text: filter.text?.toLowerCase() ?? null,
    taken: filter.taken === undefined ? null : JSON.stringify(filter.taken),
    limit: checkedLimit(query.limit),
  };
  const up = order === 'asc';
  if (entity !== null) return (up ? read.logUpOfEntity : read.logDownOfEntity).all(parameters).map(logRow);
  if (rejected === 1) return (up ? read.logUpRejected : read.logDownRejected).all(parameters).map(logRow);
  return (up ? read.logUp : read.logDown).all(parameters).map(logRow);
}

/** Exclusive bounds. A filter that no index serves looks at a bounded window only. */
function logBounds(read: ReadStatements, query: LogQuery): { above: number; below: number } {
  const { filter, from, order } = query;
  const last = read.lastSeq.get()?.seq ?? 0;
  const window = query.window ?? (isScan(filter) ? logWindow : last + 1);
  if (order === 'asc') {
    const above = from ?? 0;
    return { above, below: above + window + 1 };
  }
  const below = Math.min(from ?? last + 1, last + 1);
  return { above: below - window - 1, below };
}

type RecordQuery = Parameters<Reads['records']>[0];

/** In order of their first writing. */
function recordRows(read: ReadStatements, directory: Directory, query: RecordQuery): readonly RecordRow[] {
  const { kind, about, id } = query;
  const limit = checkedLimit(query.limit);
  const key = about ? directory.keyOf(about) : null;
  if (about && key === null) return [];
  if (id !== undefined) {
    const row = read.recordById.get(kind, id);
    if (!row || (key !== null && !read.recordIsAbout.get(key, kind, row.key))) return [];
    return [recordRow(row)];
  }
  const down = query.order === 'desc';
  const rows =
    key === null
      ? (down ? read.recordsDown : read.recordsUp).all(kind, limit)
      : (down ? read.recordsDownAbout : read.recordsUpAbout).all(key, kind, limit);
  return rows.map(recordRow);
}
