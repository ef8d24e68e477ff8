/**
 * The bead's delays and guards: every cap from the policy or the bead's own limits, every question about the run in one
 * place.
 */
import { setup } from 'xstate';
import {
  attemptsMax,
  type BeadContext,
  beadActions,
  budgetUsd,
  dispatchesInHour,
  refillMs,
  runsMax,
} from './beadActions.ts';
import { backoffMs, type Policy } from './policy.ts';
import type { BeadEvent, BeadInput, MergeParams } from './vocabulary.ts';
import { reservedActions } from './wiring.ts';

/** True when the message is about the bead's latest dispatch. */
function isCurrent(context: BeadContext, event: BeadEvent): boolean {
  if (!('epoch' in event) || event.epoch !== context.epoch)
    return 'params' in event && event.params.epoch === context.epoch;
  return !('agent' in event) || event.agent === context.agent;
}

const merged = (event: BeadEvent) => event.type === 'effect.merge.succeeded' && event.result.kind === 'merged';

export const beadSetup = (policy: Policy) =>
  setup({
    types: {} as { context: BeadContext; events: BeadEvent; input: BeadInput },
    delays: {
      backoff: ({ context }) => backoffMs(policy, context.backoffStep),
      cooldown: policy.cooldownMs,
      staleWork: policy.staleWorkMs,
      refill: ({ context, event }) => refillMs(context, event.at),
      // Once a person was asked, there is no hurry.
      mergePoll: ({ context }) =>
        context.mergeTries < policy.mergeTriesMax
          ? policy.mergePollMs
          : Math.max(policy.mergePollMs, policy.mergeBlockedMs),
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
      isBudgetSpent: ({ context }) => context.spentUsd >= (budgetUsd(policy, context) ?? Number.POSITIVE_INFINITY),
      isEnding: ({ context }) => context.ending,
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
      isRetry: ({ context, event }) =>
        event.type === 'DISPATCH' && event.epoch > context.epoch && event.agent === context.agent,
      /** The outcome of a merge that an earlier dispatch asked for says nothing about this one. */
      isOfAnotherDispatch: ({ context, event }) => !isCurrent(context, event),
      isMerged: ({ event }) => merged(event),
      isNothingAtRunsCap: ({ context, event }) =>
        addsNothing(event) && context.runFailures + 1 >= runsMax(policy, context),
      addsNothing: ({ event }) => addsNothing(event),
      isBlocked: ({ event }) => event.type === 'effect.merge.succeeded' && event.result.kind === 'blocked',
      isAtReworksCap: ({ context }) => context.reworks + 1 >= policy.reworksMax,
      isMergedNow: ({ context, event }) => isCurrent(context, event) && merged(event),
      isFoundMerged: ({ event }) =>
        (event.type === 'effect.probeMerge.succeeded' || event.type === 'effect.abortMerge.succeeded') &&
        event.result.commit !== null,
      hasMergeTriesLeft: ({ context }) => context.mergeTries < policy.mergeTriesMax,
      isOverBudget: ({ context, event }) => isOverBudget(policy, context, event),
    },
    actions: {
      ...reservedActions,
      ...beadActions(policy),
      merge: (_, _params: MergeParams) => {},
      probeMerge: (_, _params: MergeParams) => {},
      abortMerge: (_, _params: MergeParams) => {},
    },
  });

function addsNothing(event: BeadEvent): boolean {
  return event.type === 'effect.merge.succeeded' && event.result.kind === 'nothing';
}

function isOverBudget(policy: Policy, context: BeadContext, event: BeadEvent): boolean {
  if (event.type !== 'SPENT' || !isCurrent(context, event)) return false;
  return context.spentUsd + event.costUsd >= (budgetUsd(policy, context) ?? Number.POSITIVE_INFINITY);
}
