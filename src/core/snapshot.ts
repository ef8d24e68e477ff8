/**
 * Snapshots as text and back, and what can be asked of one without stepping it.
 */
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import type { Definition } from './define.ts';
import { assert, Bug, coerceError } from './errors.ts';
import { type StatePlan, stateIdOf } from './survey.ts';
import type { JsonObject, JsonValue, StateId } from './types.ts';
import { nodesOf, partsOf, type StoredParts } from './xstate.ts';

declare const hydrated: unique symbol;
/** A snapshot that can be stepped. Opaque and immutable; it may be kept and stepped from more than once. */
export type Hydrated = { readonly [hydrated]: true };

/** The XState snapshot inside. For `src/core` alone. */
export function unwrap(snapshot: Hydrated): AnyMachineSnapshot {
  return snapshot as unknown as AnyMachineSnapshot;
}

/** For `src/core` alone. */
export function wrap(snapshot: AnyMachineSnapshot): Hydrated {
  return snapshot as unknown as Hydrated;
}

/**
 * The snapshot that {@link dehydrate} wrote.
 * @throws Bug when the text is no snapshot or names a state that the machine has not: the entity is to be quarantined.
 */
export function hydrate(definition: Definition, json: string): Hydrated {
  try {
    const parts: unknown = JSON.parse(json);
    assert(isParts(parts), 'it is not an object with status, value and context');
    return wrap(definition.stepper.restore(withDefaults(definition, parts)));
  } catch (thrown) {
    const why = coerceError(thrown).message;
    throw new Bug(`a stored snapshot does not fit machine '${definition.name}' (${definition.hash}): ${why}`, {
      cause: thrown,
    });
  }
}

/** What an earlier version of the machine wrote has the fields that came later. */
function withDefaults({ options: { defaults } }: Definition, parts: StoredParts): StoredParts {
  const context = parts.context as JsonObject;
  const missing = Object.entries(defaults ?? {}).filter(([field]) => !(field in context));
  return missing.length === 0 ? parts : { ...parts, context: { ...context, ...Object.fromEntries(missing) } };
}

function isParts(parts: unknown): parts is StoredParts {
  if (typeof parts !== 'object' || parts === null || !('value' in parts) || !('context' in parts)) return false;
  if (typeof parts.context !== 'object' || parts.context === null) return false;
  return 'status' in parts && ['active', 'done', 'error'].includes(String(parts.status));
}

/** The snapshot as JSON text: status, value, context, remembered history, output or error. */
export function dehydrate(_definition: Definition, snapshot: Hydrated): string {
  return JSON.stringify(partsOf(unwrap(snapshot)));
}

/** The machine's context. Not a copy: do not write to it. */
export function contextOf(snapshot: Hydrated): JsonObject {
  return unwrap(snapshot).context;
}

/** The state value as XState gives it: `'idle'`, `{ working: 'running' }`. */
export function stateValueOf(snapshot: Hydrated): JsonValue {
  return unwrap(snapshot).value as JsonValue;
}

/** `active` until a final state of the machine is reached (`done`) or an unhandled invoke fails (`error`). */
export function statusOf(snapshot: Hydrated): 'active' | 'done' | 'error' {
  return unwrap(snapshot).status as 'active' | 'done' | 'error';
}

/** What the machine gave as its output when it ended; null before, and without one. */
export function outputOf(snapshot: Hydrated): JsonValue {
  return (unwrap(snapshot).output as JsonValue | undefined) ?? null;
}

/** The active leaf states in document order. */
export function leavesOf(snapshot: Hydrated): StateId[] {
  const leaves: StateId[] = [];
  for (const node of nodesOf(unwrap(snapshot))) if (isLeaf(node)) leaves.push(stateIdOf(node));
  return leaves;
}

function isLeaf(node: AnyStateNode): boolean {
  return node.type === 'atomic' || node.type === 'final';
}

/** True when some state of the machine has a transition on that type of event; patterns (`effect.start.*`) count. */
export function hears(definition: Definition, type: string): boolean {
  const { hears: known } = definition.survey;
  if (known.has(type)) return true;
  for (let dot = type.lastIndexOf('.'); dot > 0; dot = type.lastIndexOf('.', dot - 1)) {
    if (known.has(`${type.slice(0, dot)}.*`)) return true;
  }
  return false;
}

/**
 * The types of outside events with a transition from the active states, sorted. Guards are not looked at, so an event
 * of this list may still be refused. Types that begin with `xstate.` or `effect.` are left out.
 */
export function acceptedEvents(definition: Definition, snapshot: Hydrated): readonly string[] {
  if (statusOf(snapshot) !== 'active') return [];
  const types = new Set<string>();
  for (const leaf of nodesOf(unwrap(snapshot)).filter(isLeaf)) {
    const blocked = new Set<string>();
    for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
      const plan = definition.survey.states.get(node) as StatePlan;
      for (const { type, blocks } of plan.accepts) {
        if (blocks) blocked.add(type);
        else if (!blocked.has(type)) types.add(type);
      }
    }
  }
  return [...types].sort();
}
