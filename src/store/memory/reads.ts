/**
 * Reads of the store in memory: the same rows in the same order as SQLite gives, by walking maps.
 */
import type { EntityRef, StateId } from '../../core/types.ts';
import {
  checkedLimit,
  covers,
  cursorParts,
  isEffectKey,
  isScan,
  logWindow,
  paged,
  parseEffectKey,
  splitStates,
} from '../keys.ts';
import type {
  EffectRow,
  EntityFilter,
  EntityRow,
  LogFilter,
  LogRange,
  LogRow,
  Reads,
  RecordRow,
  TimerRow,
} from '../port.ts';
import { logFigures } from './figures.ts';
import type { StoredEffect, StoredRecord, StoredTimer, Tables } from './tables.ts';

/** Compares by the first part that differs. */
function order(...parts: readonly number[]): number {
  return parts.find((part) => part !== 0) ?? 0;
}

function textOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** All reads on these tables. */
export function memoryReads(tables: Tables): Reads {
  return { ...entityReads(tables), ...timerReads(tables), ...effectReads(tables), ...logReads(tables) };
}

type EntityReads = 'entity' | 'entities' | 'queue' | 'census' | 'stays' | 'places' | 'links';

function entityReads(tables: Tables): Pick<Reads, EntityReads> {
  return {
    entity: (ref) => tables.entityOf(ref) ?? null,
    entities: (filter, page) => {
      const limit = checkedLimit(page.limit);
      const [after] = cursorParts(page.after, [0]);
      const rows = tables
        .births(filter.machine)
        .items.map((key) => tables.entities.get(key) as EntityRow)
        .filter((row) => row.createdSeq > after && matches(row, filter));
      return paged(rows, limit, { item: (row) => row, cursor: (row) => [row.createdSeq] });
    },
    queue: ({ machine, state, scope, limit }) => {
      const waiting = [...tables.placesIn(machine, state).values()];
      return waiting
        .filter((place) => scope === undefined || place.scope === scope)
        .sort((a, b) => order(a.rank - b.rank, a.sinceSeq - b.sinceSeq))
        .slice(0, checkedLimit(limit))
        .map((place) => tables.nameOf(place.entity));
    },
    census: (machine) => census(tables, machine),
    stays: ({ machine, state }, page) => {
      const limit = checkedLimit(page.limit);
      const [after] = cursorParts(page.after, [0]);
      const rows = [...tables.placesIn(machine, state).values()]
        .map(({ entity, sinceAt }) => ({
          ref: tables.nameOf(entity),
          sinceAt,
          born: tables.entities.get(entity)?.createdSeq ?? 0,
        }))
        .filter(({ born }) => born > after)
        .sort((a, b) => a.born - b.born);
      return paged(rows, limit, { item: ({ ref, sinceAt }) => ({ ref, sinceAt }), cursor: ({ born }) => [born] });
    },
    places: (ref) => {
      const key = tables.keyOf(ref);
      const row = tables.entityOf(ref);
      if (key === undefined || !row) return [];
      return splitStates(row.state).flatMap((state) => {
        const place = tables.placesIn(ref.machine, state).get(key);
        return place ? [{ state, sinceAt: place.sinceAt, sinceSeq: place.sinceSeq }] : [];
      });
    },
    links: (ref, kind, direction) => linked(tables, ref, { kind, direction }),
  };
}

function matches(row: EntityRow, { state, scope, label }: EntityFilter): boolean {
  if (scope !== undefined && row.scope !== scope) return false;
  if (label !== undefined && !row.labels.includes(label)) return false;
  return state === undefined || splitStates(row.state).some((leaf) => covers(state, leaf));
}

function census(tables: Tables, machine: string | undefined): ReturnType<Reads['census']> {
  const counted: { machine: string; state: StateId; count: number; oldestSince: number }[] = [];
  for (const [leaf, places] of tables.leaves()) {
    const slash = leaf.indexOf('/');
    const row = { machine: leaf.slice(0, slash), state: leaf.slice(slash + 1) };
    if (places.size === 0 || (machine !== undefined && row.machine !== machine)) continue;
    let oldestSince = Number.POSITIVE_INFINITY;
    for (const place of places.values()) oldestSince = Math.min(oldestSince, place.sinceAt);
    counted.push({ ...row, count: places.size, oldestSince });
  }
  return counted.sort((a, b) => order(textOrder(a.machine, b.machine), textOrder(a.state, b.state)));
}

function linked(
  tables: Tables,
  ref: EntityRef,
  { kind, direction }: { kind: string; direction: 'in' | 'out' },
): readonly EntityRef[] {
  const key = tables.keyOf(ref);
  if (key === undefined) return [];
  const inward = direction === 'in';
  return [...(inward ? tables.linksIn(key) : tables.linksOut(key)).values()]
    .filter((link) => link.kind === kind)
    .map((link) => (inward ? link.source : link.target))
    .sort((a, b) => a - b)
    .map((other) => tables.nameOf(other));
}

function timerReads(tables: Tables): Pick<Reads, 'timers' | 'timersDue' | 'timerCount' | 'nextDueAt'> {
  return {
    timers: ({ entity }, page) => {
      const limit = checkedLimit(page.limit);
      if (entity) {
        const [afterId] = cursorParts(page.after, ['']);
        const key = tables.keyOf(entity);
        const timers = key === undefined ? [] : [...tables.timersOf(key).values()];
        const rows = timers.filter((row) => row.id > afterId).sort((a, b) => textOrder(a.id, b.id));
        return paged(rows, limit, { item: timerRow, cursor: (row) => [row.id] });
      }
      const [dueAt, owner, id] = cursorParts(page.after, [Number.MIN_SAFE_INTEGER, 0, '']);
      const rows = [...tables.allTimers()].filter((row) => byDue(row, { dueAt, owner, id }) > 0).sort(byDue);
      return paged(rows, limit, { item: timerRow, cursor: (row) => [row.dueAt, row.owner, row.id] });
    },
    timersDue: (now, limit) => {
      const due: StoredTimer[] = [];
      for (const timer of tables.allTimers()) if (timer.dueAt <= now) due.push(timer);
      return due.sort(byDue).slice(0, checkedLimit(limit)).map(timerRow);
    },
    timerCount: (from, to) => {
      let count = 0;
      for (const { dueAt } of tables.allTimers()) if (dueAt >= from && dueAt < to) count += 1;
      return count;
    },
    nextDueAt: (effectsAfter = Number.NEGATIVE_INFINITY) => {
      let next = Number.POSITIVE_INFINITY;
      for (const timer of tables.allTimers()) next = Math.min(next, timer.dueAt);
      for (const { status, dueAt } of liveEffects(tables)) {
        if (status === 'pending' && dueAt > effectsAfter) next = Math.min(next, dueAt);
      }
      return next === Number.POSITIVE_INFINITY ? null : next;
    },
  };
}

type TimerOrder = Pick<StoredTimer, 'dueAt' | 'owner' | 'id'>;

function byDue(a: TimerOrder, b: TimerOrder): number {
  return order(a.dueAt - b.dueAt, a.owner - b.owner, textOrder(a.id, b.id));
}

function timerRow({ owner: _owner, ...row }: StoredTimer): TimerRow {
  return row;
}

function* liveEffects(tables: Tables): IterableIterator<StoredEffect> {
  for (const [position] of tables.live.entries()) {
    const effect = tables.effects.get(position);
    if (effect) yield effect;
  }
}

type EffectOrder = Pick<StoredEffect, 'dueAt' | 'seq' | 'index'>;

function made(a: EffectOrder, b: EffectOrder): number {
  return order(a.seq - b.seq, a.index - b.index);
}

function effectReads(tables: Tables): Pick<Reads, 'effect' | 'effectCount' | 'effects' | 'effectsDue'> {
  const dueOrder = (a: EffectOrder, b: EffectOrder) => order(a.dueAt - b.dueAt, made(a, b));
  return {
    effect: (key) => {
      if (!isEffectKey(key)) return null;
      const { seq, index } = parseEffectKey(key);
      const row = tables.effects.get(`${seq}#${index}`);
      return row?.key === key ? effectRow(row) : null;
    },
    effectCount: (status, dueTo, most) => {
      const counted = [...tables.effects.values()].filter((row) => row.status === status && row.dueAt <= dueTo);
      return Math.min(counted.length, checkedLimit(most));
    },
    effects: ({ entity, status, dueAfter = Number.MIN_SAFE_INTEGER }, page) => {
      const limit = checkedLimit(page.limit);
      const all = (entity ? effectsOf(tables, entity) : [...tables.effects.values()]).filter(
        (row) => status === undefined || row.status === status,
      );
      if (!entity && status) {
        const [dueAt, seq, index] = cursorParts(page.after, [dueAfter, Number.MAX_SAFE_INTEGER, 0]);
        const rows = all.filter((row) => dueOrder(row, { dueAt, seq, index }) > 0).sort(dueOrder);
        return paged(rows, limit, { item: effectRow, cursor: (row) => [row.dueAt, row.seq, row.index] });
      }
      const [seq, index] = cursorParts(page.after, [0, 0]);
      const rows = all.filter((row) => made(row, { dueAt: 0, seq, index }) > 0).sort(made);
      return paged(rows, limit, { item: effectRow, cursor: (row) => [row.seq, row.index] });
    },
    effectsDue: (now, limit) =>
      [...liveEffects(tables)]
        .filter((effect) => effect.status === 'pending' && effect.dueAt <= now)
        .sort(dueOrder)
        .slice(0, checkedLimit(limit))
        .map(effectRow),
  };
}

function effectsOf(tables: Tables, entity: EntityRef): readonly StoredEffect[] {
  const key = tables.keyOf(entity);
  if (key === undefined) return [];
  return tables.outboxOf(key).items.flatMap((position) => tables.effects.get(position) ?? []);
}

function effectRow({ owner: _owner, index: _index, ...row }: StoredEffect): EffectRow {
  return row;
}

type LogReads = Pick<
  Reads,
  'log' | 'logFigures' | 'logCount' | 'caused' | 'lastSeq' | 'seals' | 'records' | 'definition' | 'request' | 'meta'
>;

function logReads(tables: Tables): LogReads {
  return {
    log: (filter, range) => logRows(tables, { filter, ...range }),
    logFigures: (range) => logFigures(tables.log.items, range),
    logCount: (entity, below, most) => {
      const key = tables.keyOf(entity);
      const seqs = key === undefined ? [] : tables.logOf(key).items;
      return Math.min(seqs.filter((seq) => seq < below).length, checkedLimit(most));
    },
    caused: (seq, limit) => tables.log.items.filter(({ cause }) => cause === seq).slice(0, checkedLimit(limit)),
    seals: () => [],
    lastSeq: () => tables.log.items.length,
    records: (query) => recordRows(tables, query),
    definition: (row) => tables.definitions.items[row - 1] ?? null,
    request: (principal, key) => {
      const found = tables.requests.get(JSON.stringify([principal, key]));
      return found ? { hash: found.hash, response: found.response } : null;
    },
    meta: (name) => tables.meta.get(name) ?? null,
  };
}

type LogQuery = LogRange & { readonly filter: LogFilter };

function logRows(tables: Tables, { filter, from, limit, order, ...range }: LogQuery): readonly LogRow[] {
  const most = checkedLimit(limit);
  const { entity } = filter;
  const last = tables.log.items.length;
  const key = entity ? tables.keyOf(entity) : undefined;
  if (entity && key === undefined) return [];
  const window = range.window ?? (isScan(filter) ? logWindow : Number.POSITIVE_INFINITY);
  const up = order === 'asc';
  const start = up ? (from ?? 0) : Math.min(from ?? last + 1, last + 1);
  const inRange = (seq: number) => (up ? seq > start && seq <= start + window : seq < start && seq >= start - window);
  const found: LogRow[] = [];
  for (const seq of key === undefined ? numbers(start, last, up) : numbersOf(tables.logOf(key).items, up)) {
    const row = tables.log.items[seq - 1];
    if (row && inRange(seq) && isWanted(row, filter)) found.push(row);
    if (found.length === most) break;
  }
  return found;
}

function isWanted(row: LogRow, { machine, type, rejected, by, taken, text }: LogFilter): boolean {
  return (
    (machine === undefined || row.entity.machine === machine) &&
    (type === undefined || row.event.type === type) &&
    (rejected === undefined || (row.rejected !== null) === rejected) &&
    (by === undefined || row.by.toLowerCase().includes(by.toLowerCase())) &&
    (taken === undefined || row.taken.includes(taken)) &&
    (text === undefined || textOf(row).includes(text.toLowerCase()))
  );
}

/** What a search in text looks at; states that stay the same are there once. */
function textOf({ entity, event, before, after, reason, rejected }: LogRow): string {
  const { type, ...body } = event;
  const payload = JSON.stringify(body);
  const parts = [entity.id, type, payload === '{}' ? '' : payload, before, after === before ? '' : after];
  return [...parts, reason ?? '', rejected ?? ''].join(' ').toLowerCase();
}

function* numbers(start: number, last: number, up: boolean): IterableIterator<number> {
  if (up) for (let seq = start + 1; seq <= last; seq++) yield seq;
  else for (let seq = start - 1; seq >= 1; seq--) yield seq;
}

function numbersOf(seqs: readonly number[], up: boolean): readonly number[] {
  return up ? seqs : [...seqs].reverse();
}

function recordRows(tables: Tables, query: Parameters<Reads['records']>[0]): readonly RecordRow[] {
  const { kind, about, id, order } = query;
  const limit = checkedLimit(query.limit);
  const key = about ? tables.keyOf(about) : undefined;
  if (about && key === undefined) return [];
  const wanted = (record: StoredRecord | undefined): record is StoredRecord =>
    record?.kind === kind && (key === undefined || record.about.includes(key));
  const recordAt = (position: string) => tables.records.get(position);
  const rows =
    id === undefined
      ? tables.recordOrder.items.map(recordAt).filter(wanted)
      : [recordAt(JSON.stringify([kind, id]))].filter(wanted);
  if (order === 'desc') rows.reverse();
  return rows.slice(0, limit).map(({ kind, id, at, seq, body }) => ({ kind, id, at, seq, body }));
}
