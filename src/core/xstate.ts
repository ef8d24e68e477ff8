/**
 * All that relies on how XState 5 works inside. A parity test holds it to the public `transition()`.
 *
 * The public function builds an actor and a whole initial snapshot for each call. Here one inert scope is reused, and
 * the machine is a copy of the author's in which marks, which XState resolves like `assign` and never reports, stand
 * first in every entry and exit list and in every transition, and after every entry list that invokes. So a step tells
 * by itself which edges it took, which states it left and entered, and to which state's entry an action belongs.
 * Invoked actors are taken out of the copy: they are asked for through the mark, and never become children.
 */
import {
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  createActor,
  fromPromise,
} from 'xstate';
import { type StatePlan, type Survey, transitionsOf, walk } from './survey.ts';
import type { EdgeId, EngineEvent, EpochMs, JsonValue } from './types.ts';

/** An action that XState resolved, before anyone ran it. `exec` is the implementation, if there is one. */
export type ResolvedAction = { readonly type: string; readonly params: unknown; readonly exec: unknown };

/** Hears a step while XState computes it, in order. */
export interface Recorder {
  take(edge: EdgeId): void;
  leave(state: StatePlan): void;
  enter(state: StatePlan): void;
  /** The machine has ended: exit actions of the states that stay run now. */
  tearDown(): void;
  invoke(state: StatePlan, invoke: { id: string; src: string; input: unknown }): void;
  act(action: ResolvedAction): void;
}

type MarkArguments = { readonly context: unknown; readonly event: { at?: EpochMs }; readonly self: unknown };
type Mark = (snapshot: AnyMachineSnapshot, args: MarkArguments) => void;

function mark(call: Mark) {
  const resolve = (_scope: unknown, snapshot: AnyMachineSnapshot, args: MarkArguments) => {
    call(snapshot, args);
    return [snapshot, undefined, undefined];
  };
  return Object.assign(() => undefined, { type: 'mark', resolve });
}

/** The author's machine with a bound on its microsteps, as an object of our own. */
export function copyMachine(machine: AnyStateMachine, microstepsMax: number): AnyStateMachine {
  const copy = machine.provide({}) as AnyStateMachine;
  const bound = Math.min(copy.options.maxIterations ?? Number.POSITIVE_INFINITY, microstepsMax);
  copy.options = { ...copy.options, maxIterations: bound };
  return copy;
}

const silent: Recorder = {
  take: () => undefined,
  leave: () => undefined,
  enter: () => undefined,
  tearDown: () => undefined,
  invoke: () => undefined,
  act: () => undefined,
};

/** Steps one machine. Synchronous and not re-entrant: one step at a time tells one recorder. */
export class Stepper {
  private recorder: Recorder = silent;
  private bornAt: EpochMs = 0;
  private readonly scope: AnyActorScope;
  private readonly machine: AnyStateMachine;

  /** `machine` becomes the stepper's own: it is marked. `survey` is that machine's. */
  constructor(machine: AnyStateMachine, survey: Survey) {
    this.machine = machine;
    const self = createActor(fromPromise(async () => undefined));
    this.scope = {
      self,
      id: machine.id,
      sessionId: 'inert',
      system: self.system,
      logger: () => undefined,
      defer: () => undefined,
      emit: () => undefined,
      stopChild: () => undefined,
      actionExecutor: (action: ResolvedAction) => this.recorder.act(action),
    } as unknown as AnyActorScope;
    for (const node of walk(machine.root)) this.markNode(node, survey);
  }

  /** The first snapshot. Entry actions see the init event with `input` and `at`. Throws what the machine throws. */
  first(input: JsonValue, at: EpochMs, recorder: Recorder): AnyMachineSnapshot {
    this.bornAt = at;
    const snapshot = this.record(recorder, () => this.machine.getInitialSnapshot(this.scope, input));
    if (snapshot.status === 'error') throw snapshot.error;
    return snapshot;
  }

  /** The next snapshot; the same object when nothing happened. */
  next(snapshot: AnyMachineSnapshot, event: EngineEvent, recorder: Recorder): AnyMachineSnapshot {
    return this.record(recorder, () => this.machine.transition(snapshot, event, this.scope));
  }

  /** A snapshot from its stored parts. Throws when a state is unknown. */
  restore(parts: StoredParts): AnyMachineSnapshot {
    for (const id of Object.values(parts.history ?? {}).flat()) this.machine.getStateNodeById(`#${id}`);
    const historyValue = Object.fromEntries(
      Object.entries(parts.history ?? {}).map(([id, states]) => [id, states.map((state) => ({ id: state }))]),
    );
    const { status, output, error, value } = parts;
    const persisted = { status, output, error, value, context: {}, historyValue, children: {} };
    const restored = this.machine.restoreSnapshot(persisted as never, this.scope);
    // Set afterwards, so that nothing in the context can be taken for a reference to an actor.
    restored.context = parts.context;
    return inDocumentOrder(restored);
  }

  /** The snapshot as one of this machine: another definition's guards and actions must not act in it. */
  own(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
    return snapshot.machine === this.machine ? snapshot : this.restore(partsOf(snapshot));
  }

  private record(recorder: Recorder, work: () => AnyMachineSnapshot): AnyMachineSnapshot {
    this.recorder = recorder;
    try {
      return inDocumentOrder(work());
    } finally {
      this.recorder = silent;
    }
  }

  private markNode(node: AnyStateNode, survey: Survey): void {
    const plan = survey.states.get(node) as StatePlan;
    const invokes = node.invoke;
    Object.defineProperty(node, 'invoke', { value: [] });
    node.entry.unshift(this.entryMark(plan));
    if (invokes.length > 0) node.entry.push(this.invokeMark(plan, invokes));
    node.exit.unshift(
      mark((snapshot) => (snapshot.status === 'done' ? this.recorder.tearDown() : this.recorder.leave(plan))),
    );
    for (const transition of transitionsOf(node)) {
      const edge = survey.edges.get(transition);
      if (edge !== undefined) transition.actions = [mark(() => this.recorder.take(edge)), ...transition.actions];
    }
  }

  private entryMark(plan: StatePlan) {
    return mark((_snapshot, args) => {
      // The root is entered first and only at birth: the init event learns the time before any entry action sees it.
      if (plan.root && args.event.at === undefined) args.event.at = this.bornAt;
      this.recorder.enter(plan);
    });
  }

  private invokeMark(plan: StatePlan, invokes: AnyStateNode['invoke']) {
    return mark((_snapshot, args) => {
      for (const { id, src, input } of invokes) {
        const resolved: unknown = typeof input === 'function' ? (input as (args: unknown) => unknown)(args) : input;
        this.recorder.invoke(plan, { id, src: String(src), input: resolved });
      }
    });
  }
}

/** What is stored of a snapshot. `history`: ids of the states by id of the history state. */
export type StoredParts = {
  readonly status: 'active' | 'done' | 'error';
  readonly value: unknown;
  readonly context: unknown;
  readonly history?: Readonly<Record<string, readonly string[]>>;
  readonly output?: unknown;
  readonly error?: unknown;
};

/** The parts of a snapshot that are stored: all of it that is not derived from the machine. */
export function partsOf(snapshot: AnyMachineSnapshot): StoredParts {
  const { status, value, context, output, error } = snapshot;
  const history: Record<string, string[]> = {};
  for (const [id, nodes] of Object.entries(snapshot.historyValue))
    history[id] = (nodes as AnyStateNode[]).map((node) => node.id).sort();
  return {
    status: status as StoredParts['status'],
    value,
    context,
    ...(Object.keys(history).length === 0 ? {} : { history }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
}

/** The active nodes in document order. */
export function nodesOf(snapshot: AnyMachineSnapshot): readonly AnyStateNode[] {
  return (snapshot as unknown as { _nodes: readonly AnyStateNode[] })._nodes;
}

/**
 * XState looks for `always` transitions in the order in which its list of active nodes has grown, and a restored list
 * grows differently: without this, a stored snapshot and a cached one could run the actions of parallel regions in
 * different orders.
 */
function inDocumentOrder(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  const nodes = nodesOf(snapshot) as AnyStateNode[];
  for (let index = 1; index < nodes.length; index++) {
    if ((nodes[index - 1]?.order ?? 0) < (nodes[index]?.order ?? 0)) continue;
    nodes.sort((one, other) => one.order - other.order);
    break;
  }
  return snapshot;
}
