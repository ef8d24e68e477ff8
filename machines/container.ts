/**
 * The container: what hosts the runs of agents. It is made when there is demand, watched while it hosts runs, and let go
 * when it has been empty for long. Its incarnation tells a restart from a bad connection.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import { doublingMs, type Policy } from './policy.ts';
import type { ContainerEvent, ContainerInput, HealParams } from './vocabulary.ts';
import { type Plan, plan, publish, raise, reservedActions, settle } from './wiring.ts';

const RESTART_WINDOW_MS = 600_000;

export type ContainerContext = {
  id: string;
  incarnation: string | null;
  /** Epochs that it hosts. */
  runs: number[];
  /** Health checks without an answer in a row. */
  misses: number;
  /** Provisions that failed in a row: the exponent of the backoff. */
  failures: number;
  /** Times of its restarts in the last ten minutes. */
  restartedAt: number[];
  /** It restarted too often: one run at a time, so that the one that breaks it is known. */
  probation: boolean;
  reason: string | null;
};

const act = (decide: (context: ContainerContext, event: ContainerEvent) => Plan<ContainerContext>) => plan(decide);

const incarnationOf = (event: ContainerEvent): string | null => {
  if (event.type === 'SEEN') return event.incarnation;
  if (event.type === 'effect.provision.succeeded') return event.result.incarnation;
  return event.type === 'effect.checkHealth.succeeded' ? event.result.incarnation : null;
};

/** Another incarnation than the one that was known: every run of the earlier one is gone. */
function isRenewed(context: ContainerContext, event: ContainerEvent): boolean {
  const seen = incarnationOf(event);
  return seen !== null && seen !== context.incarnation;
}

function renew(policy: Policy) {
  return (context: ContainerContext, event: ContainerEvent): Plan<ContainerContext> => {
    const incarnation = incarnationOf(event) ?? '';
    const first = context.incarnation === null;
    const recent = context.restartedAt.filter((time) => time > event.at - RESTART_WINDOW_MS);
    const restartedAt = first ? recent : [...recent, event.at];
    const heal: HealParams = { event: 'CONTAINER_RENEWED', rig: null };
    return {
      context: { incarnation, misses: 0, restartedAt, probation: restartedAt.length > policy.containerRestartsMax },
      queue: [
        publish('hostedBy', { type: 'CONTAINER_RENEWED', container: context.id, incarnation }),
        { type: 'heal', params: heal },
      ],
    };
  };
}

const announceDown = act((context) => ({
  context: { runs: [], misses: 0 },
  queue: [publish('hostedBy', { type: 'CONTAINER_DOWN', container: context.id })],
}));

const reasonOf = (event: ContainerEvent) =>
  'reason' in event && event.reason ? event.reason : 'cause' in event ? event.cause : event.type;

const containerSetup = (policy: Policy) =>
  setup({
    types: {} as { context: ContainerContext; events: ContainerEvent; input: ContainerInput },
    delays: {
      provision: policy.provisionMs,
      health: policy.healthMs,
      healthSuspect: policy.healthSuspectMs,
      backoff: ({ context }) =>
        doublingMs(policy.containerBackoffMs, policy.containerBackoffMaxMs, context.failures - 1),
      idle: policy.containerIdleMs,
      drain: policy.drainMs,
    },
    guards: {
      isRenewed: ({ context, event }) => isRenewed(context, event),
      isLastMiss: ({ context }) => context.misses + 1 >= policy.healthMissesMax,
      isPermanent: ({ event }) => event.type === 'effect.provision.refused' && event.permanent,
      isLastRun: ({ context, event }) =>
        event.type === 'VACATE' && context.runs.every((epoch) => epoch === event.epoch),
      isEmpty: ({ context }) => context.runs.length === 0,
      hasRuns: ({ context }) => context.runs.length > 0,
      takesMore: ({ context }) => !context.probation || context.runs.length === 0,
    },
    actions: {
      ...reservedActions,
      renew: act(renew(policy)),
      announceDown,
      place: act((context, event) => ({
        context: event.type === 'PLACE' ? { runs: [...new Set([...context.runs, event.epoch])] } : {},
      })),
      vacate: act((context, event) => ({
        context: event.type === 'VACATE' ? { runs: context.runs.filter((epoch) => epoch !== event.epoch) } : {},
      })),
      countMiss: act((context, event) => ({ context: { misses: context.misses + 1, reason: reasonOf(event) } })),
      countFailure: act((context, event) => ({ context: { failures: context.failures + 1, reason: reasonOf(event) } })),
      noteHealthy: act(() => ({ context: { misses: 0, failures: 0, reason: null } })),
      raiseBroken: act(({ id, reason }) => ({
        queue: [raise(`container/${id}`, 'broken', `container ${id} can not be provided: ${reason ?? ''}`)],
      })),
      settleBroken: act(({ id }) => ({ queue: [settle(`container/${id}`, 'broken')] })),
      provision: (_, _params: { container: string }) => {},
      checkHealth: (_, _params: { container: string }) => {},
      closeContainer: (_, _params: { container: string }) => {},
      heal: (_, _params: HealParams) => {},
    },
  });

type Scene = { context: ContainerContext };
const own = ({ context }: Scene) => ({ container: context.id });
const provision = { type: 'provision' as const, params: own };
const checkHealth = { type: 'checkHealth' as const, params: own };
const closeContainer = { type: 'closeContainer' as const, params: own };
const vacate = { actions: 'vacate' as const };

export const containerMachine = (policy: Policy) =>
  containerSetup(policy).createMachine({
    id: 'container',
    description: 'What hosts the runs of agents.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', incarnation: null, runs: [], misses: 0, failures: 0 },
      ...{ restartedAt: [], probation: false, reason: null },
    }),
    initial: 'absent',
    states: {
      absent: {
        description: 'Not there, and nobody needs it.',
        on: { DEMAND: 'provisioning', VACATE: vacate },
      },
      provisioning: {
        description: 'It is being made ready.',
        entry: provision,
        after: { provision: { target: 'down', actions: 'countFailure' } },
        on: {
          'effect.provision.succeeded': [
            { guard: 'isRenewed', target: 'up', actions: ['renew', 'noteHealthy'] },
            { target: 'up', actions: 'noteHealthy' },
          ],
          'effect.provision.refused': [
            { guard: 'isPermanent', target: 'broken', actions: 'countFailure' },
            { target: 'down', actions: 'countFailure' },
          ],
          'effect.provision.unanswered': { target: 'down', actions: 'countFailure' },
          VACATE: vacate,
        },
      },
      up: {
        description: 'Ready for runs.',
        initial: 'sorting',
        on: {
          SEEN: [{ guard: 'isRenewed', actions: 'renew' }, {}],
          PLACE: { guard: 'takesMore', target: '.occupied', actions: 'place' },
          VACATE: [{ guard: 'isLastRun', target: '.vacant', actions: 'vacate' }, { actions: 'vacate' }],
          DRAIN: 'draining',
        },
        states: {
          sorting: { always: [{ guard: 'hasRuns', target: 'occupied' }, { target: 'vacant' }] },
          vacant: {
            description: 'It hosts nothing; nobody asks after it.',
            after: { idle: '#container.stopping' },
          },
          occupied: {
            description: 'It hosts runs; its health is asked at intervals.',
            initial: 'resting',
            states: {
              resting: { after: { health: 'asking' } },
              asking: {
                entry: checkHealth,
                on: {
                  'effect.checkHealth.succeeded': [
                    { guard: 'isRenewed', target: 'resting', actions: ['renew', 'noteHealthy'] },
                    { target: 'resting', actions: 'noteHealthy' },
                  ],
                  'effect.checkHealth.refused': { target: '#container.suspect', actions: 'countMiss' },
                  'effect.checkHealth.unanswered': { target: '#container.suspect', actions: 'countMiss' },
                },
              },
            },
          },
        },
      },
      suspect: {
        description: 'It did not answer; asked again, faster. Its runs are not judged yet.',
        initial: 'resting',
        on: {
          SEEN: [
            { guard: 'isRenewed', target: 'up', actions: ['renew', 'noteHealthy'] },
            { target: 'up', actions: 'noteHealthy' },
          ],
          VACATE: vacate,
          DRAIN: 'draining',
        },
        states: {
          resting: { after: { healthSuspect: 'asking' } },
          asking: {
            entry: checkHealth,
            on: {
              'effect.checkHealth.succeeded': [
                { guard: 'isRenewed', target: '#container.up', actions: ['renew', 'noteHealthy'] },
                { target: '#container.up', actions: 'noteHealthy' },
              ],
              'effect.checkHealth.refused': [
                { guard: 'isLastMiss', target: '#container.down', actions: ['countMiss', 'countFailure'] },
                { target: 'resting', actions: 'countMiss' },
              ],
              'effect.checkHealth.unanswered': [
                { guard: 'isLastMiss', target: '#container.down', actions: ['countMiss', 'countFailure'] },
                { target: 'resting', actions: 'countMiss' },
              ],
            },
          },
        },
      },
      down: {
        description: 'It is away; its agents were told. After a wait it is made again when there is demand.',
        entry: 'announceDown',
        after: { backoff: 'absent' },
        on: { RESET: 'provisioning', VACATE: vacate },
      },
      draining: {
        description: 'No new run; those that are there may end.',
        always: { guard: 'isEmpty', target: 'stopping' },
        after: { drain: 'stopping' },
        on: {
          VACATE: [{ guard: 'isLastRun', target: 'stopping', actions: 'vacate' }, { actions: 'vacate' }],
          SEEN: [{ guard: 'isRenewed', actions: 'renew' }, {}],
          RESET: 'up',
        },
      },
      stopping: {
        description: 'It is let go.',
        entry: ['announceDown', closeContainer],
        after: { provision: 'absent' },
        on: {
          'effect.closeContainer.succeeded': 'absent',
          'effect.closeContainer.refused': 'absent',
          'effect.closeContainer.unanswered': 'absent',
          VACATE: vacate,
        },
      },
      broken: {
        description: 'It can not be made as it is configured; a person was told.',
        entry: ['announceDown', 'raiseBroken'],
        exit: 'settleBroken',
        on: { RESET: 'provisioning', CONFIG_CHANGED: 'provisioning', VACATE: vacate },
      },
    },
  });

export const containerDefinition = (policy: Policy) =>
  define(containerMachine(policy), {
    settings: policy,
    jitter: { backoff: policy.jitter },
    index: (context: ContainerContext) => ({ scope: context.id }),
  });
