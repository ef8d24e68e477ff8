/**
 * The agent: a worker with an identity that is idle, working or exited.
 *
 * Its `working` state is the handshake of a run, fenced by the epoch of its dispatch. No start is taken for failed
 * because it did not answer, none for done because it is quiet: each doubt is a state with a question, a deadline
 * and two exits.
 */
import { define } from '../src/core/define.ts';
import type { AgentContext } from './agentContext.ts';
import { agentSetup } from './agentSetup.ts';
import {
  attendedOn,
  extendLease,
  extendNudge,
  foundAbsent,
  givenUp,
  lateSigns,
  nudgeRun,
  probeRun,
  startFoundAbsent,
  startGivenUp,
  startRefused,
  startRun,
  stopRun,
  unsure,
} from './agentTransitions.ts';
import type { Policy } from './policy.ts';
import { ATTENTION, BREAKER, TOWN } from './wiring.ts';

export type { AgentContext } from './agentContext.ts';

export const agentMachine = (policy: Policy) =>
  agentSetup(policy).createMachine({
    id: 'agent',
    description: 'A worker with an identity; at most one run at a time, fenced by its epoch.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', rig: input?.rig ?? '', role: input?.role ?? '', container: input?.container ?? '' },
      ...{ hook: null, bead: null, epoch: 0, probe: false, revivable: false, began: false, startFailures: 0 },
      ...{ stopTries: 0, incarnation: null, branch: null, maxRunMs: null, pauseWanted: false, reason: null },
      ...{ containerDown: false, wanted: false, note: null, tokens: 0, costUsd: 0, pinned: input?.pinned ?? null },
    }),
    initial: 'idle',
    states: {
      idle: {
        description: 'No run that anybody waits for.',
        initial: 'ready',
        on: {
          ...lateSigns,
          RELEASE: { guard: 'isHookedTo', actions: 'release' },
          CONTAINER_RENEWED: { actions: 'noteRenewal' },
          CONFIG_CHANGED: { actions: 'resetAttempts' },
          BREAKER_CLOSED: { actions: 'resetAttempts' },
          RESET: { actions: 'resetAttempts' },
          RESUME: { actions: 'dropPause' },
        },
        states: {
          ready: {
            description: 'Free, or hooked to a bead whose retry is due.',
            always: { guard: 'isPauseWanted', target: 'paused' },
            on: {
              ASSIGN: { guard: 'isFree', target: '#agent.working', actions: 'takeBead' },
              PAUSE: { target: 'paused', actions: 'wantPause' },
            },
          },
          cooldown: {
            description: 'A start failed; it keeps its hook and waits out the backoff.',
            after: { backoff: 'ready' },
            on: {
              CONTAINER_RENEWED: { target: 'ready', actions: 'noteRenewal' },
              CONFIG_CHANGED: { target: 'ready', actions: 'resetAttempts' },
              BREAKER_CLOSED: { target: 'ready', actions: 'resetAttempts' },
              RESET: { target: 'ready', actions: 'resetAttempts' },
              PAUSE: { actions: 'wantPause' },
            },
          },
          exhausted: {
            description: 'Too many starts failed in a row; heals by itself.',
            entry: 'raiseExhausted',
            exit: 'settleExhausted',
            after: { cooldown: { target: 'ready', actions: 'resetAttempts' } },
            on: {
              CONTAINER_RENEWED: { target: 'ready', actions: 'noteRenewal' },
              CONFIG_CHANGED: { target: 'ready', actions: 'resetAttempts' },
              BREAKER_CLOSED: { target: 'ready', actions: 'resetAttempts' },
              RESET: { target: 'ready', actions: 'resetAttempts' },
              PAUSE: { actions: 'wantPause' },
            },
          },
          quarantined: {
            description:
              'It is bound to a container that can not start its runs; others of its rig may go on elsewhere.',
            tags: ATTENTION,
            entry: 'raiseQuarantine',
            exit: 'settleQuarantine',
            on: {
              CONFIG_CHANGED: { target: 'ready', actions: 'resetAttempts' },
              RESET: { target: 'ready', actions: 'resetAttempts' },
              PAUSE: { actions: 'wantPause' },
            },
          },
          paused: {
            description: 'A person wants it to rest.',
            on: {
              RESUME: { target: 'ready', actions: 'dropPause' },
              CONFIG_CHANGED: { actions: 'resetAttempts' },
            },
          },
        },
      },
      working: {
        description: 'A run of the current epoch lives, or may live.',
        initial: 'dispatching',
        after: { maxRun: { guard: 'isNotStopping', target: '.stopping', actions: 'markStop' } },
        on: {
          DONE: { guard: 'isCurrentEpoch', target: '#agent.exited.completed', actions: 'complete' },
          FAILED: [
            { guard: 'saysImpossible', target: '#agent.exited.crashed', actions: ['reportImpossible', stopRun] },
            { guard: 'needsInput', target: '#agent.exited.stopped', actions: ['askPerson', stopRun] },
            { guard: 'saysMisconfigured', target: '#agent.exited.crashed', actions: ['blockRig', stopRun] },
            { guard: 'isCurrentEpoch', target: '#agent.exited.crashed', actions: ['failRun', stopRun] },
          ],
          EXITED: [
            { guard: 'exitedWithWork', target: '#agent.exited.completed', actions: 'complete' },
            { guard: 'isCurrentEpoch', target: '#agent.exited.crashed', actions: 'failRun' },
          ],
          CONTAINER_RENEWED: [
            // Gone with its container; told to end all the same, in case that the container did not say the truth.
            { guard: 'ranElsewhere', target: '#agent.exited.evicted', actions: ['evict', 'resetAttempts', stopRun] },
            { actions: 'resetAttempts' },
          ],
          CONTAINER_DOWN: { target: '#agent.exited.evicted', actions: 'evict' },
          CONTAINER_CLOSING: { target: '#agent.exited.evicted', actions: ['evict', stopRun] },
          // The answer to a start may come after the heartbeat that proved it.
          'effect.startRun.succeeded': { guard: 'isCurrentEpoch', actions: 'noteStart' },
          USAGE: { guard: 'isCurrentEpoch', actions: 'addUsage' },
          PROGRESS: { guard: 'isCurrentEpoch', actions: 'noteProgress' },
          MESSAGE: { guard: 'hasRoomForMessage', actions: 'keepMessage' },
          MESSAGE_TAKEN: { guard: 'isUnheard', actions: 'noteHeard' },
          GIVE_BACK: { guard: 'isAttended', actions: 'giveBack' },
          STOP: { target: '.stopping', actions: 'markStop' },
          FENCE: { guard: 'isCurrentEpoch', target: '.stopping', actions: 'markStop' },
          PAUSE: { actions: 'wantPause' },
          RESUME: { actions: 'dropPause' },
          RESET: { actions: 'resetAttempts' },
          CONFIG_CHANGED: { actions: 'resetAttempts' },
          BREAKER_CLOSED: { actions: 'resetAttempts' },
        },
        states: {
          dispatching: {
            description: 'The start call is on its way.',
            entry: startRun,
            after: { startTimeout: 'unconfirmed' },
            on: {
              'effect.startRun.succeeded': { guard: 'isCurrentEpoch', target: 'starting', actions: 'noteStart' },
              'effect.startRun.refused': startRefused,
              'effect.startRun.unanswered': { guard: 'isCurrentEpoch', target: 'unconfirmed' },
              HEARTBEAT: { guard: 'isCurrentEpoch', target: 'running', actions: 'begin' },
            },
          },
          starting: {
            description: 'The container accepted the start; its first heartbeat is awaited.',
            after: { firstHeartbeat: 'suspect' },
            on: { HEARTBEAT: { guard: 'isCurrentEpoch', target: 'running', actions: 'begin' } },
          },
          unconfirmed: {
            description: 'Nobody knows whether it started: not failed, not running.',
            initial: 'asking',
            after: { unconfirmed: startGivenUp },
            on: {
              'effect.startRun.succeeded': { guard: 'isCurrentEpoch', target: 'starting', actions: 'noteStart' },
              'effect.startRun.refused': startRefused,
              HEARTBEAT: { guard: 'isCurrentEpoch', target: 'running', actions: 'begin' },
            },
            states: {
              asking: {
                entry: probeRun,
                on: {
                  'effect.probeRun.succeeded': [
                    { guard: 'saysRunning', target: '#agent.working.starting' },
                    ...startFoundAbsent,
                    unsure,
                  ],
                  'effect.probeRun.refused': unsure,
                  'effect.probeRun.unanswered': unsure,
                },
              },
              waiting: { after: { probe: 'asking' } },
            },
          },
          running: {
            description: 'Heartbeats come. Each renews the lease; silence makes it suspect.',
            initial: 'active',
            after: { lease: 'suspect' },
            on: {
              // Its own word counts for more than the silence of others.
              CONTAINER_DOWN: { target: 'suspect', actions: 'noteDown' },
              TAKE_OVER: { target: '.attended', actions: 'takeOver' },
            },
            states: {
              active: {
                description: 'It makes progress.',
                // Back from a doubt, with a person who never left.
                always: { guard: 'isAttended', target: 'attended' },
                after: { nudge: 'quiet' },
                on: {
                  HEARTBEAT: [
                    { guard: 'isActive', actions: [extendLease, extendNudge] },
                    { guard: 'isCurrentEpoch', actions: extendLease },
                  ],
                  PROGRESS: { guard: 'isCurrentEpoch', actions: ['noteProgress', extendLease, extendNudge] },
                },
              },
              quiet: {
                description: 'It lives but shows no progress; it was nudged.',
                entry: nudgeRun,
                after: { escalate: 'stalled' },
                on: {
                  HEARTBEAT: [
                    { guard: 'isActive', target: 'active', actions: extendLease },
                    { guard: 'isCurrentEpoch', actions: extendLease },
                  ],
                  PROGRESS: { guard: 'isCurrentEpoch', target: 'active', actions: ['noteProgress', extendLease] },
                },
              },
              stalled: {
                description: 'A person was told; next it is stopped.',
                tags: ATTENTION,
                entry: 'raiseStalled',
                exit: 'settleStalled',
                after: { stall: { target: '#agent.working.stopping', actions: 'markStop' } },
                on: {
                  HEARTBEAT: [
                    { guard: 'isActive', target: 'active', actions: extendLease },
                    { guard: 'isCurrentEpoch', actions: extendLease },
                  ],
                  PROGRESS: { guard: 'isCurrentEpoch', target: 'active', actions: ['noteProgress', extendLease] },
                },
              },
              attended: {
                description: 'A person has its conversation: nobody judges its progress until they give it back.',
                after: { attended: { target: 'active', actions: 'giveBack' } },
                on: attendedOn,
              },
            },
          },
          suspect: {
            description: 'No heartbeat. It is asked after before anything is concluded.',
            initial: 'doubted',
            on: {
              HEARTBEAT: [
                { guard: 'hasBegun', target: 'running', actions: 'noteUp' },
                { guard: 'isCurrentEpoch', target: 'running', actions: 'begin' },
              ],
              CONTAINER_DOWN: [
                { guard: 'hasBegun', actions: 'noteDown' },
                { target: '#agent.exited.evicted', actions: 'evict' },
              ],
            },
            states: {
              doubted: {
                initial: 'asking',
                after: { suspect: givenUp },
                states: {
                  asking: {
                    entry: probeRun,
                    on: {
                      'effect.probeRun.succeeded': [
                        { guard: 'saysRunning', target: '#agent.working.suspect.proven' },
                        ...foundAbsent,
                        unsure,
                      ],
                      'effect.probeRun.refused': unsure,
                      'effect.probeRun.unanswered': unsure,
                    },
                  },
                  waiting: { after: { probe: 'asking' } },
                },
              },
              proven: {
                description: 'Its process is seen, but it is silent: wedged, unless it speaks.',
                initial: 'waiting',
                after: { wedge: givenUp },
                states: {
                  waiting: { after: { probe: 'asking' } },
                  asking: {
                    entry: probeRun,
                    on: {
                      'effect.probeRun.succeeded': [...foundAbsent, unsure],
                      'effect.probeRun.refused': unsure,
                      'effect.probeRun.unanswered': unsure,
                    },
                  },
                },
              },
            },
          },
          stopping: {
            description: 'It was told to end; three tries, then it is fenced and swept.',
            entry: ['countStopTry', stopRun],
            after: {
              stop: [
                { guard: 'hasStopTriesLeft', target: 'stopping', reenter: true },
                // Nobody waits for it any more; it is told until it is known to be gone.
                { target: '#agent.exited.stopped', actions: ['endStopped', stopRun] },
              ],
            },
            on: {
              'effect.stopRun.succeeded': {
                guard: 'isCurrentEpoch',
                target: '#agent.exited.stopped',
                actions: 'endStopped',
              },
              EXITED: { guard: 'isCurrentEpoch', target: '#agent.exited.stopped', actions: 'endStopped' },
              FAILED: { guard: 'isCurrentEpoch', target: '#agent.exited.stopped', actions: ['endStopped', stopRun] },
              CONTAINER_DOWN: { target: '#agent.exited.stopped', actions: ['endStopped', stopRun] },
              CONTAINER_CLOSING: { target: '#agent.exited.stopped', actions: ['endStopped', stopRun] },
              CONTAINER_RENEWED: { target: '#agent.exited.stopped', actions: ['endStopped', 'resetAttempts'] },
              HEARTBEAT: { guard: 'isCurrentEpoch' },
              STOP: {},
              FENCE: { guard: 'isCurrentEpoch' },
            },
          },
        },
      },
      exited: {
        description: 'Its run is over; the reason is kept while it rests.',
        initial: 'completed',
        after: { recycle: 'idle' },
        on: {
          ...lateSigns,
          HEARTBEAT: [
            { guard: 'isRevivable', target: '#agent.working.running', actions: 'revive' },
            { guard: 'isCurrentEpoch' },
          ],
          CONTAINER_RENEWED: { actions: 'noteRenewal' },
          CONFIG_CHANGED: { actions: 'resetAttempts' },
          BREAKER_CLOSED: { actions: 'resetAttempts' },
          RESET: { actions: 'resetAttempts' },
          PAUSE: { actions: 'wantPause' },
          RESUME: { actions: 'dropPause' },
        },
        states: {
          completed: { description: 'It reported that it is done, or ended with work to show.' },
          crashed: { description: 'It ended without finishing.' },
          lost: { description: 'It fell silent; it may still live, and may come back.' },
          evicted: { description: 'Its container went away.' },
          stopped: { description: 'It was ended on purpose.' },
        },
      },
    },
  });

const fencedTypes = ['HEARTBEAT', 'PROGRESS', 'USAGE', 'DONE', 'FAILED', 'EXITED', 'MESSAGE_TAKEN'];

export const agentDefinition = (policy: Policy) =>
  define(agentMachine(policy), {
    settings: policy,
    jitter: { backoff: policy.jitter, cooldown: policy.jitter },
    liveness: [
      'startTimeout',
      'unconfirmed',
      'firstHeartbeat',
      'lease',
      'suspect',
      'wedge',
      'nudge',
      'escalate',
      'stall',
      'attended',
    ],
    defaults: { pinned: null },
    index: (context: AgentContext) => ({
      scope: context.rig,
      labels: [context.role],
      links: [
        ...(context.container === ''
          ? []
          : [{ kind: 'hostedBy', to: { machine: 'container', id: context.container } }]),
        { kind: 'guardedBy', to: { machine: 'breaker', id: BREAKER } },
        { kind: 'memberOf', to: { machine: 'town', id: TOWN } },
        { kind: 'worksOn', to: { machine: 'rig', id: context.rig } },
      ],
    }),
    fence: (context: AgentContext, event) =>
      fencedTypes.includes(event.type) && event.epoch !== context.epoch
        ? `agent ${context.id} is at epoch ${context.epoch}, the message is of epoch ${String(event.epoch)}: ` +
          'that run was replaced and should end'
        : null,
  });
