/** Machines with a defect planted in them: the real definition, with one thing taken out, added or answered wrongly. */
import { type AnyStateMachine, assign, createMachine, enqueueActions } from 'xstate';
import { type DefineOptions, type Definition, define } from '../core/define.ts';
import { Bug } from '../core/errors.ts';
import type { JsonObject } from '../core/types.ts';

/** A state of a machine's config, as far as a mutation looks at it. */
export type StateConfig = {
  on?: Record<string, unknown>;
  after?: Record<string, unknown>;
  always?: unknown;
  entry?: unknown;
  states?: Record<string, StateConfig>;
};

export type Mutation = {
  /** Changes the config, which is a copy. `at` finds a state by its path, the root by ''. */
  readonly config?: (at: (path: string) => StateConfig) => void;
  readonly guards?: Readonly<Record<string, () => boolean>>;
  /** Actions that do nothing any more. */
  readonly idle?: readonly string[];
  /** Actions that set fields of the context. */
  readonly sets?: Readonly<Record<string, JsonObject>>;
  /** Findability as it is computed instead. */
  readonly index?: NonNullable<DefineOptions['index']>;
  /** The fence of the definition is open. */
  readonly unfenced?: boolean;
};

export function mutated(
  definition: Definition,
  { config, guards = {}, idle = [], sets = {}, index, unfenced }: Mutation,
): Definition {
  const copy = copied(definition.machine.config) as StateConfig;
  config?.((path) => stateAt(copy, path));
  const made = createMachine(copy as never, definition.machine.implementations as never) as AnyStateMachine;
  const nothing = Object.fromEntries(idle.map((name) => [name, enqueueActions(() => undefined)]));
  const setting = Object.fromEntries(Object.entries(sets).map(([name, fields]) => [name, assign(fields as never)]));
  const { fence, ...kept } = definition.options;
  const options = { ...kept, ...(index && { index }) };
  const machine = made.provide({ guards, actions: { ...nothing, ...setting } } as never) as AnyStateMachine;
  return define(machine, unfenced || !fence ? options : { ...options, fence });
}

/** Plain objects and lists are copied, functions are shared. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]));
}

function stateAt(root: StateConfig, path: string): StateConfig {
  let state = root;
  for (const name of path === '' ? [] : path.split('.')) {
    const next = state.states?.[name];
    if (!next) throw new Bug(`a mutation looks for the state ${path}, and there is no ${name}`);
    state = next;
  }
  return state;
}

/** Takes a transition out; a mutation that finds nothing to take is a fault of the suite. */
export function drop(state: StateConfig, event: string): void {
  for (const part of [state.on, state.after]) {
    if (part && event in part) {
      delete part[event];
      return;
    }
  }
  throw new Bug(`a mutation takes out ${event}, which is not there`);
}

export function put(state: StateConfig, event: string, transition: unknown): void {
  state.on = { ...state.on, [event]: transition };
}

/** The actions of each transition on the event, without one of them. */
export function without(state: StateConfig, event: string, action: string): void {
  const all = [state.on?.[event] ?? state.after?.[event]].flat() as { actions?: unknown }[];
  const found = all.filter((transition) => [transition?.actions].flat().includes(action));
  if (found.length === 0) throw new Bug(`a mutation takes ${action} out of ${event}, which does not have it`);
  for (const transition of found) transition.actions = [transition.actions].flat().filter((name) => name !== action);
}

/** The actions of each transition on the event, and one more before them. */
export function also(state: StateConfig, event: string, action: string): void {
  const all = [state.on?.[event]].flat() as { actions?: unknown }[];
  for (const transition of all) transition.actions = [action, ...[transition.actions ?? []].flat()];
}
