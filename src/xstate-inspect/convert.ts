/** From a config of XState 5 to one of XState 4 that looks the same in a viewer. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Guards, actions and delays stay names: a viewer runs none of them. */
export function toXstate4(config: JsonObject): JsonObject {
  return { ...stateOf(config), id: config.id ?? 'machine', predictableActionArguments: true };
}

function stateOf(config: JsonObject): JsonObject {
  const { on, after, always, onDone, invoke, states, initial, ...same } = config;
  return {
    ...same,
    ...(initial === undefined ? {} : { initial: isObject(initial) ? (initial.target ?? '') : initial }),
    ...(on === undefined ? {} : { on: byKey(on) }),
    ...(after === undefined ? {} : { after: byKey(after) }),
    ...(always === undefined ? {} : { always: transitionsOf(always) }),
    ...(onDone === undefined ? {} : { onDone: transitionsOf(onDone) }),
    ...(invoke === undefined ? {} : { invoke: listOf(invoke).map(invokeOf) }),
    ...(isObject(states) ? { states: mapped(states, (child) => (isObject(child) ? stateOf(child) : {})) } : {}),
  };
}

function byKey(transitions: Json): JsonObject {
  return isObject(transitions) ? mapped(transitions, transitionsOf) : {};
}

function transitionsOf(transitions: Json): Json {
  return listOf(transitions).map(transitionOf);
}

/** XState 5 stays inside unless told to reenter; XState 4 leaves unless told to stay inside. */
function transitionOf(transition: Json): Json {
  if (!isObject(transition)) return transition;
  const { guard, reenter, ...same } = transition;
  return {
    ...same,
    ...(guard === undefined ? {} : { cond: guard }),
    ...(transition.target === undefined ? {} : { internal: reenter !== true }),
  };
}

function invokeOf(invoke: Json): Json {
  if (!isObject(invoke)) return invoke;
  const { onDone, onError, ...same } = invoke;
  return {
    ...same,
    ...(onDone === undefined ? {} : { onDone: transitionsOf(onDone) }),
    ...(onError === undefined ? {} : { onError: transitionsOf(onError) }),
  };
}

function mapped(record: JsonObject, change: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
