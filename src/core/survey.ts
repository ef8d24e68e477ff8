/**
 * Reads a machine's tree once: ids for its states and edges, its chart, and the tables that make a step cheap.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { type Chart, type ChartEdge, type ChartNode, rootId } from './chart.ts';
import {
  actionLabel,
  type BuiltIn,
  builtInOf,
  guardLabel,
  isOutgoing,
  type Reference,
  triggerLabel,
} from './labels.ts';
import type { EdgeId, StateId } from './types.ts';

/** What a step wants to know of one state without asking XState. */
export type StatePlan = {
  readonly id: StateId;
  readonly leaf: boolean;
  readonly root: boolean;
  /** True when its entry may ask for effects, or it invokes: leaving it supersedes them. */
  readonly hasWork: boolean;
  readonly invokes: boolean;
  /** Outside events with a transition here; `blocks`: an empty transition that hides those of the ancestors. */
  readonly accepts: readonly { readonly type: string; readonly blocks: boolean }[];
};

export type Survey = {
  readonly chart: Chart;
  readonly states: ReadonlyMap<AnyStateNode, StatePlan>;
  readonly edges: ReadonlyMap<AnyTransitionDefinition, EdgeId>;
  /** The delay's name by timer id. */
  readonly timers: ReadonlyMap<string, string>;
  /** All names of delays that the machine uses or declares. */
  readonly delays: ReadonlySet<string>;
  /** Every event type, or pattern such as `effect.start.*`, that some state has a transition on. */
  readonly hears: ReadonlySet<string>;
};

/** An empty transition (`EVENT: {}`): it forbids the event and does nothing. */
export function isInert(transition: AnyTransitionDefinition): boolean {
  return transition.target === undefined && transition.actions.length === 0 && !transition.reenter;
}

/** All nodes below and with this one, in document order. */
export function* walk(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  for (const child of Object.values(node.states) as AnyStateNode[]) yield* walk(child);
}

/** All transitions of one node: on events, on delays, always. */
export function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

const ids = new WeakMap<AnyStateNode, StateId>();

export function stateIdOf(node: AnyStateNode): StateId {
  const known = ids.get(node);
  if (known !== undefined) return known;
  const id = node.parent === undefined ? rootId : node.path.join('.');
  ids.set(node, id);
  return id;
}

export function surveyMachine(machine: AnyStateMachine): Survey {
  const nodes = [...walk(machine.root)];
  const { chartEdges, edges } = readEdges(nodes);
  const timers = readTimers(nodes);
  const named = Object.keys(machine.implementations.delays ?? {});
  return {
    chart: { machine: machine.id, nodes: nodes.map(readNode), edges: chartEdges },
    states: new Map(nodes.map((node) => [node, planOf(node)])),
    edges,
    timers,
    delays: new Set([...timers.values(), ...named]),
    hears: new Set(nodes.flatMap((node) => [...node.transitions.keys()])),
  };
}

function readNode(node: AnyStateNode): ChartNode {
  const parent = node.parent as AnyStateNode | undefined;
  return {
    id: stateIdOf(node),
    kind: node.type,
    ...(node.description === undefined ? {} : { description: node.description }),
    parent: parent === undefined ? null : stateIdOf(parent),
    ...(node.type === 'compound' && node.initial.target[0] ? { initial: stateIdOf(node.initial.target[0]) } : {}),
    ...(node.type === 'history' ? { history: node.history || 'shallow' } : {}),
    entry: labelsOf([...(node.config.entry ? toList(node.config.entry) : []), ...initialActions(node)]),
    exit: labelsOf(toList(node.config.exit)),
    invokes: node.invoke.map((invoke) => ({ id: invoke.id, src: String(invoke.src) })),
    tags: node.tags,
  };
}

function initialActions(node: AnyStateNode): Reference[] {
  return node.type === 'compound' ? (node.initial.actions as Reference[]) : [];
}

/** Actions as the author listed them: one or many. */
export function toList(actions: unknown): Reference[] {
  if (actions === undefined) return [];
  return (Array.isArray(actions) ? actions : [actions]) as Reference[];
}

function labelsOf(actions: readonly Reference[]): string[] {
  return actions.map(actionLabel).filter((label) => label !== null);
}

function planOf(node: AnyStateNode): StatePlan {
  const entry = [...toList(node.config.entry), ...initialActions(node)];
  return {
    id: stateIdOf(node),
    leaf: Object.keys(node.states).length === 0 && node.type !== 'history',
    root: node.parent === undefined,
    hasWork: node.invoke.length > 0 || entry.some((action) => mayAsk(node, action)),
    invokes: node.invoke.length > 0,
    accepts: [...node.transitions]
      .filter(([type]) => !isOwnType(type))
      .map(([type, list]) => ({
        type,
        blocks: list.every(isInert) && list.some((transition) => transition.guard === undefined),
      })),
  };
}

/** True for an action that can end in an effect: a custom one, or a list that is only known when it runs. */
function mayAsk(node: AnyStateNode, action: Reference): boolean {
  return isOutgoing(node.machine, action) || builtInOf(node.machine, action)?.type === 'xstate.enqueueActions';
}

function isOwnType(type: string): boolean {
  return type.startsWith('xstate.') || type.startsWith('effect.');
}

function readEdges(nodes: readonly AnyStateNode[]) {
  const edges = new Map<AnyTransitionDefinition, EdgeId>();
  const chartEdges: ChartEdge[] = [];
  const used = new Map<EdgeId, number>();
  for (const node of nodes) {
    for (const transition of transitionsOf(node)) {
      if (isInert(transition)) continue;
      const edge = readEdge(node, transition);
      const times = (used.get(edge.id) ?? 0) + 1;
      used.set(edge.id, times);
      const id = times === 1 ? edge.id : `${edge.id}#${times}`;
      edges.set(transition, id);
      chartEdges.push({ ...edge, id });
    }
  }
  return { edges, chartEdges };
}

function readEdge(node: AnyStateNode, transition: AnyTransitionDefinition): ChartEdge {
  const source = stateIdOf(node);
  const targets = ((transition.target ?? []) as AnyStateNode[]).map(stateIdOf);
  const guard = guardLabel(transition.guard as Reference | undefined);
  const delay = delayOf(transition);
  const event = triggerLabel(transition.eventType, delay);
  const actions = transition.actions as Reference[];
  return {
    id: `${source} -${event}${guard === undefined ? '' : `[${guard}]`}-> ${targets.join(',') || source}`,
    source,
    target: targets[0] ?? null,
    targets,
    event,
    eventType: transition.eventType === '' ? null : transition.eventType,
    ...(guard === undefined ? {} : { guard }),
    ...(delay === undefined ? {} : { delay }),
    actions: labelsOf(actions),
    outgoing: labelsOf(actions.filter((action) => isOutgoing(node.machine, action))),
    reenter: transition.reenter,
  };
}

/** Delayed transitions carry the name of their delay, or its number. */
function delayOf(transition: AnyTransitionDefinition): string | undefined {
  return 'delay' in transition ? String(transition.delay) : undefined;
}

function readTimers(nodes: readonly AnyStateNode[]): Map<string, string> {
  const timers = new Map<string, string>();
  for (const node of nodes) {
    const actions = [
      ...node.entry,
      ...node.exit,
      ...initialActions(node),
      ...transitionsOf(node).flatMap((t) => t.actions),
    ];
    for (const action of actions as Reference[]) {
      const raise = builtInOf(node.machine, action);
      if (raise?.type !== 'xstate.raise' || typeof raise.id !== 'string') continue;
      timers.set(raise.id, delayName(raise));
    }
  }
  return timers;
}

function delayName(raise: BuiltIn): string {
  if (typeof raise.delay === 'string' || typeof raise.delay === 'number') return String(raise.delay);
  return String(raise.id);
}
