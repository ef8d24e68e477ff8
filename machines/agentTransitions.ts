/**
 * Transitions that several states of the agent share, and the effects of a run, each with the run's own parameters.
 */
import { runParams } from './agentActions.ts';
import type { AgentContext } from './agentContext.ts';

type Scene = { context: AgentContext };

export const startRun = { type: 'startRun' as const, params: ({ context }: Scene) => runParams(context) };
export const probeRun = { type: 'probeRun' as const, params: ({ context }: Scene) => runParams(context) };
export const stopRun = { type: 'stopRun' as const, params: ({ context }: Scene) => runParams(context) };
export const nudgeRun = { type: 'nudgeRun' as const, params: ({ context }: Scene) => runParams(context) };
export const extendLease = { type: 'extend' as const, params: { delay: 'lease' } };
export const extendNudge = { type: 'extend' as const, params: { delay: 'nudge' } };
const extendAttended = { type: 'extend' as const, params: { delay: 'attended' } };

/** A start that failed: at once, in the commit that hears of it. The hook stays while there is a retry. */
const startFailed = [
  { guard: 'isAtAttemptsCap' as const, target: '#agent.idle.exhausted', actions: 'failStart' as const },
  { guard: 'isMine' as const, target: '#agent.idle.cooldown', actions: 'failStart' as const },
];

/** A refusal that has nothing to do with the bead: its rig stops, or only this agent where no other would meet it. */
export const startRefused = [
  { guard: 'isForGoodHere' as const, target: '#agent.idle.quarantined', actions: 'passOn' as const },
  { guard: 'isPermanent' as const, target: '#agent.idle.ready', actions: 'rejectStart' as const },
  { guard: 'isUnready' as const, target: '#agent.idle.ready', actions: 'deferStart' as const },
  ...startFailed,
];

/** A start that nobody could confirm is given up; what may live all the same is ended. */
export const startGivenUp = [
  { guard: 'isAtAttemptsCap' as const, target: '#agent.idle.exhausted', actions: ['failStart' as const, stopRun] },
  { guard: 'isMine' as const, target: '#agent.idle.cooldown', actions: ['failStart' as const, stopRun] },
];

/** A silent run is given up: what began is a lost run, what never began is a failed start; what may live is ended. */
export const givenUp = [
  { guard: 'isEvicted' as const, target: '#agent.exited.evicted', actions: ['evict' as const, stopRun] },
  { guard: 'hasBegun' as const, target: '#agent.exited.lost', actions: ['failRun' as const, stopRun] },
  ...startGivenUp,
];

/** An answer that settles nothing: it is asked again. */
export const unsure = { guard: 'isCurrentEpoch' as const, target: 'waiting' };
/** A run that never gave a sign of life is not there. */
export const startFoundAbsent = [
  { guard: 'isAbsentAtCap' as const, target: '#agent.idle.exhausted', actions: 'failStart' as const },
  { guard: 'saysAbsent' as const, target: '#agent.idle.cooldown', actions: 'failStart' as const },
];
export const foundAbsent = [
  { guard: 'isAbsentWithContainer' as const, target: '#agent.exited.evicted', actions: 'evict' as const },
  { guard: 'isAbsentAfterBegin' as const, target: '#agent.exited.lost', actions: 'failRun' as const },
  ...startFoundAbsent,
];

/** Late signs of a run that was given up but not fenced: truth wins over the guess. */
export const lateSigns = {
  HEARTBEAT: [
    { guard: 'isRevivable' as const, target: '#agent.working.running', actions: 'revive' as const },
    { guard: 'isCurrentEpoch' as const, actions: stopRun },
  ],
  DONE: { guard: 'isRevivable' as const, target: '#agent.exited.completed', actions: 'complete' as const },
  FAILED: [
    {
      guard: 'saysImpossibleLate' as const,
      target: '#agent.exited.crashed',
      actions: ['reportImpossible' as const, stopRun],
    },
    { guard: 'needsInputLate' as const, target: '#agent.exited.stopped', actions: ['askPerson' as const, stopRun] },
    // Its loss was charged when it was given up.
    { guard: 'isRevivable' as const, actions: ['forgetRun' as const, stopRun] },
  ],
  EXITED: [
    { guard: 'exitedLateWithWork' as const, target: '#agent.exited.completed', actions: 'complete' as const },
    { guard: 'isCurrentEpoch' as const, actions: 'forgetRun' as const },
  ],
  USAGE: { guard: 'isCurrentEpoch' as const, actions: 'addUsage' as const },
  FENCE: { guard: 'isRevivable' as const, actions: ['forgetRun' as const, stopRun] },
  CONTAINER_CLOSING: { guard: 'mayStillRun' as const, actions: ['forgetRun' as const, stopRun] },
};

/** What is heard while a person has the conversation: each message of theirs says that they are still there. */
export const attendedOn = {
  HEARTBEAT: { guard: 'isCurrentEpoch' as const, actions: extendLease },
  PROGRESS: { guard: 'isCurrentEpoch' as const, actions: ['noteProgress' as const, extendLease] },
  MESSAGE: { guard: 'hasRoomForMessage' as const, actions: ['keepMessage' as const, extendAttended] },
  TAKE_OVER: { actions: extendAttended },
  GIVE_BACK: { target: 'active', actions: 'giveBack' as const },
};
