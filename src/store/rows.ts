/**
 * The shape of each row as SQLite returns it, and its way to the port's types.
 */
import type { EngineEvent, EntityRef, JsonObject, JsonValue } from '../core/types.ts';
import { effectKey } from './keys.ts';
import type { EffectRow, EffectStatus, EntityRow, LogRow, RecordRow, TimerRow } from './port.ts';

export type EntityColumns = {
  readonly key: number;
  readonly machine: string;
  readonly id: string;
  readonly born: number;
  readonly definition: number;
  readonly status: EntityRow['status'];
  readonly rev: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly scope: string | null;
  readonly rank: number;
  readonly labels: string | null;
  readonly state: string;
  readonly snapshot: string;
};

/** What of an entity's row a write must know. */
export type LivingColumns = Pick<
  EntityColumns,
  'key' | 'born' | 'definition' | 'status' | 'state' | 'scope' | 'rank' | 'labels'
>;

export type TimerColumns = {
  readonly key: number;
  readonly machine: string;
  readonly entityId: string;
  readonly id: string;
  readonly name: string;
  readonly dueAt: number;
  readonly leaseUntil: number | null;
  readonly delayMs: number;
  readonly liveness: number;
  readonly event: string | null;
  readonly setSeq: number;
};

export type EffectColumns = {
  readonly machine: string;
  readonly id: string;
  readonly seq: number;
  readonly index: number;
  readonly type: string;
  readonly params: string;
  readonly scope: string | null;
  readonly status: EffectStatus;
  readonly attempt: number;
  readonly dueAt: number;
  readonly note: string | null;
};

export type LogColumns = {
  readonly seq: number;
  readonly at: number;
  readonly machine: string;
  readonly id: string;
  readonly type: string;
  readonly event: string | null;
  readonly by: string;
  readonly cause: number | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly taken: string | null;
  readonly definition: number;
  readonly rejected: string | null;
  readonly reason: string | null;
};

export type RecordColumns = {
  readonly key: number;
  readonly kind: string;
  readonly id: string;
  readonly at: number;
  readonly seq: number;
  readonly body: string;
};

export function entityRow(row: EntityColumns): EntityRow {
  return {
    ref: { machine: row.machine, id: row.id },
    definition: row.definition,
    status: row.status,
    state: row.state,
    snapshot: row.snapshot,
    rev: row.rev,
    scope: row.scope,
    rank: row.rank,
    labels: parseLabels(row.labels),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    createdSeq: row.born,
  };
}

export function timerRow(row: TimerColumns): TimerRow {
  return {
    entity: { machine: row.machine, id: row.entityId },
    id: row.id,
    name: row.name,
    dueAt: row.dueAt,
    leaseUntil: row.leaseUntil,
    delayMs: row.delayMs,
    liveness: row.liveness === 1,
    event: row.event === null ? { type: row.id } : (JSON.parse(row.event) as EngineEvent),
    setSeq: row.setSeq,
  };
}

export function effectRow(row: EffectColumns): EffectRow {
  const entity: EntityRef = { machine: row.machine, id: row.id };
  return {
    key: effectKey(entity, row),
    entity,
    seq: row.seq,
    type: row.type,
    params: JSON.parse(row.params) as JsonValue,
    scope: row.scope,
    status: row.status,
    attempt: row.attempt,
    dueAt: row.dueAt,
    note: row.note,
  };
}

export function logRow(row: LogColumns): LogRow {
  const before = row.before ?? '';
  return {
    seq: row.seq,
    at: row.at,
    entity: { machine: row.machine, id: row.id },
    event: { type: row.type, ...(row.event === null ? {} : (JSON.parse(row.event) as JsonObject)) },
    by: row.by,
    cause: row.cause,
    before,
    after: row.after ?? before,
    taken: row.taken === null ? [] : (JSON.parse(row.taken) as string[]),
    definition: row.definition,
    rejected: row.rejected,
    ...(row.reason !== null && { reason: row.reason }),
  };
}

export function recordRow(row: RecordColumns): RecordRow {
  return { kind: row.kind, id: row.id, at: row.at, seq: row.seq, body: JSON.parse(row.body) as JsonObject };
}

/** JSON of the event without its type; null when the type says it all. */
export function eventBody(event: EngineEvent): string | null {
  if (isTypeAlone(event)) return null;
  const { type: _type, ...body } = event;
  const text = JSON.stringify(body);
  return text === '{}' ? null : text;
}

/** JSON of a timer's event; null when it says no more than the timer's id, as all `after` timers do. */
export function timerEvent(id: string, event: EngineEvent): string | null {
  return event.type === id && isTypeAlone(event) ? null : JSON.stringify(event);
}

function isTypeAlone(event: EngineEvent): boolean {
  for (const key in event) if (key !== 'type') return false;
  return true;
}

export function labelsText(labels: readonly string[]): string | null {
  return labels.length === 0 ? null : JSON.stringify(labels);
}

export function parseLabels(text: string | null): readonly string[] {
  return text === null ? [] : (JSON.parse(text) as string[]);
}
