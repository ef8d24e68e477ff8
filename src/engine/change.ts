/** The pure result of a step, as one change of the store. */
import type { Definition } from '../core/define.ts';
import { contextOf, dehydrate, type Hydrated } from '../core/snapshot.ts';
import type { EngineEvent, Index, Seq, StateId, Step, TimerSpec } from '../core/types.ts';
import type { Change } from '../store/port.ts';
import type { Entity } from './entity.ts';
import type { Turn } from './turn.ts';

/** The event, who sent it, and what it came from. */
export type Origin = {
  readonly event: EngineEvent;
  readonly by: string;
  readonly cause: Seq | null;
  /** What the person who sent it gave as the reason. */
  readonly reason?: string | undefined;
};

type Parts = {
  /** Null: it is born. */
  readonly before: Entity | null;
  readonly entity: Entity;
  readonly step: Step;
  readonly origin: Origin;
};

export function toChange(turn: Turn, { before, entity, step, origin }: Parts): Change {
  const { definition } = entity.known;
  // A definition that did not write the row writes all of it.
  const ours = before !== null && before.writtenBy === entity.writtenBy;
  const ended = step.status !== 'active';
  return {
    entity: {
      ref: entity.ref,
      rev: entity.rev,
      definition: entity.writtenBy,
      status: step.status,
      state: ours && step.left.length === 0 && !ended ? null : entity.state,
      snapshot: ours && !step.changed ? null : dehydrate(definition, entity.snapshot),
      index: indexChange(before, entity),
    },
    places: leaves(step),
    timers: {
      clear: ended,
      cancel: ended ? [] : step.timers.cancel,
      set: ended ? [] : step.timers.set.map((timer) => arm(turn, timer)),
    },
    effects: step.effects,
    supersede: step.supersede,
    records: step.records,
    log: {
      at: turn.at,
      entity: entity.ref,
      event: origin.event,
      by: origin.by,
      cause: origin.cause,
      before: before?.state ?? '',
      after: entity.state,
      taken: step.taken,
      definition: entity.writtenBy,
      rejected: null,
      ...(origin.reason !== undefined && { reason: origin.reason }),
    },
  };
}

const nowhere: readonly StateId[] = [];

/** Leaves that were left and entered; a re-entered one is in both. */
function leaves({ before, after, left, entered }: Step): Change['places'] {
  if (left.length === 0) return { left: nowhere, entered: before.length === 0 ? after : nowhere };
  return {
    left: before.filter((state) => left.includes(state)),
    entered: after.filter((state) => entered.includes(state)),
  };
}

/** The timer's row. Jitter comes from the engine's dice, so that machines stay pure. */
function arm({ at, shared }: Turn, timer: TimerSpec): Change['timers']['set'][number] {
  const { id, name, liveness, event } = timer;
  const spread = timer.jitter === 0 ? 0 : timer.delayMs * timer.jitter * (2 * shared.env.random() - 1);
  const delayMs = Math.max(0, Math.round(timer.delayMs + spread));
  return { id, name, dueAt: at + delayMs, delayMs, liveness, event };
}

/** The index as text, to notice a change of it; null for a machine without one. */
export function indexText(definition: Definition, snapshot: Hydrated, before: Entity | null): string | null {
  const { index } = definition.options;
  if (!index) return null;
  const context = contextOf(snapshot);
  if (before?.index && contextOf(before.snapshot) === context) return before.index;
  return JSON.stringify(index(context));
}

function indexChange(before: Entity | null, entity: Entity): Index | undefined {
  if (entity.index === null) return undefined;
  const same = before?.writtenBy === entity.writtenBy && indexBefore(before) === entity.index;
  return same ? undefined : (JSON.parse(entity.index) as Index);
}

function indexBefore(before: Entity): string | null {
  return before.index ?? indexText(before.known.definition, before.snapshot, null);
}
