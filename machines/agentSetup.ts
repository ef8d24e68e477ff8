/**
 * The agent's delays and guards: every number from the policy, every question about the epoch in one place.
 */
import { setup } from 'xstate';
import { agentActions, epochOf, isAboutRig, isCurrent, ranElsewhere, showsWork } from './agentActions.ts';
import type { AgentContext } from './agentContext.ts';
import { hasRoom, isUnheard } from './agentMessages.ts';
import { backoffMs, type Policy } from './policy.ts';
import type { AgentEvent, AgentInput, RunParams } from './vocabulary.ts';
import { reservedActions } from './wiring.ts';

function isMine(context: AgentContext, event: AgentEvent): boolean {
  const epoch = epochOf(event);
  return epoch === null || epoch === context.epoch;
}

function says(context: AgentContext, event: AgentEvent, status: 'running' | 'absent'): boolean {
  return isCurrent(context, event) && event.type === 'effect.probeRun.succeeded' && event.result.status === status;
}

export const agentSetup = (policy: Policy) =>
  setup({
    types: {} as { context: AgentContext; events: AgentEvent; input: AgentInput },
    delays: {
      startTimeout: policy.startTimeoutMs,
      unconfirmed: policy.unconfirmedMs,
      firstHeartbeat: policy.firstHeartbeatMs,
      probe: policy.probeMs,
      lease: policy.leaseMs,
      suspect: policy.suspectMs,
      wedge: policy.wedgeMs,
      nudge: policy.nudgeMs,
      escalate: policy.escalateMs,
      stall: policy.stallMs,
      attended: policy.attendedMs,
      maxRun: ({ context }) => context.maxRunMs ?? policy.maxRunMs,
      stop: policy.stopMs,
      recycle: policy.recycleMs,
      backoff: ({ context }) => backoffMs(policy, context.startFailures),
      cooldown: policy.cooldownMs,
    },
    guards: {
      isFree: ({ context, event }) =>
        event.type === 'ASSIGN' &&
        event.epoch > context.epoch &&
        (context.hook === null || context.hook === event.bead) &&
        (context.pinned === null || context.pinned === (event.container ?? context.container)),
      isCurrentEpoch: ({ context, event }) => isCurrent(context, event),
      isRevivable: ({ context, event }) => isCurrent(context, event) && context.revivable,
      isPermanent: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'effect.startRun.refused' && event.permanent,
      /** No other agent would be refused: it is the only one that is bound to its container. */
      isForGoodHere: ({ context, event }) =>
        isCurrent(context, event) &&
        event.type === 'effect.startRun.refused' &&
        event.permanent &&
        context.pinned !== null,
      isUnready: ({ context, event }) => isCurrent(context, event) && isAboutRig(event),
      isAtAttemptsCap: ({ context, event }) =>
        isMine(context, event) && context.startFailures + 1 >= policy.attemptsMax,
      isMine: ({ context, event }) => isMine(context, event),
      hasBegun: ({ context, event }) => isMine(context, event) && context.began,
      isEvicted: ({ context, event }) => isMine(context, event) && context.began && context.containerDown,
      isAbsentWithContainer: ({ context, event }) =>
        says(context, event, 'absent') && context.began && context.containerDown,
      isAbsentAtCap: ({ context, event }) =>
        says(context, event, 'absent') && context.startFailures + 1 >= policy.attemptsMax,
      isAbsentAfterBegin: ({ context, event }) => says(context, event, 'absent') && context.began,
      saysRunning: ({ context, event }) => says(context, event, 'running'),
      saysAbsent: ({ context, event }) => says(context, event, 'absent'),
      exitedWithWork: ({ context, event }) => isCurrent(context, event) && showsWork(event),
      exitedLateWithWork: ({ context, event }) => isCurrent(context, event) && context.revivable && showsWork(event),
      saysImpossible: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'FAILED' && event.class === 'permanent',
      saysMisconfigured: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'FAILED' && event.class === 'config',
      saysImpossibleLate: ({ context, event }) =>
        isCurrent(context, event) && context.revivable && event.type === 'FAILED' && event.class === 'permanent',
      needsInputLate: ({ context, event }) =>
        isCurrent(context, event) && context.revivable && event.type === 'FAILED' && event.class === 'needs_input',
      mayStillRun: ({ context }) => context.revivable,
      needsInput: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'FAILED' && event.class === 'needs_input',
      isActive: ({ context, event }) =>
        isCurrent(context, event) && event.type === 'HEARTBEAT' && event.active === true,
      ranElsewhere: ({ context, event }) => ranElsewhere(context, event),
      hasStopTriesLeft: ({ context }) => context.stopTries < policy.stopTriesMax,
      isPauseWanted: ({ context }) => context.pauseWanted,
      isHookedTo: ({ context, event }) => event.type === 'RELEASE' && event.bead === context.hook,
      isNotStopping: ({ context }) => context.stopTries === 0,
      isAttended: ({ context }) => context.attended === true,
      hasRoomForMessage: ({ context }) => hasRoom(context),
      isUnheard: ({ context, event }) => isCurrent(context, event) && isUnheard(context, event),
    },
    actions: {
      ...reservedActions,
      ...agentActions(policy),
      startRun: (_, _params: RunParams) => {},
      probeRun: (_, _params: RunParams) => {},
      stopRun: (_, _params: RunParams) => {},
      nudgeRun: (_, _params: RunParams) => {},
    },
  });
