/**
 * What of an entity's context the model check keeps: each field of each machine is named here with its rule, so that
 * a new field stops the check until somebody has said what it means for the state space.
 *
 * A context that the abstraction can not tell exactly stands for several: "a token was taken" leaves plenty, or the
 * last.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { BreakerContext } from '../../machines/breaker.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { Policy } from '../../machines/policy.ts';
import type { RigContext } from '../../machines/rig.ts';
import { Bug } from '../core/errors.ts';
import type { JsonObject } from '../core/types.ts';
import type { Contexts, MachineName } from './machine-names.ts';
import { EARLIER } from './renaming.ts';

/** The one instant of the symbolic clock. */
export const NOW = 1_000_000_000_000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the abstraction may leave out. */
export type Detail = {
  /** Tokens of town and bead run out, in their own time. */
  readonly tokens: boolean;
  /** The breaker's window fills. */
  readonly window: boolean;
  /** A container that restarts often goes on probation. */
  readonly probation: boolean;
};

type Rule<T> = (value: T) => T;
type Rules<TContext> = { readonly [Field in keyof TContext]-?: Rule<TContext[Field]> };

const keep = <T>(value: T): T => value;
const fixed =
  <T>(value: T): Rule<T> =>
  () =>
    value;
const upTo =
  (most: number): Rule<number> =>
  (value) =>
    Math.min(value, most);
const sorted: Rule<number[]> = (names) => [...new Set(names)].sort((one, other) => one - other);

export type Abstraction = {
  /** The context as it is told in a state of the search. */
  told(machine: MachineName, state: string, context: JsonObject): JsonObject;
  /** The contexts that one that is told may stand for. A step is taken from each. */
  meant(machine: MachineName, state: string, context: JsonObject): readonly JsonObject[];
};

export function createAbstraction(policy: Policy, detail: Detail): Abstraction {
  const rules: { readonly [M in MachineName]: Rules<Contexts[M]> } = {
    agent: agentRules(policy),
    bead: beadRules(policy),
    container: containerRules(policy),
    breaker: breakerRules(policy),
    rig: rigRules,
  };
  return {
    told(machine, state, context) {
      const kept = classified(machine, rules[machine] as never, context) as unknown;
      if (machine === 'agent') return toldAgent(policy, state, kept as AgentContext);
      if (machine === 'bead') return toldBead(state, kept as BeadContext) as unknown as JsonObject;
      if (machine === 'breaker') return toldBreaker(state, kept as BreakerContext) as unknown as JsonObject;
      return kept as JsonObject;
    },
    meant(machine, state, context) {
      const told = context as unknown;
      if (machine === 'bead') return meantBeads(policy, detail, { state, context: told as BeadContext });
      if (machine === 'container') return meantContainers(detail, told as ContainerContext);
      if (machine === 'breaker') return meantBreakers(policy, detail, { state, context: told as BreakerContext });
      return [context];
    },
  };
}

function classified(machine: string, rules: Readonly<Record<string, Rule<unknown>>>, context: JsonObject): JsonObject {
  const entries = Object.entries(context).map(([field, value]) => {
    const rule = rules[field];
    if (!rule) {
      throw new Bug(`machine '${machine}' has a context field '${field}' that src/check/abstraction.ts gives no rule`);
    }
    return [field, rule(value)] as const;
  });
  return Object.fromEntries(entries) as JsonObject;
}

const agentRules = (policy: Policy): Rules<AgentContext> => ({
  ...{
    id: keep,
    rig: keep,
    role: keep,
    container: keep,
    pinned: keep,
    hook: keep,
    bead: keep,
    epoch: keep,
    probe: keep,
  },
  ...{ revivable: keep, began: keep, incarnation: keep, pauseWanted: keep, wanted: keep, containerDown: keep },
  startFailures: upTo(policy.attemptsMax),
  stopTries: upTo(policy.stopTriesMax),
  branch: fixed<string | null>(null),
  maxRunMs: fixed<number | null>(null),
  reason: fixed<string | null>(null),
  note: fixed<string | null>(null),
  attended: keep,
  unheard: fixed<readonly string[] | undefined>([]),
  messages: fixed<number | undefined>(0),
  tokens: fixed(0),
  costUsd: fixed(0),
});

/** How often it was looked at only makes the next look later. */
const rigRules: Rules<RigContext> = {
  ...{ id: keep, config: keep, reason: fixed<string | null>(null), container: fixed<string | null>(null) },
  ...{ looks: fixed(0), refusedAt: fixed(0) },
};

/**
 * What a run leaves behind is read by nobody once it can not come back: the next dispatch overwrites it. That it is the
 * breaker's probe matters to its first failure alone.
 */
function toldAgent(policy: Policy, state: string, told: AgentContext): AgentContext {
  const works = state.startsWith('working.');
  // Whether a person has the conversation is read while it runs, and where it may run again.
  const context = { ...told, attended: works && told.attended === true };
  const containerDown = works && context.containerDown;
  if (works || context.revivable) {
    return { ...context, probe: context.probe && works && !context.began, containerDown };
  }
  const isBilled = policy.beadBudgetUsd !== null || policy.townBudgetUsdPerDay !== null;
  const bead = isBilled ? context.bead : null;
  return {
    ...context,
    bead,
    probe: false,
    began: false,
    incarnation: null,
    wanted: false,
    stopTries: 0,
    containerDown,
  };
}

const beadRules = (policy: Policy): Rules<BeadContext> => ({
  ...{ id: keep, rig: keep, title: keep, priority: keep, labels: keep, dependsOn: keep, waitingFor: keep },
  ...{ failedDependencies: keep, limits: keep, held: keep, merges: keep, agent: keep, epoch: keep },
  ...{ ending: keep, asked: keep, container: keep },
  startFailures: upTo(policy.attemptsMax),
  runFailures: upTo(policy.runsMax),
  evictions: upTo(policy.evictionsFree),
  reworks: upTo(policy.reworksMax),
  mergeTries: upTo(policy.mergeTriesMax),
  backoffStep: fixed(1),
  generation: fixed(1),
  dispatchedAt: fixed<number[]>([]),
  dispatches: fixed(0),
  spentUsd: fixed(0),
  branch: fixed<string | null>(null),
  head: fixed<string | null>(null),
  mergeCommit: fixed<string | null>(null),
  summary: fixed<string | null>(null),
  lesson: fixed<string | null>(null),
  reason: fixed<string | null>(null),
});

/** Nobody reads the counters of a bead that is over: a reopening clears them. Each review counts its tries anew. */
function toldBead(state: string, context: BeadContext): BeadContext {
  const none = { startFailures: 0, runFailures: 0, evictions: 0, reworks: 0, mergeTries: 0 };
  if (state.startsWith('closed.')) return { ...context, ...none, agent: null, container: null, epoch: 0, held: false };
  if (state.startsWith('failed.') && state !== 'failed.exhausted') return { ...context, ...none };
  return state.startsWith('in_progress.inReview') ? context : { ...context, mergeTries: 0 };
}

type BeadScene = { readonly state: string; readonly context: BeadContext };

/** Dispatches and money: none to speak of, the hour spent, the generation spent, the budget spent. */
function meantBeads(policy: Policy, detail: Detail, { state, context }: BeadScene): readonly JsonObject[] {
  const hour = { dispatchedAt: Array.from({ length: policy.dispatchesPerHour }, () => NOW) };
  const forms: Partial<BeadContext>[] = [];
  // The sorting places let none pass that has spent what it had.
  const sorted = state === 'open.ready' || state === 'in_progress.retryDue';
  if (state !== 'open.throttled') forms.push({});
  if (state === 'open.throttled' || (detail.tokens && !sorted)) forms.push(hour);
  if (detail.tokens && !sorted) forms.push({ dispatches: policy.dispatchesMax });
  if (policy.beadBudgetUsd !== null && !sorted) forms.push({ spentUsd: policy.beadBudgetUsd });
  return forms.map((form) => ({ ...context, ...form })) as unknown as JsonObject[];
}

const containerRules = (policy: Policy): Rules<ContainerContext> => ({
  ...{ id: keep, labels: keep, slots: keep, incarnation: keep, runs: sorted },
  restartedAt: fixed<number[]>([]),
  probation: fixed(false),
  former: fixed<string[]>([EARLIER]),
  misses: upTo(policy.healthMissesMax),
  failures: fixed(1),
  reason: fixed<string | null>(null),
});

function meantContainers(detail: Detail, context: ContainerContext): readonly JsonObject[] {
  if (!detail.probation || context.incarnation === null) return [context];
  return [context, { ...context, restartedAt: [NOW], probation: true }];
}

const breakerRules = (policy: Policy): Rules<BreakerContext> => ({
  ...{ probe: keep, ramp: (ramp) => (ramp === 4 ? 8 : ramp), pending: sorted },
  outcomes: fixed<BreakerContext['outcomes']>([]),
  hourly: fixed<BreakerContext['hourly']>({ tokens: policy.townDispatchesPerHour, taken: [] }),
  daily: fixed({ tokens: policy.townDispatchesPerDay, at: NOW }),
  openings: fixed(1),
  spentUsd: fixed(0),
  dayEndsAt: fixed(NOW + DAY_MS),
  reason: fixed<string | null>(null),
});

/** Each part of the context is told where it is read: the probe while it is probing, the ramp while it is ramping. */
function toldBreaker(state: string, context: BreakerContext): BreakerContext {
  const probe = state === 'halfOpen.probing' ? context.probe : null;
  return { ...context, probe, ...(state === 'closed.ramping' ? {} : { ramp: 16, pending: [] }) };
}

type BreakerScene = { readonly state: string; readonly context: BreakerContext };

/** Tokens: plenty, the last, none. The window: one more failure opens it, or does not. */
function meantBreakers(policy: Policy, detail: Detail, { state, context }: BreakerScene): readonly JsonObject[] {
  const most = policy.townDispatchesPerHour;
  const closed = state === 'closed.available' || state === 'closed.ramping';
  const none = state === 'closed.throttled' ? [0] : closed ? [most, 1] : [most, 0];
  const tokens = detail.tokens || state === 'closed.throttled' ? [...new Set(none)] : [most];
  const near = Array.from({ length: policy.breakerFailures - 1 }, () => ({ at: NOW, ok: false }));
  const windows = detail.window && state.startsWith('closed.') ? [[], near] : [[]];
  const bucket = (left: number) => ({ tokens: left, taken: left < most ? [{ at: NOW, count: most - left }] : [] });
  return tokens.flatMap((left) =>
    windows.map((outcomes) => ({ ...context, outcomes, hourly: bucket(left) }) as unknown as JsonObject),
  );
}

/** What the abstraction does, for the output. */
export const statements: readonly string[] = [
  'caps are clipped: attemptsMax, runsMax, reworksMax, stopTriesMax, mergeTriesMax and healthMissesMax to at most 2, ' +
    'evictionsFree to at most 1, breakerFailures and what may be dispatched in an hour to at most 3',
  "a bead's dispatches may be few, spend its hour or spend its generation, anew at each step; that they are counted " +
    'and capped is shown for each step with the real numbers',
  "the town's tokens may be plenty or the last one at each dispatch",
  "the breaker's window may be one failure from opening, or far from it, at each outcome",
  'a container may be on probation or not at each dispatch',
  'the clock is symbolic: any armed timer may fire at any moment, in any order',
  'epochs are ranks: current, stale for its bead, ghost; incarnations are: current, earlier, another',
  'dispatches are those that matching proposes, or proposed before breaker, container and tokens were as they are',
  'money is left out unless the policy has a budget; then a run may spend all of it at any moment',
  'texts, branches, commits and reasons are left out',
];
