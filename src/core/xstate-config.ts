/**
 * A definition as config JSON for XState's own `createMachine`: what tools of XState read. Guards, actions and delays
 * are there by name; whoever runs the machine provides them.
 */
import type { AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { rootId } from './chart.ts';
import type { Definition } from './define.ts';
import { actionLabel, guardLabel, type Reference } from './labels.ts';
import { stateIdOf, toList } from './survey.ts';
import type { JsonObject, JsonValue } from './types.ts';

/** What an action without a name of its own (an inline `assign`) is called. */
export const inlineAction = 'inline';

/** `createMachine(xstateConfig(definition))` has the states, transitions, initial states and delays of the original. */
export function xstateConfig({ machine }: Pick<Definition, 'machine'>): JsonObject {
  return { id: machine.id, ...stateConfig(machine.root) };
}

function stateConfig(node: AnyStateNode): JsonObject {
  const states = Object.entries(node.states).map(([key, child]) => [key, stateConfig(child as AnyStateNode)]);
  return {
    ...(node.description === undefined ? {} : { description: node.description }),
    ...(node.type === 'parallel' || node.type === 'final' ? { type: node.type } : {}),
    ...(node.type === 'history' ? historyConfig(node) : {}),
    ...(node.tags.length === 0 ? {} : { tags: [...node.tags] }),
    ...named('entry', toList(node.config.entry)),
    ...named('exit', toList(node.config.exit)),
    ...invokeConfig(node),
    ...(node.type === 'compound' ? { initial: initialConfig(node) } : {}),
    ...transitionsConfig(node),
    ...(states.length === 0 ? {} : { states: Object.fromEntries(states) as JsonObject }),
  };
}

function historyConfig(node: AnyStateNode): JsonObject {
  const target = typeof node.config.target === 'string' ? node.config.target : undefined;
  const history = node.history === 'deep' ? 'deep' : 'shallow';
  return { type: 'history', history, ...(target === undefined ? {} : { target }) };
}

function initialConfig(node: AnyStateNode): JsonValue {
  const [target] = node.initial.target as AnyStateNode[];
  const actions = named('actions', node.initial.actions as Reference[]);
  const key = target === undefined ? '' : target.path.slice(node.path.length).join('.');
  return Object.keys(actions).length === 0 ? key : { target: key, ...actions };
}

/** Transitions by what sets them off; those that forbid an event are `{}`, as the author wrote them. */
function transitionsConfig(node: AnyStateNode): JsonObject {
  const on: Record<string, JsonValue[]> = {};
  const after: Record<string, JsonValue[]> = {};
  let onDone: JsonValue[] = [];
  for (const [type, transitions] of node.transitions) {
    for (const transition of transitions) {
      const config = transitionConfig(transition, node);
      if (type.startsWith('xstate.done.actor.') || type.startsWith('xstate.error.actor.')) continue;
      if (type.startsWith('xstate.done.state.')) onDone = [...onDone, config];
      else if ('delay' in transition) append(after, String(transition.delay), config);
      else append(on, type, config);
    }
  }
  const always = (node.always ?? []).map((transition) => transitionConfig(transition, node));
  return {
    ...(Object.keys(on).length === 0 ? {} : { on }),
    ...(Object.keys(after).length === 0 ? {} : { after }),
    ...(always.length === 0 ? {} : { always }),
    ...(onDone.length === 0 ? {} : { onDone }),
  };
}

function append(lists: Record<string, JsonValue[]>, name: string, config: JsonValue): void {
  lists[name] = [...(lists[name] ?? []), config];
}

function transitionConfig(transition: AnyTransitionDefinition, node: AnyStateNode): JsonObject {
  const targets = ((transition.target ?? []) as AnyStateNode[]).map((target) => {
    const id = stateIdOf(target);
    return id === rootId ? `#${node.machine.id}` : `#${node.machine.id}.${id}`;
  });
  const guard = guardLabel(transition.guard as Reference | undefined);
  return {
    ...(targets.length === 0 ? {} : { target: targets.length === 1 ? (targets[0] ?? '') : targets }),
    ...(guard === undefined ? {} : { guard }),
    ...named('actions', transition.actions as Reference[]),
    ...(transition.reenter ? { reenter: true } : {}),
  };
}

function invokeConfig(node: AnyStateNode): JsonObject {
  if (node.invoke.length === 0) return {};
  const invoke = node.invoke.map(({ id, src }) => {
    const listOf = (type: string) => (node.transitions.get(type) ?? []).map((found) => transitionConfig(found, node));
    const onDone = listOf(`xstate.done.actor.${id}`);
    const onError = listOf(`xstate.error.actor.${id}`);
    return {
      id,
      src: String(src),
      ...(onDone.length === 0 ? {} : { onDone }),
      ...(onError.length === 0 ? {} : { onError }),
    };
  });
  return { invoke };
}

/** Under this key, the names of actions. Without any, a transition that stays would forbid its event instead. */
function named(key: string, actions: readonly Reference[]): JsonObject {
  return actions.length === 0 ? {} : { [key]: actions.map((action) => actionLabel(action) ?? inlineAction) };
}
