/**
 * The bead: one unit of work that is open, in_progress, closed or failed.
 *
 * It hears of its run by messages in the same transaction and keeps what is its own: the counters of the work, the caps,
 * the waits, and the merge that makes "done" mean done. Whether a run is unconfirmed or suspect is its agent's business.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import {
  attemptsMax,
  type BeadContext,
  beadActions,
  dispatchesInHour,
  mergeParams,
  refillMs,
  runsMax,
} from './beadActions.ts';
import { backoffMs, type Policy } from './policy.ts';
import type { BeadEvent, BeadInput, MergeParams } from './vocabulary.ts';
import { reservedActions } from './wiring.ts';

export type { BeadContext } from './beadActions.ts';

/** True when the message is about the bead's latest dispatch. */
function isCurrent(context: BeadContext, event: BeadEvent): boolean {
  if (!('epoch' in event) || event.epoch !== context.epoch)
    return 'params' in event && event.params.epoch === context.epoch;
  return !('agent' in event) || event.agent === context.agent;
}

const merged = (event: BeadEvent) => event.type === 'effect.merge.succeeded' && event.result.kind === 'merged';

const beadSetup = (policy: Policy) =>
  setup({
    types: {} as { context: BeadContext; events: BeadEvent; input: BeadInput },
    delays: {
      backoff: ({ context }) => backoffMs(policy, context.backoffStep),
      cooldown: policy.cooldownMs,
      staleWork: policy.staleWorkMs,
      refill: ({ context, event }) => refillMs(context, event.at),
      mergePoll: policy.mergePollMs,
      mergeBlocked: policy.mergeBlockedMs,
    },
    guards: {
      isCurrentRun: ({ context, event }) => isCurrent(context, event),
      isNewEpoch: ({ context, event }) => event.type === 'DISPATCH' && event.epoch > context.epoch,
      isHeld: ({ context }) => context.held,
      hasOpenDependencies: ({ context }) => context.waitingFor.length > 0,
      hasFailedDependencies: ({ context }) => context.failedDependencies.length > 0,
      isLastDependency: ({ context, event }) =>
        event.type === 'DEPENDENCY.CLOSED' && context.waitingFor.every((id) => id === event.bead),
      isGenerationSpent: ({ context }) => context.dispatches >= policy.dispatchesMax,
      isHourSpent: ({ context, event }) => dispatchesInHour(context, event.at ?? 0) >= policy.dispatchesPerHour,
      isAtAttemptsCap: ({ context, event }) =>
        isCurrent(context, event) &&
        event.type === 'RUN.START_FAILED' &&
        event.charged &&
        context.startFailures + 1 >= attemptsMax(policy, context),
      keepsAgent: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'RUN.START_FAILED' && event.hooked,
      isAtRunsCap: ({ context, event }) =>
        isCurrent(context, event) && context.runFailures + 1 >= runsMax(policy, context),
      isFreeEviction: ({ context, event }) =>
        isCurrent(context, event) &&
        event.type === 'RUN.EVICTED' &&
        (!event.began || context.evictions < policy.evictionsFree),
      merges: ({ context, event }) => isCurrent(context, event) && context.merges,
      isMerged: ({ event }) => merged(event),
      isNothingAtRunsCap: ({ context, event }) =>
        addsNothing(event) && context.runFailures + 1 >= runsMax(policy, context),
      addsNothing: ({ event }) => addsNothing(event),
      isBlocked: ({ event }) => event.type === 'effect.merge.succeeded' && event.result.kind === 'blocked',
      isAtReworksCap: ({ context }) => context.reworks + 1 >= policy.reworksMax,
      isFoundMerged: ({ event }) => event.type === 'effect.probeMerge.succeeded' && event.result.commit !== null,
      hasMergeTriesLeft: ({ context }) => context.mergeTries < policy.mergeTriesMax,
      isOverBudget: ({ context, event }) => isOverBudget(policy, context, event),
    },
    actions: {
      ...reservedActions,
      ...beadActions(),
      merge: (_, _params: MergeParams) => {},
      probeMerge: (_, _params: MergeParams) => {},
    },
  });

function addsNothing(event: BeadEvent): boolean {
  return event.type === 'effect.merge.succeeded' && event.result.kind === 'nothing';
}

function isOverBudget(policy: Policy, context: BeadContext, event: BeadEvent): boolean {
  const budget = context.limits.budgetUsd ?? policy.beadBudgetUsd;
  return (
    event.type === 'SPENT' && isCurrent(context, event) && budget !== null && context.spentUsd + event.costUsd >= budget
  );
}

type Scene = { context: BeadContext };
const merge = { type: 'merge' as const, params: ({ context }: Scene) => mergeParams(context) };
const probeMerge = { type: 'probeMerge' as const, params: ({ context }: Scene) => mergeParams(context) };

const completed = [
  { guard: 'merges' as const, target: '#bead.in_progress.inReview', actions: 'noteWork' as const },
  { guard: 'isCurrentRun' as const, target: '#bead.closed.done', actions: 'noteWork' as const },
];
/** A run thought lost that speaks again, or reports late: the bead takes it back. */
const lateSigns = {
  'RUN.STARTED': {
    guard: 'isCurrentRun' as const,
    target: '#bead.in_progress.running',
    actions: 'noteStarted' as const,
  },
  'RUN.COMPLETED': completed,
};
const runFailed = [
  { guard: 'isAtRunsCap' as const, target: '#bead.failed.gaveUp', actions: 'countRunFailure' as const },
  { guard: 'isCurrentRun' as const, target: '#bead.open.backoff', actions: 'countRunFailure' as const },
];
const evicted = [
  { guard: 'isFreeEviction' as const, target: '#bead.open.ready', actions: 'countEviction' as const },
  {
    guard: 'isAtRunsCap' as const,
    target: '#bead.failed.gaveUp',
    actions: ['countEviction', 'countRunFailure'] as const,
  },
  {
    guard: 'isCurrentRun' as const,
    target: '#bead.open.backoff',
    actions: ['countEviction', 'countRunFailure'] as const,
  },
];
const rework = [
  { guard: 'isAtReworksCap' as const, target: '#bead.failed.reworkExhausted', actions: 'countRework' as const },
  { target: '#bead.open.backoff', actions: 'countRework' as const },
];

export const beadMachine = (policy: Policy) =>
  beadSetup(policy).createMachine({
    id: 'bead',
    description: 'One unit of work, from open to closed or failed.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', rig: input?.rig ?? '', title: input?.title ?? '', priority: input?.priority ?? 2 },
      ...{ labels: input?.labels ?? [], dependsOn: input?.dependsOn ?? [], waitingFor: input?.waitingFor ?? [] },
      failedDependencies: input?.failedDependencies ?? [],
      ...{ limits: input?.limits ?? {}, held: input?.held ?? false, merges: input?.merges ?? true, agent: null },
      ...{ epoch: 0, startFailures: 0, runFailures: 0, evictions: 0, reworks: 0, mergeTries: 0, backoffStep: 0 },
      ...{ generation: 1, dispatchedAt: [], dispatches: 0, spentUsd: 0, branch: null, head: null },
      ...{ mergeCommit: null, summary: null, reason: null },
    }),
    entry: 'keepBrief',
    initial: 'open',
    states: {
      open: {
        description: 'Nobody works on it.',
        initial: 'ready',
        on: {
          ...lateSigns,
          HOLD: { target: '.held', actions: ['hold', 'fenceRun'] },
          CANCEL: { target: '#bead.failed.cancelled', actions: ['noteReason', 'fenceRun'] },
          RESET: { target: '.ready', actions: 'resetAttempts' },
        },
        states: {
          ready: {
            description: 'Waits for a free agent; the sorting place of every return.',
            always: [
              { guard: 'isHeld', target: 'held' },
              { guard: 'hasFailedDependencies', target: 'blockedFailedDependency' },
              { guard: 'hasOpenDependencies', target: 'blockedDeps' },
              { guard: 'isGenerationSpent', target: '#bead.failed.gaveUp', actions: 'noteSpentTokens' },
              { guard: 'isHourSpent', target: 'throttled' },
            ],
            on: { DISPATCH: { guard: 'isNewEpoch', target: '#bead.in_progress', actions: 'dispatch' } },
          },
          blockedDeps: {
            description: 'Waits for beads that it depends on.',
            on: {
              'DEPENDENCY.CLOSED': [
                { guard: 'isLastDependency', target: 'ready', actions: 'closeDependency' },
                { actions: 'closeDependency' },
              ],
              'DEPENDENCY.FAILED': { target: 'ready', actions: 'failDependency' },
              RESET: { actions: 'resetAttempts' },
            },
          },
          blockedFailedDependency: {
            description: 'A bead that it depends on failed: a person decides.',
            entry: 'raiseBlocked',
            exit: 'settleBlocked',
            on: {
              'DEPENDENCY.CLOSED': { actions: 'closeDependency' },
              'DEPENDENCY.FAILED': { actions: 'failDependency' },
              'DEPENDENCY.REOPENED': { target: 'ready', actions: 'reopenDependency' },
              RELEASE: { target: 'ready', actions: 'waiveDependencies' },
              RESET: { actions: 'resetAttempts' },
            },
          },
          held: {
            description: 'A person holds it back.',
            on: {
              RELEASE: { target: 'ready', actions: 'dropHold' },
              HOLD: {},
              RESET: { actions: 'resetAttempts' },
              'DEPENDENCY.CLOSED': { actions: 'closeDependency' },
              'DEPENDENCY.REOPENED': { actions: 'reopenDependency' },
              'DEPENDENCY.FAILED': { actions: 'failDependency' },
            },
          },
          awaitingInput: {
            description: 'Its agent asked a person something.',
            entry: 'raiseInput',
            exit: 'settleInput',
            on: { RELEASE: { target: 'ready' }, RESET: { actions: 'resetAttempts' } },
          },
          backoff: { description: 'A run failed; the next waits.', after: { backoff: 'ready' } },
          throttled: {
            description: 'Dispatched as often in this hour as a bead may be.',
            after: { refill: 'ready' },
            on: { RESET: { actions: 'resetAttempts' } },
          },
          blockedConfig: {
            description: 'It can not start as its rig is configured.',
            entry: 'raiseBlocked',
            exit: 'settleBlocked',
            on: { CONFIG_CHANGED: { target: 'ready', actions: 'resetAttempts' } },
          },
        },
      },
      in_progress: {
        description: 'An agent has it, or its work is being merged.',
        initial: 'starting',
        on: {
          ...lateSigns,
          'RUN.FAILED': runFailed,
          'RUN.EVICTED': evicted,
          'RUN.STOPPED': { guard: 'isCurrentRun', target: '#bead.open.backoff', actions: 'noteStopped' },
          'RUN.IMPOSSIBLE': { guard: 'isCurrentRun', target: '#bead.failed.permanent', actions: 'noteReason' },
          'RUN.NEEDS_INPUT': { guard: 'isCurrentRun', target: '#bead.open.awaitingInput', actions: 'noteReason' },
          SPENT: [
            { guard: 'isOverBudget', target: '#bead.failed.budget', actions: ['addCost', 'noteBudget', 'fenceRun'] },
            { guard: 'isCurrentRun', actions: 'addCost' },
          ],
          CANCEL: { target: '#bead.failed.cancelled', actions: ['noteReason', 'fenceRun', 'unhook'] },
        },
        states: {
          starting: {
            description: 'Dispatched; its agent owns the wait for a sign of life.',
            on: {
              'RUN.START_FAILED': [
                {
                  guard: 'isAtAttemptsCap',
                  target: '#bead.failed.exhausted',
                  actions: ['countStartFailure', 'unhook'],
                },
                { guard: 'keepsAgent', target: 'retryWait', actions: 'countStartFailure' },
                { guard: 'isCurrentRun', target: '#bead.open.backoff', actions: 'countStartFailure' },
              ],
              'RUN.REJECTED': { guard: 'isCurrentRun', target: '#bead.open.blockedConfig', actions: 'noteReason' },
              HOLD: { target: 'stopping', actions: ['hold', 'fenceRun'] },
            },
          },
          running: {
            description: 'Its run lives; its agent owns every deadline of it.',
            on: { HOLD: { target: 'stopping', actions: ['hold', 'fenceRun'] } },
          },
          retryWait: {
            description: 'A start failed; its agent keeps it on the hook and rests.',
            after: { backoff: 'retryDue' },
            on: {
              HOLD: { target: '#bead.open.held', actions: ['hold', 'fenceRun', 'unhook'] },
              RESET: { target: 'retryDue', actions: 'resetAttempts' },
            },
          },
          retryDue: {
            description: 'May start again, on the same agent when it is to be had.',
            after: { staleWork: { target: '#bead.open.ready', actions: 'unhook' } },
            on: {
              DISPATCH: { guard: 'isNewEpoch', target: 'starting', actions: 'dispatch' },
              HOLD: { target: '#bead.open.held', actions: ['hold', 'fenceRun', 'unhook'] },
              RESET: { actions: 'resetAttempts' },
            },
          },
          stopping: {
            description: 'A person holds it; its run is being ended.',
            on: {
              'RUN.STOPPED': { guard: 'isCurrentRun', target: '#bead.open.ready' },
              'RUN.FAILED': { guard: 'isCurrentRun', target: '#bead.open.ready', actions: 'countRunFailure' },
              'RUN.EVICTED': { guard: 'isCurrentRun', target: '#bead.open.ready', actions: 'countEviction' },
              'RUN.START_FAILED': { guard: 'isCurrentRun', target: '#bead.open.ready', actions: 'unhook' },
              'RUN.REJECTED': { guard: 'isCurrentRun', target: '#bead.open.ready' },
              'RUN.STARTED': { guard: 'isCurrentRun' },
              RELEASE: { actions: 'dropHold' },
              HOLD: { actions: 'hold' },
            },
          },
          inReview: {
            description: 'The work is done; it is closed when it is merged.',
            initial: 'merging',
            states: {
              merging: {
                description: 'Merges of a rig go one after another, each with the tests on its result.',
                entry: merge,
                on: {
                  'effect.merge.succeeded': [
                    { guard: 'isMerged', target: '#bead.closed.merged', actions: 'noteMerge' },
                    { guard: 'isNothingAtRunsCap', target: '#bead.failed.gaveUp', actions: 'countRunFailure' },
                    { guard: 'addsNothing', target: '#bead.open.backoff', actions: 'countRunFailure' },
                    { guard: 'isBlocked', target: 'blocked', actions: 'noteBlockage' },
                    ...rework,
                  ],
                  'effect.merge.refused': rework,
                  'effect.merge.unanswered': { target: 'unconfirmed', actions: 'noteBlockage' },
                },
              },
              unconfirmed: {
                description: 'Nobody knows whether it was merged: the target branch is asked.',
                initial: 'asking',
                states: {
                  asking: {
                    entry: probeMerge,
                    on: {
                      'effect.probeMerge.succeeded': [
                        { guard: 'isFoundMerged', target: '#bead.closed.merged', actions: 'noteMerge' },
                        { guard: 'hasMergeTriesLeft', target: '#bead.in_progress.inReview.merging' },
                        { target: '#bead.in_progress.inReview.blocked' },
                      ],
                      'effect.probeMerge.refused': 'waiting',
                      'effect.probeMerge.unanswered': 'waiting',
                    },
                  },
                  waiting: { after: { mergePoll: 'asking' } },
                },
              },
              blocked: {
                description: 'Something is in the way of the merge; a person was told, and it is tried again.',
                entry: 'raiseBlocked',
                exit: 'settleBlocked',
                after: { mergeBlocked: 'merging' },
                on: { RESET: 'merging' },
              },
            },
          },
        },
      },
      closed: {
        description: 'Done, for ever.',
        initial: 'done',
        entry: 'announceClosed',
        states: {
          done: { description: 'Reported done; nothing to merge.' },
          merged: { description: 'Its work is in the target branch.' },
        },
      },
      failed: {
        description: 'Given up; only a person reopens it, but for what is exhausted, which heals.',
        initial: 'gaveUp',
        states: {
          exhausted: {
            description: 'Its starts failed too often in a row; heals when the cause may be gone.',
            entry: 'raiseExhausted',
            exit: 'settleExhausted',
            after: { cooldown: { target: '#bead.open.ready', actions: 'resetAttempts' } },
            on: {
              ...lateSigns,
              CONTAINER_RENEWED: { target: '#bead.open.ready', actions: 'resetAttempts' },
              BREAKER_CLOSED: { target: '#bead.open.ready', actions: 'resetAttempts' },
              CONFIG_CHANGED: { target: '#bead.open.ready', actions: 'resetAttempts' },
              RESET: { target: '#bead.open.ready', actions: 'resetAttempts' },
              CANCEL: { target: 'cancelled', actions: ['noteReason', 'fenceRun'] },
            },
          },
          gaveUp: {
            description: 'Too many runs were lost, or too many dispatches spent.',
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: { REOPEN: { target: '#bead.open', actions: 'reopen' } },
          },
          permanent: {
            description: 'Its agent reported that it can not be done as it is written.',
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: { REOPEN: { target: '#bead.open', actions: 'reopen' } },
          },
          reworkExhausted: {
            description: 'Its work conflicted or broke the tests too often.',
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: { REOPEN: { target: '#bead.open', actions: 'reopen' } },
          },
          budget: {
            description: 'It cost what it may cost.',
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: { REOPEN: { target: '#bead.open', actions: 'reopen' } },
          },
          cancelled: {
            description: 'A person cancelled it.',
            entry: 'announceFailed',
            on: { REOPEN: { target: '#bead.open', actions: 'reopen' } },
          },
        },
      },
    },
  });

export const beadDefinition = (policy: Policy) =>
  define(beadMachine(policy), {
    settings: policy,
    jitter: { backoff: policy.jitter, cooldown: policy.jitter },
    index: (context: BeadContext) => ({
      scope: context.rig,
      rank: context.priority,
      labels: context.labels,
      links: context.dependsOn.map((id) => ({ kind: 'dependsOn', to: { machine: 'bead', id } })),
    }),
  });
