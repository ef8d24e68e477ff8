/**
 * Listens to one step and turns what XState did into timers, effects, sends and records.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { Definition } from './define.ts';
import { Bug } from './errors.ts';
import { findNonJson } from './json.ts';
import { reservedActions } from './labels.ts';
import type { StatePlan } from './survey.ts';
import type {
  EdgeId,
  EffectSpec,
  EngineEvent,
  EntityRef,
  JsonObject,
  JsonValue,
  RecordSpec,
  SendSpec,
  StateId,
  Step,
  TimerSpec,
} from './types.ts';
import type { Recorder, ResolvedAction } from './xstate.ts';
import { nodesOf } from './xstate.ts';

type Ends = {
  readonly before: readonly StateId[];
  readonly after: readonly StateId[];
  readonly previous?: AnyMachineSnapshot;
  readonly next: AnyMachineSnapshot;
  readonly changed: boolean;
};

type DelayedRaise = { readonly event: EngineEvent; readonly id?: string; readonly delay?: number };

const nothing: readonly never[] = [];

/** What one step asked for. Made for each step and thrown away with it: most steps need few of its lists. */
export class Recording implements Recorder {
  private readonly definition: Definition;
  /** The state whose entry runs now; null in transitions and exits. */
  private scope: StateId | null = null;
  private readonly taken: EdgeId[] = [];
  private left: StatePlan[] | null = null;
  private entered: StatePlan[] | null = null;
  private set: Map<string, TimerSpec> | null = null;
  private cancel: Set<string> | null = null;
  private extend: string[] | null = null;
  private sends: SendSpec[] | null = null;
  private records: RecordSpec[] | null = null;
  private effects: EffectSpec[] | null = null;

  constructor(definition: Definition) {
    this.definition = definition;
  }

  /** True when an edge was taken. */
  get moved(): boolean {
    return this.taken.length > 0;
  }

  take(edge: EdgeId): void {
    this.scope = null;
    this.taken.push(edge);
  }

  leave(state: StatePlan): void {
    this.scope = null;
    this.left = added(this.left, state);
    // What a state asked for earlier in this very step is not wanted any more.
    if (this.effects) this.effects = this.effects.filter((effect) => effect.scope !== state.id);
  }

  enter(state: StatePlan): void {
    this.scope = state.root ? null : state.id;
    this.entered = added(this.entered, state);
  }

  tearDown(): void {
    this.scope = null;
  }

  invoke(state: StatePlan, invoke: { id: string; src: string; input: unknown }): void {
    const params = this.json({ ...invoke, input: invoke.input ?? null }, 'the input of invoke', invoke.id);
    this.ask({ type: 'invoke', params, scope: state.root ? null : state.id });
  }

  act(action: ResolvedAction): void {
    const { type } = action;
    if (type.startsWith('xstate.')) {
      this.actBuiltIn(action);
      return;
    }
    const params = this.json(action.params ?? null, 'the params of', type);
    if (reservedActions.has(type)) {
      this.actReserved(type, params);
      return;
    }
    const known: unknown = this.definition.machine.implementations.actions[type];
    if (action.exec !== known) this.fail(`enqueued the inline action '${type}'; name it in setup({ actions })`);
    this.ask({ type, params, scope: this.scope });
  }

  private ask(effect: EffectSpec): void {
    this.effects ??= [];
    this.effects.push(effect);
  }

  private actBuiltIn({ type, params }: ResolvedAction): void {
    if (type === 'xstate.raise') {
      this.raise(params as DelayedRaise);
    } else if (type === 'xstate.cancel') {
      const { sendId } = params as { sendId: string };
      this.set?.delete(sendId);
      this.cancel ??= new Set();
      this.cancel.add(sendId);
    } else if (type !== 'xstate.emit' && type !== 'xstate.log') {
      this.fail(`enqueued ${type}, which no restart survives; use the send action or an effect`);
    }
  }

  /** Without a delay the event was already consumed inside this step. */
  private raise({ event, id, delay }: DelayedRaise): void {
    if (delay === undefined) return;
    if (id === undefined) this.fail(`raised '${event.type}' with a delay and no id; give it one`);
    if (!(Number.isFinite(delay) && delay >= 0)) {
      this.fail(`set the timer '${id}' to ${delay}; delays are milliseconds, 0 or more`);
    }
    const { options, survey } = this.definition;
    const name = survey.timers.get(id) ?? id;
    this.cancel?.delete(id);
    this.set ??= new Map();
    this.set.set(id, {
      id,
      name,
      delayMs: Math.round(delay),
      jitter: options.jitter?.[name] ?? 0,
      liveness: options.liveness?.includes(name) ?? false,
      event: this.json(event, 'the event of timer', id) as EngineEvent,
    });
  }

  private actReserved(type: string, params: JsonValue): void {
    const given = (params ?? {}) as JsonObject;
    if (type === 'extend') {
      this.extend ??= [];
      this.extend.push(this.toDelay(given));
    } else if (type === 'record') {
      this.records ??= [];
      this.records.push(this.toRecord(given));
    } else {
      this.sends ??= [];
      this.sends.push(type === 'send' ? this.toEntity(given) : this.toLinked(given));
    }
  }

  private toDelay({ delay }: JsonObject): string {
    const known = typeof delay === 'string' && this.definition.survey.delays.has(delay);
    if (!known) this.fail(`extended the delay '${delay}', which it has not`);
    return delay;
  }

  private toRecord(given: JsonObject): RecordSpec {
    const { kind, id, about, body } = given as { kind?: string; id?: string; about?: EntityRef[]; body?: JsonObject };
    const isWhole = typeof kind === 'string' && typeof id === 'string' && Array.isArray(about);
    if (!isWhole) this.fail('recorded without { kind, id, about: [], body: {} }');
    return { kind, id, about, body: body ?? {} };
  }

  private toEntity(given: JsonObject): SendSpec {
    const { to, event, must } = given as { to?: EntityRef; event?: EngineEvent; must?: boolean };
    const isWhole = typeof to?.machine === 'string' && typeof to.id === 'string' && typeof event?.type === 'string';
    if (!isWhole) this.fail('sent without { to: { machine, id }, event }');
    return { to: { machine: to.machine, id: to.id }, event, must: must === true };
  }

  private toLinked(given: JsonObject): SendSpec {
    const { link, event } = given as { link?: string; event?: EngineEvent };
    const isWhole = typeof link === 'string' && typeof event?.type === 'string';
    if (!isWhole) this.fail('published without { link, event }');
    return { to: { linked: link }, event, must: false };
  }

  /** The step as the engine stores it. */
  step({ before, after, previous, next, changed }: Ends): Step {
    const isNew = previous === undefined;
    // A single edge enters nothing that it does not stay in; a birth enters its initial states beside its edges.
    const isSimple = this.taken.length <= (isNew ? 0 : 1);
    const left = this.left === null || isNew ? nothing : this.standing(this.left, isSimple ? null : previous);
    const entered = this.entered === null ? nothing : this.standing(this.entered, isSimple ? null : next);
    return {
      accepted: true,
      changed,
      before,
      after,
      left: idsOf(left),
      entered: idsOf(entered),
      taken: this.taken,
      status: next.status as Step['status'],
      timers: {
        set: this.set === null ? nothing : [...this.set.values()],
        cancel: this.cancel === null || isNew ? nothing : [...this.cancel],
      },
      extend: this.extend ?? nothing,
      effects: this.effects ?? nothing,
      supersede: this.superseded(left, next.status === 'active' ? undefined : previous),
      sends: this.sends ?? nothing,
      records: this.records ?? nothing,
    };
  }

  /** Those that are active in the snapshot, when one is given: states that were entered and left again are in none. */
  private standing(plans: readonly StatePlan[], snapshot: AnyMachineSnapshot | null): readonly StatePlan[] {
    if (snapshot === null) return plans.filter(counts);
    const active = this.plansOf(snapshot);
    return plans.filter((plan) => active.includes(plan));
  }

  /** Scopes of effects that nobody waits for any more. `ended`: the snapshot before the end, if the machine ended. */
  private superseded(left: readonly StatePlan[], ended: AnyMachineSnapshot | undefined): readonly StateId[] {
    const orphaned = ended ? this.plansOf(ended).filter((plan) => plan.invokes && !this.left?.includes(plan)) : nothing;
    const working = left.filter((plan) => plan.hasWork);
    return working.length + orphaned.length === 0 ? nothing : idsOf([...working, ...orphaned]);
  }

  private plansOf(snapshot: AnyMachineSnapshot): StatePlan[] {
    return nodesOf(snapshot)
      .map((node) => this.definition.survey.states.get(node) as StatePlan)
      .filter(counts);
  }

  private json(value: unknown, what: string, name: string): JsonValue {
    const lost = findNonJson(value, 'it');
    if (lost !== null) this.fail(`gave ${what} '${name}' what is not JSON: ${lost}; give plain values`);
    return value as JsonValue;
  }

  private fail(what: string): never {
    const where = this.scope === null ? '' : `, in '${this.scope}'`;
    throw new Bug(`machine '${this.definition.name}' ${what}${where}`);
  }
}

/** The root does not count as a state, unless it is the only one: it is never left. */
function counts(plan: StatePlan): boolean {
  return !plan.root || plan.leaf;
}

function added(plans: StatePlan[] | null, plan: StatePlan): StatePlan[] {
  if (plans === null) return [plan];
  if (!plans.includes(plan)) plans.push(plan);
  return plans;
}

function idsOf(plans: readonly StatePlan[]): readonly StateId[] {
  return plans.length === 0 ? nothing : plans.map((plan) => plan.id);
}
