/**
 * The bead: one unit of work that is open, in_progress, closed or failed.
 *
 * It hears of its run by messages in the same transaction and keeps what is its own: the counters of the work, the
 * caps, the waits, and the merge that makes "done" mean done. Whether a run is unconfirmed or suspect is its agent's
 * business.
 */
import { define } from '../src/core/define.ts';
import type { BeadContext } from './beadActions.ts';
import { beadSetup } from './beadSetup.ts';
import {
  abortMerge,
  dependencies,
  evicted,
  lateSigns,
  merge,
  overBudget,
  probeMerge,
  reopened,
  reopenedAfterEnd,
  rework,
  runFailed,
} from './beadTransitions.ts';
import type { Policy } from './policy.ts';
import { ATTENTION } from './wiring.ts';

export type { BeadContext } from './beadActions.ts';

export const beadMachine = (policy: Policy) =>
  beadSetup(policy).createMachine({
    id: 'bead',
    description: 'One unit of work, from open to closed or failed.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', rig: input?.rig ?? '', title: input?.title ?? '', priority: input?.priority ?? 2 },
      ...{ labels: input?.labels ?? [], dependsOn: input?.dependsOn ?? [], waitingFor: input?.waitingFor ?? [] },
      failedDependencies: input?.failedDependencies ?? [],
      ...{ limits: input?.limits ?? {}, held: input?.held ?? false, merges: input?.merges ?? true, agent: null },
      ...{
        epoch: 0,
        ending: false,
        asked: false,
        startFailures: 0,
        runFailures: 0,
        evictions: 0,
        reworks: 0,
        mergeTries: 0,
        backoffStep: 0,
      },
      ...{ generation: 1, dispatchedAt: [], dispatches: 0, spentUsd: 0, branch: null, head: null },
      ...{ mergeCommit: null, summary: null, lesson: null, reason: null, container: null },
    }),
    entry: 'keepBrief',
    initial: 'open',
    states: {
      open: {
        description: 'Nobody works on it.',
        initial: 'ready',
        on: {
          ...lateSigns,
          ...dependencies,
          SPENT: { guard: 'isCurrentRun', actions: 'addCost' },
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
              { guard: 'isBudgetSpent', target: '#bead.failed.budget', actions: 'noteBudget' },
              { guard: 'isGenerationSpent', target: '#bead.failed.gaveUp', actions: 'noteSpentTokens' },
              { guard: 'isHourSpent', target: 'throttled' },
            ],
            on: {
              DISPATCH: { guard: 'isNewEpoch', target: '#bead.in_progress', actions: 'dispatch' },
              RESET: { actions: 'resetAttempts' },
            },
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
            tags: ATTENTION,
            entry: 'raiseBlocked',
            exit: 'settleBlocked',
            on: {
              'DEPENDENCY.REOPENED': { target: 'ready', actions: 'reopenDependency' },
              RELEASE: { target: 'ready', actions: 'waiveDependencies' },
              RESET: { actions: 'resetAttempts' },
            },
          },
          held: {
            description: 'A person holds it back.',
            tags: ATTENTION,
            on: {
              RELEASE: { target: 'ready', actions: 'dropHold' },
              HOLD: {},
              RESET: { actions: 'resetAttempts' },
            },
          },
          awaitingInput: {
            description: 'Its agent asked a person something.',
            tags: ATTENTION,
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
            description: 'It can not start as its rig is configured; it is woken with its rig, which told a person.',
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
          SPENT: { guard: 'isCurrentRun', actions: 'addCost' },
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
              CANCEL: { target: '#bead.failed.cancelled', actions: ['noteReason', 'fenceRun', 'noteEnding'] },
              ...overBudget,
            },
          },
          running: {
            description: 'Its run lives; its agent owns every deadline of it.',
            on: {
              HOLD: { target: 'stopping', actions: ['hold', 'fenceRun'] },
              CANCEL: { target: '#bead.failed.cancelled', actions: ['noteReason', 'fenceRun', 'noteEnding'] },
              ...overBudget,
            },
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
            always: [
              { guard: 'isGenerationSpent', target: '#bead.open.ready', actions: 'unhook' },
              { guard: 'isHourSpent', target: '#bead.open.ready', actions: 'unhook' },
            ],
            after: { staleWork: { target: '#bead.open.ready', actions: 'unhook' } },
            on: {
              DISPATCH: { guard: 'isRetry', target: 'starting', actions: 'dispatch' },
              HOLD: { target: '#bead.open.held', actions: ['hold', 'fenceRun', 'unhook'] },
              RESET: { actions: 'resetAttempts' },
            },
          },
          stopping: {
            description: 'A person held, or reopened it; its run is being ended.',
            on: {
              'RUN.STOPPED': { guard: 'isCurrentRun', target: '#bead.open.ready' },
              'RUN.FAILED': { guard: 'isCurrentRun', target: '#bead.open.ready', actions: 'countRunFailure' },
              'RUN.STARTED': { guard: 'isCurrentRun' },
              RELEASE: { actions: 'dropHold' },
              HOLD: { actions: 'hold' },
              CANCEL: { target: '#bead.failed.cancelled', actions: ['noteReason', 'fenceRun', 'noteEnding'] },
              ...overBudget,
            },
          },
          inReview: {
            description: 'The work is done; it is closed when it is merged.',
            initial: 'merging',
            exit: 'settleReview',
            states: {
              merging: {
                description: 'Merges of a rig go one after another, each with the tests on its result.',
                entry: merge,
                on: {
                  CANCEL: { target: 'cancelling', actions: ['noteReason', 'fenceRun', 'unhook'] },
                  'effect.merge.succeeded': [
                    { guard: 'isOfAnotherDispatch' },
                    { guard: 'isMerged', target: '#bead.closed.merged', actions: 'noteMerge' },
                    { guard: 'isNothingAtRunsCap', target: '#bead.failed.gaveUp', actions: 'countRunFailure' },
                    { guard: 'addsNothing', target: '#bead.open.backoff', actions: 'countRunFailure' },
                    { guard: 'isBlocked', target: 'blocked', actions: 'noteBlockage' },
                    ...rework,
                  ],
                  'effect.merge.refused': [{ guard: 'isOfAnotherDispatch' }, ...rework],
                  'effect.merge.unanswered': { guard: 'isCurrentRun', target: 'unconfirmed', actions: 'noteBlockage' },
                },
              },
              unconfirmed: {
                description: 'Nobody knows whether it was merged: the target branch is asked.',
                initial: 'asking',
                on: { CANCEL: { target: 'cancelling', actions: ['noteReason', 'fenceRun', 'unhook'] } },
                states: {
                  asking: {
                    description: 'The target branch is looked at.',
                    entry: probeMerge,
                    on: {
                      'effect.probeMerge.succeeded': [
                        { guard: 'isOfAnotherDispatch' },
                        { guard: 'isFoundMerged', target: '#bead.closed.merged', actions: 'noteMerge' },
                        { guard: 'hasMergeTriesLeft', target: '#bead.in_progress.inReview.merging' },
                        { target: '#bead.in_progress.inReview.blocked' },
                      ],
                      'effect.probeMerge.refused': { target: 'waiting', actions: 'noteBlockage' },
                      'effect.probeMerge.unanswered': { target: 'waiting', actions: 'noteBlockage' },
                    },
                  },
                  waiting: {
                    description: 'Until the target branch is asked again; a person is told in time.',
                    entry: 'askForReview',
                    after: { mergePoll: 'asking' },
                  },
                },
              },
              blocked: {
                description: 'Something is in the way of the merge; it is tried again, and a person is told in time.',
                tags: ATTENTION,
                entry: 'askForReview',
                after: { mergeBlocked: 'merging' },
                on: { RESET: 'merging' },
              },
              cancelling: {
                description: 'A person cancelled it while it was merged: whether it landed is found out first.',
                initial: 'aborting',
                on: {
                  CANCEL: { actions: 'noteReason' },
                  'effect.merge.succeeded': {
                    guard: 'isMergedNow',
                    target: '#bead.closed.merged',
                    actions: 'noteLate',
                  },
                },
                states: {
                  aborting: {
                    description: 'The merge is called off, and the target branch says whether that was in time.',
                    entry: abortMerge,
                    on: {
                      'effect.abortMerge.succeeded': [
                        { guard: 'isOfAnotherDispatch' },
                        { guard: 'isFoundMerged', target: '#bead.closed.merged', actions: 'noteLate' },
                        { target: '#bead.failed.cancelled' },
                      ],
                      'effect.abortMerge.refused': { target: 'waiting', actions: 'noteBlockage' },
                      'effect.abortMerge.unanswered': { target: 'waiting', actions: 'noteBlockage' },
                    },
                  },
                  waiting: {
                    description: 'Until the target branch is asked again; a person is told in time.',
                    entry: 'askForReview',
                    after: { mergePoll: 'aborting' },
                  },
                },
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
        on: {
          ...dependencies,
          SPENT: { guard: 'isCurrentRun', actions: 'addCost' },
          'RUN.STOPPED': { guard: 'isCurrentRun', actions: 'noteEnded' },
          'RUN.FAILED': { guard: 'isCurrentRun', actions: 'noteEnded' },
          'RUN.COMPLETED': { guard: 'isCurrentRun', actions: 'noteEnded' },
        },
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
            tags: ATTENTION,
            // The run that was lost last may still live: nobody waits for it any more.
            entry: ['announceFailed', 'raiseFailed', 'fenceRun'],
            exit: 'settleFailed',
            on: reopened,
          },
          permanent: {
            description: 'Its agent reported that it can not be done as it is written.',
            tags: ATTENTION,
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: reopened,
          },
          reworkExhausted: {
            description: 'Its work conflicted or broke the tests too often.',
            tags: ATTENTION,
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: reopened,
          },
          budget: {
            description: 'It cost what it may cost.',
            tags: ATTENTION,
            entry: ['announceFailed', 'raiseFailed'],
            exit: 'settleFailed',
            on: reopenedAfterEnd,
          },
          cancelled: {
            description: 'A person cancelled it.',
            entry: 'announceFailed',
            on: reopenedAfterEnd,
          },
        },
      },
    },
  });

export const beadDefinition = (policy: Policy) =>
  define(beadMachine(policy), {
    settings: policy,
    jitter: { backoff: policy.jitter, cooldown: policy.jitter },
    defaults: { container: null },
    index: (context: BeadContext) => ({
      scope: context.rig,
      rank: context.priority,
      labels: context.labels,
      links: context.dependsOn.map((id) => ({ kind: 'dependsOn', to: { machine: 'bead', id } })),
    }),
  });
