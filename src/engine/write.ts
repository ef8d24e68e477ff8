/** Writes what a step wants, in one call of the store, and remembers the entity as it is now. */
import type { Taken } from '../core/step.ts';
import type { EntityRef, Receipt, Seq, Step } from '../core/types.ts';
import { indexText, type Origin, toChange } from './change.ts';
import type { Known } from './definitions.ts';
import type { Entity } from './entity.ts';
import type { Turn } from './turn.ts';

/** A step that is to be written: of an entity that was there before, or of one that is being born. */
export type Writing = { readonly result: Taken; readonly origin: Origin } & (
  | { readonly before: Entity; readonly newborn?: undefined }
  | {
      readonly before?: undefined;
      readonly newborn: { readonly ref: EntityRef; readonly text: string; readonly known: Known };
    }
);

export type Written = { readonly entity: Entity; readonly receipt: Receipt };

export function write(turn: Turn, writing: Writing): Written {
  const { before, result, origin } = writing;
  if (before && isLease(result.step) && before.writtenBy === before.known.row)
    return extendOnly(turn, before, { result, origin });

  const entity = entityAfter(writing);
  const change = toChange(turn, { before: before ?? null, entity, step: result.step, origin });
  const seq = turn.apply(change);
  for (const name of result.step.extend) turn.tx.extend(entity.ref, name, turn.at);
  turn.rows.push({ ...change.log, seq });
  turn.keep(entity, before?.state ?? '');
  if (change.effects.length > 0) turn.wake(turn.at);
  for (const timer of change.timers.set) turn.wake(timer.dueAt);
  return { entity, receipt: { seq, entity: entity.ref, at: turn.at, state: entity.state } };
}

/** True for a step that promises longer life to timers and does nothing else. */
function isLease(step: Step): boolean {
  return (
    step.extend.length > 0 &&
    !step.changed &&
    step.left.length === 0 &&
    step.timers.set.length === 0 &&
    step.timers.cancel.length === 0 &&
    step.effects.length === 0 &&
    step.sends.length === 0 &&
    step.records.length === 0
  );
}

/** A heartbeat costs one update of the timer. It is logged once in a while, to be seen at all. */
function extendOnly(turn: Turn, entity: Entity, { result, origin }: { result: Taken; origin: Origin }): Written {
  for (const name of result.step.extend) turn.tx.extend(entity.ref, name, turn.at);
  const everyMs = entity.known.definition.options.sampleMs ?? turn.shared.limits.leaseSampleMs;
  const written = (seq: Seq): Written => ({
    entity,
    receipt: { seq, entity: entity.ref, at: turn.at, state: entity.state },
  });
  const sampled = { event: origin.event.type, entity: entity.text };
  if (!turn.samples(turn.shared.leases, sampled, everyMs)) return written(turn.tx.lastSeq());

  const { event, by, cause, reason } = origin;
  const states = { before: entity.state, after: entity.state, taken: result.step.taken };
  const row = {
    at: turn.at,
    entity: entity.ref,
    event,
    by,
    cause,
    ...states,
    definition: entity.known.row,
    rejected: null,
    ...(reason !== undefined && { reason }),
  };
  return written(turn.note(row));
}

function entityAfter({ before, newborn, result }: Writing): Entity {
  const { ref, text, known } = before ?? newborn;
  const { step, snapshot } = result;
  const state = before && step.left.length === 0 ? before.state : step.after.join(' ');
  return {
    ref,
    text,
    known,
    writtenBy: known.row,
    snapshot,
    rev: (before?.rev ?? 0) + 1,
    state,
    status: step.status,
    index: indexText(known.definition, snapshot, before ?? null),
  };
}
