/**
 * What a bead counts and says as it moves: its context, the caps it is held to and its named actions, all pure.
 */
import type { Policy } from './policy.ts';
import type { BeadEvent, BeadInput, MergeParams } from './vocabulary.ts';
import { BREAKER, type Plan, plan, publish, type Queued, raise, settle, tell } from './wiring.ts';

const HOUR_MS = 3_600_000;
/** A lesson is quoted in a prompt, which takes no more than a few lines. */
const LESSON_MAX = 350;

export type BeadContext = {
  id: string;
  rig: string;
  title: string;
  priority: number;
  labels: string[];
  dependsOn: string[];
  /** Dependencies that are not closed. */
  waitingFor: string[];
  /** Dependencies that are failed for good. */
  failedDependencies: string[];
  limits: BeadInput['limits'];
  held: boolean;
  merges: boolean;
  /** Who has or had it last; its epoch is the fencing token of that dispatch. */
  agent: string | null;
  /** Where it was dispatched to last: what its run left is there. */
  container: string | null;
  epoch: number;
  /** It is over for a run that is still being ended: reopened, it waits for that. */
  ending: boolean;
  /** A person was asked to clear the way of its merge. */
  asked: boolean;
  /** Failed starts in a row (n). Heals. */
  startFailures: number;
  /** Runs that began and were lost (r). Only a person resets it. */
  runFailures: number;
  evictions: number;
  reworks: number;
  mergeTries: number;
  /** The failure that the next backoff is for: 1 is the first. */
  backoffStep: number;
  /** Raised by each reopen. */
  generation: number;
  /** Times of the dispatches of the last hour, oldest first. */
  dispatchedAt: number[];
  /** Dispatches in this generation. */
  dispatches: number;
  spentUsd: number;
  branch: string | null;
  head: string | null;
  mergeCommit: string | null;
  summary: string | null;
  /** What the next run is told of the one before: why its work was lost, or not taken. */
  lesson: string | null;
  reason: string | null;
};

type BeadPlan = Plan<BeadContext>;

/** The subject under which a bead's escalations stand. */
const subject = (context: BeadContext) => `bead/${context.id}`;

export const attemptsMax = (policy: Policy, context: BeadContext) => context.limits.attemptsMax ?? policy.attemptsMax;
export const runsMax = (policy: Policy, context: BeadContext) => context.limits.runsMax ?? policy.runsMax;

export const budgetUsd = (policy: Policy, context: BeadContext) => context.limits.budgetUsd ?? policy.beadBudgetUsd;

/** Dispatches of this bead in the hour that ends at `at` (half-open: one exactly an hour old is out). */
export function dispatchesInHour(context: BeadContext, at: number): number {
  return context.dispatchedAt.filter((time) => time > at - HOUR_MS).length;
}

/** How long until the oldest dispatch of the hour is out of it. */
export function refillMs(context: BeadContext, at: number): number {
  const oldest = context.dispatchedAt.find((time) => time > at - HOUR_MS);
  return oldest === undefined ? 0 : oldest + HOUR_MS - at;
}

export function mergeParams(context: BeadContext): MergeParams {
  const { id: bead, rig, epoch, branch, head, container } = context;
  return { agent: context.agent ?? '', bead, rig, epoch, branch: branch ?? '', head, container };
}

/** The run of its epoch is over for the bead: its agent stops it, or forgets it. */
function fence(context: BeadContext, cause: string): Queued[] {
  if (context.agent === null) return [];
  return [tell('agent', context.agent, { type: 'FENCE', epoch: context.epoch, cause })];
}

function unhook(context: BeadContext): Queued[] {
  return context.agent === null ? [] : [tell('agent', context.agent, { type: 'RELEASE', bead: context.id })];
}

function dispatch(context: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type !== 'DISPATCH') return {};
  const { agent, epoch, probe, container, needs, at } = event;
  const { id: bead, limits } = context;
  const where = { ...(container !== undefined && { container }), ...(needs && { needs }) };
  const maxRunMs = limits.maxRunMinutes === undefined ? null : Math.round(limits.maxRunMinutes * 60_000);
  return {
    context: {
      ...{ agent, epoch, container: container ?? null, reason: null, dispatches: context.dispatches + 1 },
      dispatchedAt: [...context.dispatchedAt.filter((time) => time > at - HOUR_MS), at],
    },
    queue: [
      ...(context.agent === agent ? [] : fence(context, `bead ${bead} was dispatched to ${agent}`)),
      tell('breaker', BREAKER, { type: 'DISPATCHED', epoch, probe }, { must: true }),
      tell('agent', agent, { type: 'ASSIGN', bead, epoch, probe, maxRunMs, ...where }, { must: true }),
    ],
  };
}

function countStartFailure(context: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type !== 'RUN.START_FAILED') return {};
  const startFailures = context.startFailures + (event.charged ? 1 : 0);
  return { context: { startFailures, backoffStep: Math.max(startFailures, 1), reason: event.reason } };
}

function countRunFailure(context: BeadContext, event: BeadEvent): BeadPlan {
  const reason = 'reason' in event && event.reason ? event.reason : 'the run added no commit';
  const runFailures = context.runFailures + 1;
  return { context: { runFailures, backoffStep: runFailures, reason, lesson: reason } };
}

function countRework(context: BeadContext, event: BeadEvent): BeadPlan {
  const reworks = context.reworks + 1;
  const reason = reworkReason(event);
  return { context: { reworks, backoffStep: reworks, reason, lesson: reason + outputOf(event) } };
}

/** The end of the tests' output, for the run that is to mend them. */
function outputOf(event: BeadEvent): string {
  const result = event.type === 'effect.merge.succeeded' ? event.result : null;
  return result?.kind === 'tests_failed' && result.tail ? `\n${result.tail.slice(-LESSON_MAX)}` : '';
}

function reworkReason(event: BeadEvent): string {
  if (event.type === 'effect.merge.refused') return event.reason;
  if (event.type !== 'effect.merge.succeeded') return event.type;
  const { result } = event;
  if (result.kind === 'conflict') return `merge conflict in ${result.files.join(', ')}`;
  if (result.kind === 'tests_failed') return `tests failed on the merge result (exit code ${result.code ?? 'none'})`;
  return `merge: ${result.kind}`;
}

function noteWork(_: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type !== 'RUN.COMPLETED') return {};
  const { branch, head, summary } = event;
  return {
    context: { branch, head, summary, mergeTries: 0, startFailures: 0, reason: null },
  };
}

function noteMerge(_: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type === 'effect.merge.succeeded' && event.result.kind === 'merged') {
    return { context: { mergeCommit: event.result.commit, reason: null } };
  }
  const isFound = event.type === 'effect.probeMerge.succeeded' || event.type === 'effect.abortMerge.succeeded';
  return isFound ? { context: { mergeCommit: event.result.commit, reason: null } } : {};
}

function noteBlockage(context: BeadContext, event: BeadEvent): BeadPlan {
  return { context: { mergeTries: context.mergeTries + 1, reason: blockage(event) } };
}

function blockage(event: BeadEvent): string {
  switch (event.type) {
    case 'effect.merge.succeeded':
      return event.result.kind === 'blocked' ? event.result.reason : `merge: ${event.result.kind}`;
    case 'effect.probeMerge.refused':
    case 'effect.abortMerge.refused':
      return `nobody can say whether it was merged: ${event.reason}`;
    case 'effect.probeMerge.unanswered':
    case 'effect.abortMerge.unanswered':
      return `nobody can say whether it was merged: ${event.cause}`;
    default:
      return 'the merge gave no answer';
  }
}

function closeDependency(context: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type !== 'DEPENDENCY.CLOSED') return {};
  const without = (ids: string[]) => ids.filter((id) => id !== event.bead);
  return {
    context: { waitingFor: without(context.waitingFor), failedDependencies: without(context.failedDependencies) },
  };
}

function reopenDependency(context: BeadContext, event: BeadEvent): BeadPlan {
  if (event.type !== 'DEPENDENCY.REOPENED') return {};
  const failedDependencies = context.failedDependencies.filter((id) => id !== event.bead);
  return { context: { failedDependencies, reason: null } };
}

function failDependency(context: BeadContext, event: BeadEvent): BeadPlan {
  // One that was waived is waited for no more.
  if (event.type !== 'DEPENDENCY.FAILED' || !context.waitingFor.includes(event.bead)) return {};
  const failedDependencies = [...new Set([...context.failedDependencies, event.bead])];
  return { context: { failedDependencies, reason: `failed: ${failedDependencies.join(', ')}` } };
}

function waiveDependencies(context: BeadContext): BeadPlan {
  const waitingFor = context.waitingFor.filter((id) => !context.failedDependencies.includes(id));
  return { context: { waitingFor, failedDependencies: [], reason: null } };
}

function reopen(context: BeadContext): BeadPlan {
  return {
    context: {
      ...{ startFailures: 0, runFailures: 0, evictions: 0, reworks: 0, mergeTries: 0, backoffStep: 0 },
      ...{ dispatchedAt: [], dispatches: 0, spentUsd: 0, generation: context.generation + 1, reason: null },
      ...{ branch: null, head: null, summary: null, lesson: null, ending: false },
    },
    queue: [publish('dependsOn', { type: 'DEPENDENCY.REOPENED', bead: context.id })],
  };
}

const change = (patch: (context: BeadContext, event: BeadEvent) => Partial<BeadContext>) =>
  plan<BeadContext, BeadEvent>((context, event) => ({ context: patch(context, event) }));
const say = (messages: (context: BeadContext, event: BeadEvent) => Queued[]) =>
  plan<BeadContext, BeadEvent>((context, event) => ({ queue: messages(context, event) }));
const reasonIn = (event: BeadEvent, fallback: string) => ('reason' in event && event.reason) || fallback;

/** What a bead tells those who depend on it, and the people who are to look after it. */
function beadAlarms(policy: Policy) {
  return {
    announceClosed: say((context) => [publish('dependsOn', { type: 'DEPENDENCY.CLOSED', bead: context.id })]),
    announceFailed: say((context) => [publish('dependsOn', { type: 'DEPENDENCY.FAILED', bead: context.id })]),
    raiseFailed: say((context) => [
      raise(subject(context), 'failed', `bead ${context.id} failed: ${context.reason ?? 'no reason given'}`),
    ]),
    settleFailed: say((context) => [settle(subject(context), 'failed')]),
    raiseExhausted: say((context) => [
      raise(
        subject(context),
        'exhausted',
        `bead ${context.id} failed to start ${context.startFailures} times: ${context.reason ?? ''}`,
      ),
    ]),
    settleExhausted: say((context) => [settle(subject(context), 'exhausted')]),
    raiseBlocked: say((context) => [
      raise(subject(context), 'blocked', `bead ${context.id} is blocked: ${context.reason ?? ''}`),
    ]),
    settleBlocked: say((context) => [settle(subject(context), 'blocked')]),
    askForReview: plan<BeadContext, BeadEvent>((context) => {
      if (context.mergeTries < policy.mergeTriesMax) return {};
      const message = `bead ${context.id} can not be merged: ${context.reason ?? ''}`;
      return { context: { asked: true }, queue: [raise(subject(context), 'blocked', message)] };
    }),
    settleReview: plan<BeadContext, BeadEvent>((context) =>
      context.asked ? { context: { asked: false }, queue: [settle(subject(context), 'blocked')] } : {},
    ),
    raiseInput: say((context) => [
      raise(subject(context), 'input', `bead ${context.id} asks: ${context.reason ?? ''}`),
    ]),
    settleInput: say((context) => [settle(subject(context), 'input')]),
  };
}

/** All named actions of the bead, for `setup({ actions })`. */
export function beadActions(policy: Policy) {
  return {
    keepBrief: plan<BeadContext, BeadEvent>((context, event) => {
      const { input } = event as unknown as { input?: BeadInput };
      const about = [{ machine: 'bead', id: context.id }];
      return {
        queue: [
          { type: 'record', params: { kind: 'brief', id: context.id, about, body: { body: input?.body ?? '' } } },
        ],
      };
    }),
    dispatch: plan(dispatch),
    noteStarted: change(() => ({ startFailures: 0, reason: null })),
    countStartFailure: plan(countStartFailure),
    countRunFailure: plan(countRunFailure),
    // What never began cost nothing: the free ones are for runs that were lost.
    countEviction: change((context, event) => ({
      evictions: context.evictions + (event.type === 'RUN.EVICTED' && event.began ? 1 : 0),
      reason: reasonIn(event, 'evicted'),
    })),
    countRework: plan(countRework),
    noteReason: change((_, event) => ({ reason: reasonIn(event, event.type) })),
    noteStopped: change((_, event) => ({ reason: reasonIn(event, 'stopped'), backoffStep: 1 })),
    noteWork: plan(noteWork),
    noteMerge: plan(noteMerge),
    noteLate: plan<BeadContext, BeadEvent>((context, event) => ({
      context: { ...noteMerge(context, event).context, reason: 'its work was merged already when it was cancelled' },
    })),
    noteBlockage: plan(noteBlockage),
    addCost: change((context, event) => ({
      spentUsd: context.spentUsd + (event.type === 'SPENT' ? event.costUsd : 0),
    })),
    noteBudget: change((context) => ({ reason: `its budget is spent: ${context.spentUsd.toFixed(2)} USD` })),
    noteSpentTokens: change((context) => ({
      reason: `dispatched ${context.dispatches} times without coming to an end`,
    })),
    resetAttempts: change(() => ({ startFailures: 0, backoffStep: 0 })),
    closeDependency: plan(closeDependency),
    failDependency: plan(failDependency),
    reopenDependency: plan(reopenDependency),
    waiveDependencies: plan(waiveDependencies),
    reopen: plan(reopen),
    hold: change((_, event) => ({ held: true, reason: reasonIn(event, 'held by a person') })),
    dropHold: change(() => ({ held: false, reason: null })),
    noteEnding: change(() => ({ ending: true })),
    noteEnded: change(() => ({ ending: false })),
    fenceRun: say((context, event) => fence(context, `bead ${context.id}: ${event.type}`)),
    unhook: say(unhook),
    ...beadAlarms(policy),
  };
}
