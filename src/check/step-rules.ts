/**
 * Rules about single steps of single entities: what no event may do, whatever the others are at.
 */
import type { EngineEvent, JsonObject, JsonValue, Step } from '../core/types.ts';
import { ANOTHER } from './renaming.ts';

export type StepFacts = {
  readonly before: {
    readonly machine: string;
    readonly id: string;
    readonly state: string;
    readonly context: JsonObject;
  };
  readonly event: EngineEvent;
  readonly step: Step;
  readonly after: { readonly state: string; readonly context: JsonObject };
  /** The policy that the machine was made with. */
  readonly settings: JsonValue;
};

type Rule = (facts: StepFacts) => string | null;

/** What may bring back failed starts: the named resets. */
const HEALS = 'RESET|CONFIG_CHANGED|CONTAINER_RENEWED|BREAKER_CLOSED|xstate\\.after\\.cooldown\\..*';
const RESETS: Readonly<Record<string, RegExp>> = {
  bead: new RegExp(`^(RUN\\.STARTED|RUN\\.COMPLETED|REOPEN|${HEALS})$`),
  agent: new RegExp(`^(HEARTBEAT|DONE|EXITED|${HEALS})$`),
};
/** Counters that only a reopening brings back. */
const KEPT = ['runFailures', 'evictions', 'reworks', 'dispatches'];

const number = (context: JsonObject, field: string) => Number(context[field] ?? 0);
const isFinal = (state: string) =>
  state.startsWith('closed.') || (state.startsWith('failed.') && state !== 'failed.exhausted');

const closedStays: Rule = ({ before, after }) =>
  before.machine === 'bead' && before.state.startsWith('closed.') && after.state !== before.state
    ? `a closed bead became ${after.state}`
    : null;

const failedStays: Rule = ({ before, event, after }) =>
  before.machine === 'bead' && isFinal(before.state) && after.state !== before.state && event.type !== 'REOPEN'
    ? `a bead that is over (${before.state}) became ${after.state} although nobody reopened it`
    : null;

const keptCounters: Rule = ({ before, event, after }) => {
  if (before.machine !== 'bead' || event.type === 'REOPEN' || isFinal(before.state)) return null;
  const field = KEPT.find((name) => number(after.context, name) < number(before.context, name));
  return field ? `${field} of a bead went back, and nobody reopened it` : null;
};

const healingCounters: Rule = ({ before, event, after }) => {
  const resets = RESETS[before.machine];
  if (!resets || isFinal(before.state)) return null;
  const change = number(after.context, 'startFailures') - number(before.context, 'startFailures');
  if (change > 1) return 'one failed start was counted more than once';
  return change < 0 && !resets.test(event.type)
    ? `${event.type} brought failed starts back to 0; it is no named reset`
    : null;
};

/** Each dispatch is counted, and one beyond the last is not taken. */
const dispatchesCounted: Rule = ({ before, event, after }) => {
  if (before.machine !== 'bead' || event.type !== 'DISPATCH') return null;
  return number(after.context, 'dispatches') === number(before.context, 'dispatches') + 1
    ? null
    : "a dispatch was not counted against the bead's generation";
};

/** What has spent its dispatches is not offered again. */
const dispatchesCapped: Rule = ({ before, after, settings }) => {
  if (before.machine !== 'bead' || !/^(open\.ready|in_progress\.retryDue)$/.test(after.state)) return null;
  const { dispatchesMax, dispatchesPerHour } = settings as Record<string, number>;
  const { dispatches, dispatchedAt } = after.context as { dispatches: number; dispatchedAt: readonly number[] };
  if (dispatches >= (dispatchesMax ?? 0)) return "a bead that has spent its generation's dispatches is offered again";
  const isSpent = before.state !== 'open.throttled' && dispatchedAt.length >= (dispatchesPerHour ?? 0);
  return isSpent ? "a bead that has spent its hour's dispatches is offered again" : null;
};

/** Each dispatch takes a token that is there. */
const tokensTaken: Rule = ({ before, event, after }) => {
  if (before.machine !== 'breaker' || event.type !== 'DISPATCHED') return null;
  const left = (context: JsonObject) => (context.hourly as { tokens: number }).tokens;
  if (left(after.context) >= left(before.context)) return "a dispatch took none of the town's tokens";
  return before.state.startsWith('closed.') && left(after.context) < 0 ? 'a dispatch passed without a token' : null;
};

/** A failed start of a run that was no probe is charged, a lost run always. */
const lossesCounted: Rule = ({ before, event, after }) => {
  if (before.machine !== 'bead' || event.type !== 'RUN.FAILED' || !before.state.startsWith('in_progress.')) return null;
  const change = number(after.context, 'runFailures') - number(before.context, 'runFailures');
  return change === 1 || isFinal(after.state) ? null : 'a run was lost, and the bead was not charged';
};

const startsCounted: Rule = ({ before, event, after }) => {
  if (before.machine !== 'bead' || event.type !== 'RUN.START_FAILED' || before.state !== 'in_progress.starting')
    return null;
  const change = number(after.context, 'startFailures') - number(before.context, 'startFailures');
  return change === 1 || event.charged === false ? null : 'a start failed, and the bead was not charged';
};

/** Silence and missing answers are questions: neither side is given up for them. */
const unknownIsNotNo: Rule = ({ before, event, after }) =>
  before.machine === 'agent' &&
  /^effect\.(startRun|probeRun)\.unanswered$/.test(event.type) &&
  before.state.startsWith('working.') &&
  !after.state.startsWith('working.')
    ? 'a call without an answer was taken for an answer'
    : null;

/** A refusal is known at once: nobody goes on working because of it. */
const noIsNo: Rule = ({ before, event, after }) =>
  before.machine === 'agent' &&
  event.type === 'effect.startRun.refused' &&
  before.state === 'working.dispatching' &&
  after.state.startsWith('working.')
    ? 'the start was refused, and the agent works on'
    : null;

const successIsNoFailure: Rule = ({ before, event, after }) =>
  before.machine === 'breaker' && event.type === 'SUCCESS' && after.state === 'open' && before.state !== 'open'
    ? 'a success opened the breaker'
    : null;

const openLetsNothingIn: Rule = ({ before, event }) =>
  before.machine === 'breaker' &&
  event.type === 'DISPATCHED' &&
  /^(open|paused|halfOpen\.probing|closed\.throttled)/.test(before.state)
    ? `a dispatch passed a breaker that is ${before.state}`
    : null;

const probeDecides: Rule = ({ before, event, after }) =>
  before.machine === 'breaker' &&
  before.state === 'halfOpen.probing' &&
  ['SUCCESS', 'FAILURE', 'ENDED'].includes(event.type) &&
  event.epoch !== before.context.probe &&
  after.state !== before.state
    ? 'a run that is not the probe moved the half-open breaker'
    : null;

/** A heartbeat of the current run is proof of life, wherever the agent was. */
const lifeRestores: Rule = ({ before, event, after }) =>
  before.machine === 'agent' &&
  event.type === 'HEARTBEAT' &&
  (before.state.startsWith('working.') || before.context.revivable === true) &&
  !before.state.startsWith('working.stopping') &&
  !after.state.startsWith('working.running')
    ? 'a run that lives was not taken back'
    : null;

const doneIsDone: Rule = ({ before, event, after }) =>
  before.machine === 'bead' &&
  event.type === 'RUN.COMPLETED' &&
  !/^(closed\.|in_progress\.inReview)/.test(after.state) &&
  !isFinal(before.state)
    ? `work was done, and the bead became ${after.state}`
    : null;

/** What is refused for good is not tried again until somebody changed something. */
const forGoodIsForGood: Rule = ({ before, event, step, after }) =>
  before.machine === 'agent' &&
  event.type === 'effect.startRun.refused' &&
  event.permanent === true &&
  before.state.startsWith('working.') &&
  (!/^idle\.(ready|paused)$/.test(after.state) || !step.sends.some(({ event: said }) => said.type === 'START_REFUSED'))
    ? `a start was refused for good, the agent is ${after.state}, and its rig goes on`
    : null;

/** An answer that did not come says nothing of the merge; one that came says all. */
const mergeIsKnown: Rule = ({ before, event, after }) => {
  if (before.machine !== 'bead' || !before.state.startsWith('in_progress.inReview')) return null;
  if (event.type === 'effect.merge.unanswered' && !after.state.startsWith('in_progress.inReview')) {
    return `a merge without an answer made the bead ${after.state}`;
  }
  const { kind } = (event.result ?? {}) as { kind?: string };
  return event.type === 'effect.merge.succeeded' && kind === 'merged' && after.state !== 'closed.merged'
    ? `the work was merged, and the bead became ${after.state}`
    : null;
};

/** Another incarnation is a restart: it is noticed by the first that tells of it. */
const restartsNoticed: Rule = ({ before, event, after }) => {
  if (before.machine !== 'container') return null;
  const { incarnation } = (event.type === 'SEEN' ? event : (event.result ?? {})) as { incarnation?: string };
  return incarnation === ANOTHER && after.context.incarnation !== ANOTHER
    ? 'the container was restarted, and nobody noticed'
    : null;
};

const oneProbe: Rule = ({ before, event, after }) =>
  before.machine === 'breaker' &&
  before.state === 'halfOpen.waiting' &&
  event.type === 'DISPATCHED' &&
  after.state !== 'halfOpen.probing'
    ? 'a dispatch passed the half-open breaker and is not its probe'
    : null;

const blockedStays: Rule = ({ before, event }) =>
  before.machine === 'bead' && event.type === 'DISPATCH' && (before.context.waitingFor as readonly string[]).length > 0
    ? 'a bead was dispatched before those that it depends on were closed'
    : null;

/** A rig that was refused a start lets nobody in before somebody looked. */
const refusedRigRests: Rule = ({ before, event, after }) =>
  before.machine === 'rig' && event.type === 'START_REFUSED' && after.state === 'active'
    ? 'a start was refused to all of a rig, and the rig is dispatched'
    : null;

/** A container takes no run beyond its slots, and none that needs a label that it has not. */
const placedWhereItFits: Rule = ({ before, event }) => {
  if (before.machine !== 'container' || event.type !== 'PLACE') return null;
  const { labels, slots, runs } = before.context as { labels: string[]; slots: number | null; runs: number[] };
  if (slots !== null && runs.length >= slots) return 'a run was placed in a container that has no slot for it';
  const needs = (event.needs ?? []) as readonly string[];
  return needs.every((label) => labels.includes(label)) ? null : 'a run was placed where a label is missing';
};

const RULES: readonly Rule[] = [
  placedWhereItFits,
  refusedRigRests,
  ...[forGoodIsForGood, mergeIsKnown, restartsNoticed, oneProbe, blockedStays],
  ...[closedStays, failedStays, keptCounters, healingCounters, dispatchesCounted, dispatchesCapped, lossesCounted],
  ...[startsCounted, tokensTaken],
  ...[unknownIsNotNo, noIsNo, successIsNoFailure, openLetsNothingIn, probeDecides, lifeRestores, doneIsDone],
];

/** The first rule that the step breaks, as a sentence. */
export function stepFlaw(facts: StepFacts): string | null {
  for (const rule of RULES) {
    const flaw = rule(facts);
    if (flaw !== null) return flaw;
  }
  return null;
}
