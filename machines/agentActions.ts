/**
 * What an agent does and says as it moves: its guards' questions and its named actions, all pure.
 */
import type { AgentContext } from './agentContext.ts';
import { deliverable, forgetMessages, messagePlans, undelivered } from './agentMessages.ts';
import type { Policy } from './policy.ts';
import type { AgentEvent, Evidence, FailureClass, RunParams } from './vocabulary.ts';
import { attemptRecord, BREAKER, type Plan, plan, type Queued, raise, settle, tell } from './wiring.ts';

type AgentPlan = Plan<AgentContext>;
type End = { at: number; outcome: string; reason: string; tail?: string };

/** The epoch that an event speaks of: its own, or that of the effect whose outcome it is. */
export function epochOf(event: AgentEvent): number | null {
  if ('epoch' in event) return event.epoch;
  return 'params' in event ? event.params.epoch : null;
}

export function isCurrent(context: AgentContext, event: AgentEvent): boolean {
  return epochOf(event) === context.epoch;
}

/** Exit code 0 and at least one commit: evidence of work, whether or not `DONE` was said. */
export function showsWork(event: AgentEvent): boolean {
  return event.type === 'EXITED' && event.code === 0 && (event.evidence?.commits ?? 0) > 0;
}

/** The container is another one than the run was started in: that run is gone. */
export function ranElsewhere(context: AgentContext, event: AgentEvent): boolean {
  return (
    event.type === 'CONTAINER_RENEWED' && context.incarnation !== null && event.incarnation !== context.incarnation
  );
}

export const runParams = (context: AgentContext): RunParams => ({ ...runOf(context), container: context.container });

const runOf = (context: AgentContext) => ({ agent: context.id, bead: context.bead ?? '', epoch: context.epoch });

/** A refusal that time mends, of what every run of the rig needs. */
export function isAboutRig(event: AgentEvent): boolean {
  const details = event.type === 'effect.startRun.refused' ? event.details : null;
  return typeof details === 'object' && details !== null && 'scope' in details && details.scope === 'rig';
}

/** Ends the run's history row and frees its slot; every end of a run passes here. */
function close(context: AgentContext, end: End): Queued[] {
  const { at, tail, ...rest } = end;
  const { tokens, costUsd } = context;
  return [
    attemptRecord(runOf(context), { endedAt: at, ...rest, ...(tail ? { tail } : {}), tokens, costUsd }),
    tell('container', context.container, { type: 'VACATE', epoch: context.epoch }),
    ...undelivered(context),
  ];
}

const toBreaker = (type: 'SUCCESS' | 'FAILURE' | 'ENDED', context: AgentContext) =>
  tell('breaker', BREAKER, { type, epoch: context.epoch });

const tailOf = (event: AgentEvent) => (event.type === 'EXITED' && event.tail ? { tail: event.tail } : {});

export function reasonOf(event: AgentEvent): string {
  switch (event.type) {
    case 'effect.startRun.refused':
      return event.reason;
    case 'FAILED':
      return event.reason;
    case 'STOP':
      return event.reason ?? 'stopped by a person';
    case 'EXITED':
      return exitReason(event);
    case 'effect.probeRun.succeeded':
      return 'the container says that the run is not there';
    case 'CONTAINER_DOWN':
      return `container ${event.container} is down`;
    case 'CONTAINER_CLOSING':
      return `container ${event.container} was let go`;
    case 'CONTAINER_RENEWED':
      return `container ${event.container} restarted`;
    case 'FENCE':
      return event.cause;
    default:
      return timerReason(event.type);
  }
}

function exitReason(event: Extract<AgentEvent, { type: 'EXITED' }>): string {
  if (event.signal) return `ended by ${event.signal}`;
  if (event.code === 0) return 'ended without a commit and without a report';
  if (event.code === null) return 'its process is gone';
  return `ended with exit code ${event.code}`;
}

/** What a timer says when it fires, by the delay's name inside the event type that XState gives it. */
function timerReason(type: string): string {
  const reasons: Record<string, string> = {
    unconfirmed: 'the start was not confirmed: no answer, no heartbeat',
    suspect: 'no heartbeat, and nobody could say that the run lives',
    wedge: 'its process lives but sends no heartbeat',
    stall: 'no progress',
    maxRun: 'it ran longer than a run may',
    stop: 'it could not be stopped in time',
  };
  return reasons[type.split('.')[2] ?? ''] ?? type;
}

function takeBead(context: AgentContext, event: AgentEvent): AgentPlan {
  if (event.type !== 'ASSIGN') return {};
  const { bead, epoch, probe, maxRunMs, container = context.container, needs = [] } = event;
  const run = { agent: context.id, bead, epoch };
  const told = forgetMessages(context);
  // Told where it is, wherever the next one goes.
  const older: Queued[] = context.revivable ? [{ type: 'stopRun', params: runParams(context) }] : [];
  return {
    context: {
      ...{ hook: bead, bead, epoch, probe, maxRunMs, container },
      ...{ revivable: true, began: false, wanted: false, stopTries: 0 },
      ...{ incarnation: null, branch: null, reason: null, note: null, tokens: 0, costUsd: 0, containerDown: false },
      ...told.context,
    },
    queue: [
      ...told.queue,
      ...older,
      tell('container', container, { type: 'PLACE', epoch, needs }, { must: true }),
      tell('rig', context.rig, { type: 'DISPATCHED', epoch }, { must: true }),
      attemptRecord(run, { rig: context.rig, container, dispatchedAt: event.at }),
    ],
  };
}

function noteStart(context: AgentContext, event: AgentEvent): AgentPlan {
  if (event.type !== 'effect.startRun.succeeded') return {};
  const { incarnation, branch } = event.result;
  return {
    context: { incarnation, branch },
    queue: [
      tell('container', context.container, { type: 'SEEN', incarnation }),
      attemptRecord(runOf(context), { branch, incarnation }),
    ],
  };
}

/** The first proof of life: the start succeeded, whatever its call said. */
function begin(context: AgentContext, event: AgentEvent): AgentPlan {
  const { id: agent, epoch, bead } = context;
  const incarnation = (event.type === 'HEARTBEAT' ? event.incarnation : null) ?? context.incarnation;
  return {
    context: {
      ...{ began: true, revivable: true, startFailures: 0, hook: bead, reason: null, incarnation },
      containerDown: false,
    },
    queue: [
      tell('bead', bead ?? '', { type: 'RUN.STARTED', agent, epoch }, { must: true }),
      toBreaker('SUCCESS', context),
      attemptRecord(runOf(context), { startedAt: event.at, endedAt: null, outcome: null, reason: null }),
    ],
  };
}

/** A run that was given up lives: it is in its container again, whatever that is taken for. */
function revive(context: AgentContext, event: AgentEvent): AgentPlan {
  const { context: change, queue = [] } = begin(context, event);
  const revived = tell('container', context.container, { type: 'REVIVED', epoch: context.epoch });
  return { ...(change && { context: change }), queue: [...queue, revived, ...deliverable(context)] };
}

function failStart(policy: Policy) {
  return (context: AgentContext, event: AgentEvent): AgentPlan => {
    const { id: agent, epoch, bead, probe } = context;
    const startFailures = context.startFailures + 1;
    const hooked = startFailures < policy.attemptsMax;
    const reason = reasonOf(event);
    const failed = { type: 'RUN.START_FAILED' as const, agent, epoch, reason, charged: !probe, hooked };
    return {
      context: { startFailures, reason, hook: hooked ? context.hook : null },
      queue: [
        ...close(context, { at: event.at, outcome: 'start_failed', reason }),
        toBreaker('FAILURE', context),
        tell('bead', bead ?? '', failed),
      ],
    };
  };
}

function complete(context: AgentContext, event: AgentEvent): AgentPlan {
  const { id: agent, epoch, bead } = context;
  const evidence: Evidence | null = event.type === 'EXITED' ? event.evidence : null;
  const summary = event.type === 'DONE' ? (event.summary ?? '') : '';
  const branch = evidence?.branch ?? context.branch ?? '';
  const completed = { type: 'RUN.COMPLETED' as const, agent, epoch, branch, head: evidence?.head ?? null, summary };
  return {
    context: { hook: null, revivable: false, startFailures: 0, reason: null },
    queue: [
      ...close(context, { at: event.at, outcome: 'completed', reason: summary, ...tailOf(event) }),
      // One start is one success: a run that began was counted then.
      ...(context.began ? [] : [toBreaker('SUCCESS', context)]),
      tell('bead', bead ?? '', completed),
    ],
  };
}

/** The ends of a run that the bead hears of with a reason; each differs only in the word and in who is charged. */
function end(
  outcome: string,
  message: (context: AgentContext, event: AgentEvent, reason: string) => Queued | readonly Queued[],
) {
  return (context: AgentContext, event: AgentEvent): AgentPlan => {
    const reason = reasonOf(event);
    return {
      // Only what may still run somewhere can come back.
      context: { hook: null, reason, revivable: mayStillRun(event) },
      queue: [
        ...close(context, { at: event.at, outcome, reason, ...tailOf(event) }),
        toBreaker('ENDED', context),
        ...[message(context, event, reason)].flat(),
      ],
    };
  };
}

/** An exit, a report or a restart of the container is proof that the run is over, a closing its end; silence is not. */
function mayStillRun(event: AgentEvent): boolean {
  const over: AgentEvent['type'][] = [
    'EXITED',
    'FAILED',
    'CONTAINER_RENEWED',
    'CONTAINER_CLOSING',
    'effect.startRun.refused',
  ];
  return !over.includes(event.type);
}

const failRun = end('failed', ({ id: agent, epoch, bead }, event, reason) => {
  const blamed: FailureClass = event.type === 'FAILED' && event.class === 'work' ? 'work' : 'agent';
  return tell('bead', bead ?? '', { type: 'RUN.FAILED', agent, epoch, reason, class: blamed });
});
/** What would be refused to every agent of the rig is the rig's to wait for. */
function toRig({ rig, epoch, container }: AgentContext, reason: string, permanent: boolean): Queued {
  return tell('rig', rig, { type: 'START_REFUSED', epoch, container, reason, permanent });
}

/** The bead is free again, and charged with nothing, or with a run that had begun. */
function returnBead({ id: agent, epoch, bead, began }: AgentContext, reason: string): Queued {
  return tell('bead', bead ?? '', { type: 'RUN.EVICTED', agent, epoch, reason, began });
}

const rejectStart = end('rejected', (context, _, reason) => [
  tell('bead', context.bead ?? '', { type: 'RUN.REJECTED', agent: context.id, epoch: context.epoch, reason }),
  toRig(context, reason, true),
]);
const passOn = end('rejected', (context, _, reason) => returnBead(context, reason));
const deferStart = end('deferred', (context, _, reason) => [
  returnBead(context, reason),
  toRig(context, reason, false),
]);
const blockRig = end('misconfigured', (context, _, reason) => [
  returnBead(context, reason),
  toRig(context, reason, true),
]);
const reportImpossible = end('impossible', ({ id: agent, epoch, bead }, _, reason) =>
  tell('bead', bead ?? '', { type: 'RUN.IMPOSSIBLE', agent, epoch, reason }),
);
const askPerson = end('needs_input', ({ id: agent, epoch, bead }, _, reason) =>
  tell('bead', bead ?? '', { type: 'RUN.NEEDS_INPUT', agent, epoch, reason }),
);
const evict = end('evicted', ({ id: agent, epoch, bead, began, container, containerDown }, event, found) => {
  const reason = containerDown && mayStillRun(event) ? `container ${container} is down, and ${found}` : found;
  return tell('bead', bead ?? '', { type: 'RUN.EVICTED', agent, epoch, reason, began });
});

function endStopped(context: AgentContext, event: AgentEvent): AgentPlan {
  const { id: agent, epoch, bead, wanted } = context;
  const reason = context.reason ?? 'stopped';
  const told = wanted
    ? tell('bead', bead ?? '', { type: 'RUN.STOPPED', agent, epoch, reason })
    : tell('bead', bead ?? '', { type: 'RUN.FAILED', agent, epoch, reason, class: 'agent' });
  return {
    context: { hook: null, revivable: false },
    queue: [
      ...close(context, { at: event.at, outcome: 'stopped', reason, ...tailOf(event) }),
      toBreaker('ENDED', context),
      told,
    ],
  };
}

function addUsage(context: AgentContext, event: AgentEvent): AgentPlan {
  if (event.type !== 'USAGE') return {};
  const { costUsd } = event;
  return {
    context: { tokens: context.tokens + event.tokens, costUsd: context.costUsd + costUsd },
    queue: [
      tell('bead', context.bead ?? '', { type: 'SPENT', epoch: context.epoch, costUsd }),
      tell('breaker', BREAKER, { type: 'SPENT', costUsd }),
    ],
  };
}

const alarm = (cause: string, sentence: (context: AgentContext) => string) =>
  plan<AgentContext, AgentEvent>((context) => ({ queue: [raise(`agent/${context.id}`, cause, sentence(context))] }));
const calm = (cause: string) =>
  plan<AgentContext, AgentEvent>((context) => ({ queue: [settle(`agent/${context.id}`, cause)] }));
const change = (patch: (context: AgentContext, event: AgentEvent) => Partial<AgentContext>) =>
  plan<AgentContext, AgentEvent>((context, event) => ({ context: patch(context, event) }));

/** All named actions of the agent, for `setup({ actions })`. */
export function agentActions(policy: Policy) {
  return {
    takeBead: plan(takeBead),
    noteStart: plan(noteStart),
    begin: plan(begin),
    revive: plan(revive),
    failStart: plan(failStart(policy)),
    rejectStart: plan(rejectStart),
    passOn: plan(passOn),
    deferStart: plan(deferStart),
    blockRig: plan(blockRig),
    complete: plan(complete),
    failRun: plan(failRun),
    reportImpossible: plan(reportImpossible),
    askPerson: plan(askPerson),
    evict: plan(evict),
    endStopped: plan(endStopped),
    addUsage: plan(addUsage),
    keepMessage: plan(messagePlans.keepMessage),
    noteHeard: plan(messagePlans.noteHeard),
    takeOver: plan(messagePlans.takeOver),
    giveBack: plan(messagePlans.giveBack),
    resetAttempts: change(() => ({ startFailures: 0 })),
    noteRenewal: change((context, event) => ({
      startFailures: 0,
      revivable: context.revivable && !ranElsewhere(context, event),
    })),
    noteDown: change(() => ({ containerDown: true })),
    noteUp: change(() => ({ containerDown: false })),
    forgetRun: change(() => ({ revivable: false })),
    markStop: change((_, event) => ({
      reason: reasonOf(event),
      wanted: event.type === 'STOP' || event.type === 'FENCE',
      stopTries: 0,
    })),
    countStopTry: change((context) => ({ stopTries: context.stopTries + 1 })),
    noteProgress: change((context, event) => ({
      note: event.type === 'PROGRESS' && event.note ? event.note : context.note,
    })),
    wantPause: change(() => ({ pauseWanted: true })),
    dropPause: change(() => ({ pauseWanted: false })),
    release: change(() => ({ hook: null })),
    raiseQuarantine: alarm('quarantined', ({ id, reason }) => `agent ${id} cannot start: ${reason ?? 'unknown cause'}`),
    raiseExhausted: alarm(
      'exhausted',
      ({ id, startFailures, reason }) => `agent ${id} failed to start ${startFailures} times in a row: ${reason ?? ''}`,
    ),
    raiseStalled: alarm('stalled', ({ id, bead }) => `agent ${id} makes no progress on bead ${bead ?? ''}`),
    settleQuarantine: calm('quarantined'),
    settleExhausted: calm('exhausted'),
    settleStalled: calm('stalled'),
  };
}
