/**
 * The pure step: one event at one instant, and all that follows from it as data. Nothing is run here.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { Definition } from './define.ts';
import { assert } from './errors.ts';
import { findNonJson } from './json.ts';
import { Recording } from './recording.ts';
import { type Hydrated, leavesOf, unwrap, wrap } from './snapshot.ts';
import type { EngineEvent, EpochMs, JsonValue, StateId, Step } from './types.ts';
import { nodesOf } from './xstate.ts';

export type Taken = { readonly step: Step; readonly snapshot: Hydrated };

/**
 * The first step of an entity: `before` is empty, all active states are entered.
 * The context's factory gets `input`; entry actions see the event `xstate.init` with `input` and `at`.
 * @throws whatever the machine throws; Bug when the context is not JSON.
 */
export function birth(definition: Definition, input: JsonValue, at: EpochMs): Taken {
  const recording = new Recording(definition);
  const next = definition.stepper.first(input, at, recording);
  const lost = findNonJson(next.context, 'context');
  assert(
    lost === null,
    `machine '${definition.name}' was born with a context that is not JSON: ${lost}; store plain values`,
  );
  checkEnd(definition, next);
  const after = leavesOf(wrap(next));
  return { step: recording.step({ before: [], after, next, changed: true }), snapshot: wrap(next) };
}

/**
 * Takes one event. The machine sees it with `at`, engine time. Pure: the same arguments give the same result.
 * Not accepted: nothing was enabled, and `snapshot` is `before` itself. An ended machine accepts nothing.
 * @throws whatever guards and actions throw; Bug when the new context, or what an action asks for, is not JSON.
 */
export function take(definition: Definition, before: Hydrated, event: EngineEvent, at: EpochMs): Taken {
  const previous = definition.stepper.own(unwrap(before));
  const leaves = leavesOf(before);
  if (previous.status !== 'active' || isOwnSignal(event.type)) return notAccepted(before, leaves);

  const recording = new Recording(definition);
  const next = definition.stepper.next(previous, { ...event, at }, recording);
  const stays = nodesOf(next) === nodesOf(previous);
  const contextChanged = checkContext(definition, previous.context, next.context);
  const ended = next.status !== previous.status;
  if (!recording.moved && !ended) return notAccepted(before, leaves);

  if (ended) checkEnd(definition, next);
  const changed = !stays || contextChanged || ended || next.historyValue !== previous.historyValue;
  const snapshot = changed ? wrap(next) : before;
  const after = stays ? leaves : leavesOf(snapshot);
  return { step: recording.step({ before: leaves, after, previous, next, changed }), snapshot };
}

/** Events by which XState drives its own actors: they mean nothing to a stored machine. */
function isOwnSignal(type: string): boolean {
  return type === '*' || type === 'xstate.init' || type === 'xstate.stop';
}

const nothing: readonly never[] = [];
const noTimers = { set: nothing, cancel: nothing };

function notAccepted(before: Hydrated, leaves: readonly StateId[]): Taken {
  const step: Step = {
    accepted: false,
    changed: false,
    before: leaves,
    after: leaves,
    left: nothing,
    entered: nothing,
    taken: nothing,
    status: unwrap(before).status as Step['status'],
    timers: noTimers,
    extend: nothing,
    effects: nothing,
    supersede: nothing,
    sends: nothing,
    records: nothing,
  };
  return { step, snapshot: before };
}

/** True when a property changed. Only what changed is looked at, so that the check costs what the change does. */
function checkContext(
  definition: Definition,
  previous: Record<string, unknown>,
  next: Record<string, unknown>,
): boolean {
  if (previous === next) return false;
  let changed = false;
  for (const key of Object.keys(next)) {
    const value = next[key];
    if (Object.is(value, previous[key])) continue;
    changed = true;
    const lost = value === undefined ? null : findNonJson(value, `context.${key}`);
    assert(lost === null, `machine '${definition.name}' assigned what is not JSON: ${lost}; store plain values`);
  }
  return changed;
}

function checkEnd(definition: Definition, next: AnyMachineSnapshot): void {
  const lost = findNonJson(next.output ?? null, 'output') ?? findNonJson(next.error ?? null, 'error');
  assert(lost === null, `machine '${definition.name}' ended with what is not JSON: ${lost}; give plain values`);
}
