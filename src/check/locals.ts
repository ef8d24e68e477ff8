/**
 * The local states of the entities, each met once: snapshot, armed timers, effects that are under way, open
 * escalations. Every step goes through the real machine once for each (local state, event) and is remembered.
 */
import type { Definition } from '../core/define.ts';
import { Bug } from '../core/errors.ts';
import { contextOf, type Hydrated, hears, hydrate, leavesOf, stateValueOf } from '../core/snapshot.ts';
import { birth, type Taken, take } from '../core/step.ts';
import type { EngineEvent, EntityRef, JsonObject, JsonValue, SendSpec, Step } from '../core/types.ts';
import { type Abstraction, HOUR_MS, NOW } from './abstraction.ts';
import type { MachineName } from './machine-names.ts';
import { isTidy, type Renaming, renamed } from './renaming.ts';
import { type StepFacts, stepFlaw } from './step-rules.ts';

export type LocalId = number;
export type EventId = number;

export type Local = {
  readonly machine: MachineName;
  readonly id: string;
  /** Leaf states joined by a space. */
  readonly state: string;
  readonly snapshot: Hydrated;
  readonly context: JsonObject;
  /** Ids of the timers that are armed. */
  readonly timers: readonly string[];
  /** Types of effects that were asked for by a state that is still there, and have not been answered. */
  readonly pending: readonly string[];
  /** Causes of the escalations that are open. */
  readonly open: readonly string[];
};

export type Sent = {
  readonly to: EntityRef | { readonly linked: string };
  readonly event: EventId;
  readonly must: boolean;
};

/** What the real machine does. */
export type Stepped = {
  readonly next: LocalId;
  readonly sends: readonly Sent[];
  readonly marks: number;
  /** A rule about steps that this one breaks. */
  readonly flaw: string | null;
};

/** Marks of steps, by which edges are told apart. */
export const marks = { dispatch: 1, begin: 2, failStart: 4, reset: 8, token: 16, loss: 32 } as const;

export type TimerSpecs = ReadonlyMap<string, { readonly name: string; readonly event: EngineEvent }>;

export class Locals {
  readonly all: Local[] = [];
  readonly #tidy: boolean[] = [];
  readonly events: EngineEvent[] = [];
  readonly #byKey = new Map<string, LocalId>();
  readonly #eventIds = new Map<string, EventId>();
  readonly #steps: (readonly (Stepped | null)[])[][] = [];
  #stepped = 0;
  readonly #meant = new Map<LocalId, readonly Local[]>();
  readonly #timers = new Map<string, { name: string; event: EngineEvent }>();
  readonly #renamings = new Map<Renaming, Map<LocalId, LocalId>>();
  readonly #definitions: Readonly<Record<string, Definition>>;
  readonly #abstraction: Abstraction;

  constructor(definitions: Readonly<Record<string, Definition>>, abstraction: Abstraction) {
    this.#definitions = definitions;
    this.#abstraction = abstraction;
  }

  /** Steps that went through a machine. */
  get steps(): number {
    return this.#stepped;
  }

  get timers(): TimerSpecs {
    return this.#timers;
  }

  get(id: LocalId): Local {
    const local = this.all[id];
    if (!local) throw new Bug(`there is no local state ${id}`);
    return local;
  }

  /** Its names are the smallest. */
  isTidy(id: LocalId): boolean {
    return this.#tidy[id] === true;
  }

  definitionOf(machine: string): Definition {
    const definition = this.#definitions[machine];
    if (!definition) throw new Bug(`the model check has no machine '${machine}'`);
    return definition;
  }

  eventId(event: EngineEvent): EventId {
    const key = JSON.stringify(event);
    const known = this.#eventIds.get(key);
    if (known !== undefined) return known;
    this.events.push(event);
    this.#eventIds.set(key, this.events.length - 1);
    return this.events.length - 1;
  }

  born(machine: MachineName, id: string, input: JsonValue): LocalId {
    const taken = birth(this.definitionOf(machine), input, NOW);
    const before = { machine, id, timers: [], pending: [], open: [] };
    return this.#after(before, taken);
  }

  /** The same state without the timer, or without the effect: it fired, it was answered. */
  without(id: LocalId, gone: { readonly timer?: string; readonly effect?: string }): LocalId {
    const local = this.get(id);
    const timers = local.timers.filter((timer) => timer !== gone.timer);
    return this.#intern({ ...local, timers, pending: local.pending.filter((effect) => effect !== gone.effect) });
  }

  renamed(id: LocalId, renaming: Renaming): LocalId {
    const known = this.#renamings.get(renaming) ?? new Map<LocalId, LocalId>();
    this.#renamings.set(renaming, known);
    const found = known.get(id);
    if (found !== undefined) return found;
    const local = this.get(id);
    const context = renamed(local.machine, local.context, renaming);
    const result = this.#intern({ ...local, id: renaming.id(local.id), context });
    known.set(id, result);
    return result;
  }

  /**
   * What may come of it: more than one when the abstraction can not tell. Null: the machine does not take the event.
   */
  step(id: LocalId, event: EventId): readonly (Stepped | null)[] {
    const own = this.#steps[id] ?? [];
    this.#steps[id] = own;
    const known = own[event];
    if (known !== undefined) return known;
    const said = this.events[event] as EngineEvent;
    const stepped = new Map(
      this.#meantBy(id)
        .map((before) => this.#step(before, said))
        .map((one) => [JSON.stringify(one), one]),
    );
    const answers = [...stepped.values()];
    own[event] = answers;
    this.#stepped += 1;
    return answers;
  }

  /** The states that a local state may stand for. */
  #meantBy(id: LocalId): readonly Local[] {
    const known = this.#meant.get(id);
    if (known) return known;
    const local = this.get(id);
    const contexts = this.#abstraction.meant(local.machine, local.state, local.context);
    const meant = contexts.map((context) => ({ ...local, context, snapshot: this.#snapshot(local, context) }));
    this.#meant.set(id, meant);
    return meant;
  }

  #step(before: Local, event: EngineEvent): Stepped | null {
    const taken = this.taken(before, event);
    if (!taken) return null;
    const context = contextOf(taken.snapshot);
    const state = leavesOf(taken.snapshot).join(' ');
    const { settings } = this.definitionOf(before.machine);
    const facts: StepFacts = { before, event, step: taken.step, after: { state, context }, settings };
    return {
      next: this.#after(before, taken),
      sends: taken.step.sends.flatMap((send) => this.#sent(before, send)),
      marks: marksOf(facts),
      flaw: stepFlaw(facts),
    };
  }

  /** The step itself, unremembered; null when it is refused. */
  taken(before: Local, event: EngineEvent): Taken | null {
    const definition = this.definitionOf(before.machine);
    if (definition.options.fence?.(before.context, event)) return null;
    const taken = take(definition, before.snapshot, event, momentOf(this.#timers, event));
    return taken.step.accepted ? taken : null;
  }

  #sent(before: Local, { to, event, must }: SendSpec): readonly Sent[] {
    // An escalation is part of the state of its subject.
    if (!('linked' in to) && to.machine === 'escalation') {
      if (event.type === 'RAISE' && event.subject !== `${before.machine}/${before.id}`) {
        throw new Bug(`${before.machine}/${before.id} raises an escalation about ${String(event.subject)}`);
      }
      return [];
    }
    return [{ to, event: this.eventId(event), must }];
  }

  #after(before: Omit<Local, 'state' | 'snapshot' | 'context'>, { step, snapshot }: Taken): LocalId {
    for (const { id, name, event } of step.timers.set) this.#timers.set(id, { name, event });
    const state = leavesOf(snapshot).join(' ');
    return this.#intern({
      ...{ machine: before.machine, id: before.id, state, snapshot },
      timers: timersAfter(before.timers, step),
      pending: this.#pendingAfter(before, step),
      open: openAfter(before.open, step),
      context: this.#abstraction.told(before.machine, state, contextOf(snapshot)),
    });
  }

  #pendingAfter({ machine, pending }: Pick<Local, 'machine' | 'pending'>, step: Step): string[] {
    const definition = this.definitionOf(machine);
    const kept = step.left.length === 0 ? pending : pending.filter((key) => !step.left.includes(scopeOf(key)));
    const asked = step.effects
      .filter(({ type, scope }) => scope !== null && hears(definition, `effect.${type}.succeeded`))
      .map(({ type, scope }) => `${type}@${scope}`);
    return [...new Set([...kept, ...asked])].sort();
  }

  #intern(local: Local): LocalId {
    const { machine, id, state, timers, pending, open, context } = local;
    const fields = Object.keys(context).sort();
    const key = JSON.stringify([machine, id, state, timers, pending, open, fields.map((field) => context[field])]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.all.push({ ...local, snapshot: this.#snapshot(local, context) });
    this.#tidy.push(isTidy(context));
    this.#byKey.set(key, this.all.length - 1);
    return this.all.length - 1;
  }

  #snapshot({ machine, snapshot }: Local, context: JsonObject): Hydrated {
    const parts = { status: 'active', value: stateValueOf(snapshot), context };
    return hydrate(this.definitionOf(machine), JSON.stringify(parts));
  }
}

/** `merge` of `merge@in_progress.inReview.merging`. */
export const effectOf = (pending: string) => pending.slice(0, pending.indexOf('@'));
const scopeOf = (pending: string) => pending.slice(pending.indexOf('@') + 1);

/** Only what has waited for the clock to turn sees a later one. */
function momentOf(timers: TimerSpecs, event: EngineEvent): number {
  if (!event.type.startsWith('xstate.after.')) return NOW;
  for (const { name, event: own } of timers.values()) {
    if (own.type === event.type) return name === 'refill' ? NOW + HOUR_MS : NOW;
  }
  return NOW;
}

function timersAfter(before: readonly string[], { timers }: Step): string[] {
  const left = before.filter((id) => !timers.cancel.includes(id));
  return [...new Set([...left, ...timers.set.map(({ id }) => id)])].sort();
}

function openAfter(before: readonly string[], { sends }: Step): string[] {
  const open = new Set(before);
  for (const { to, event } of sends) {
    if ('linked' in to || to.machine !== 'escalation') continue;
    const cause = to.id.slice(to.id.lastIndexOf(':') + 1);
    if (event.type === 'RAISE') open.add(cause);
    else open.delete(cause);
  }
  return [...open].sort();
}

/** What a step means for the questions about cycles. */
function marksOf({ before, event, after }: StepFacts): number {
  const count = (context: JsonObject, field: string) => Number(context[field] ?? 0);
  const changed = (field: string) => count(after.context, field) - count(before.context, field);
  const tokens = (context: JsonObject) => (context.hourly as { tokens: number } | undefined)?.tokens ?? 0;
  let found = 0;
  if (before.machine === 'bead') {
    if (event.type === 'DISPATCH') found |= marks.dispatch;
    if (event.type === 'RUN.STARTED') found |= marks.begin;
    if (event.type === 'RUN.START_FAILED') found |= marks.failStart;
    if (changed('runFailures') > 0) found |= marks.loss;
  }
  if ((before.machine === 'bead' || before.machine === 'agent') && changed('startFailures') < 0) found |= marks.reset;
  if (before.machine === 'breaker') {
    if (event.type === 'DISPATCHED' && tokens(after.context) < tokens(before.context)) found |= marks.token;
    if (event.type.startsWith('xstate.after.')) found |= marks.reset;
  }
  return found;
}
