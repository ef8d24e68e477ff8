/**
 * The container: what hosts the runs of agents. It is made when there is demand, watched while it hosts runs, and
 * let go when it has been empty for long. Its incarnation tells a restart from a bad connection; its labels and slots
 * decide which runs, and how many, are placed in it.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import { doublingMs, type Policy } from './policy.ts';
import type { ContainerEvent, ContainerInput, HealParams } from './vocabulary.ts';
import { ATTENTION, type Plan, plan, publish, raise, reservedActions, settle, TOWN } from './wiring.ts';

const RESTART_WINDOW_MS = 600_000;
/** A container of the time before there were labels is the one that is embedded in its town. */
const LOCAL_LABELS = ['local'];
/** So many earlier incarnations are remembered, to tell a late report from a restart. */
const FORMER_MAX = 10;

export type ContainerContext = {
  id: string;
  /** What it offers: a run is placed here when all the labels that it needs are among them. */
  labels: string[];
  /** How many runs it hosts at a time; null: any number. */
  slots: number | null;
  incarnation: string | null;
  /** Incarnations that it had before, oldest first: what still speaks of one of them says nothing new. */
  former: string[];
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

/** It has all that the run needs, and room for one more. Whom it takes back (`REVIVED`) is not asked. */
function suits({ labels, slots, runs }: ContainerContext, event: ContainerEvent): boolean {
  if (event.type !== 'PLACE') return false;
  const isRoom = slots === null || runs.length < slots;
  return isRoom && (event.needs ?? []).every((label) => labels.includes(label));
}

const recentRestarts = (context: ContainerContext, event: ContainerEvent) =>
  context.restartedAt.filter((time) => time > event.at - RESTART_WINDOW_MS);

function renew(policy: Policy) {
  return (context: ContainerContext, event: ContainerEvent): Plan<ContainerContext> => {
    const incarnation = incarnationOf(event) ?? '';
    const first = context.incarnation === null;
    const recent = recentRestarts(context, event);
    const restartedAt = first ? recent : [...recent, event.at];
    const former = [...context.former, ...(context.incarnation === null ? [] : [context.incarnation])];
    const heal: HealParams = { event: 'CONTAINER_RENEWED', rig: null };
    return {
      context: {
        ...{ incarnation, misses: 0, restartedAt, probation: restartedAt.length > policy.containerRestartsMax },
        former: former.filter((earlier) => earlier !== incarnation).slice(-FORMER_MAX),
      },
      queue: [
        publish('hostedBy', { type: 'CONTAINER_RENEWED', container: context.id, incarnation }),
        { type: 'heal', params: heal },
      ],
    };
  };
}

/** Its agents decide by what they know of their runs; who gives one up vacates its place. */
const announceDown = act((context) => ({
  context: { misses: 0 },
  queue: [publish('hostedBy', { type: 'CONTAINER_DOWN', container: context.id })],
}));

/** It is let go on purpose: what still runs there is ended, not waited for. */
const announceClosing = act((context) => ({
  context: { runs: [], misses: 0 },
  queue: [publish('hostedBy', { type: 'CONTAINER_CLOSING', container: context.id })],
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
      isFormer: ({ context, event }) => event.type === 'SEEN' && context.former.includes(event.incarnation),
      isRenewed: ({ context, event }) => isRenewed(context, event),
      isLastMiss: ({ context }) => context.misses + 1 >= policy.healthMissesMax,
      isPermanent: ({ event }) => event.type === 'effect.provision.refused' && event.permanent,
      hosts: ({ context, event }) => event.type === 'VACATE' && context.runs.includes(event.epoch),
      isLastRun: ({ context, event }) =>
        event.type === 'VACATE' && context.runs.length === 1 && context.runs[0] === event.epoch,
      isEmpty: ({ context }) => context.runs.length === 0,
      hasRuns: ({ context }) => context.runs.length > 0,
      takes: ({ context, event }) => suits(context, event),
      takesMore: ({ context, event }) => suits(context, event) && (!context.probation || context.runs.length === 0),
    },
    actions: {
      ...reservedActions,
      renew: act(renew(policy)),
      configure: act((_, event) =>
        event.type === 'CONFIGURE' ? { context: { labels: event.labels, slots: event.slots } } : {},
      ),
      announceDown,
      announceClosing,
      place: act((context, event) => ({
        context: 'epoch' in event ? { runs: [...new Set([...context.runs, event.epoch])] } : {},
      })),
      vacate: act((context, event) => ({
        context: event.type === 'VACATE' ? { runs: context.runs.filter((epoch) => epoch !== event.epoch) } : {},
      })),
      countMiss: act((context, event) => ({ context: { misses: context.misses + 1, reason: reasonOf(event) } })),
      countFailure: act((context, event) => ({ context: { failures: context.failures + 1, reason: reasonOf(event) } })),
      noteHealthy: act((context, event) => ({
        context: {
          ...{ misses: 0, failures: 0, reason: null },
          probation: context.probation && recentRestarts(context, event).length > 0,
        },
      })),
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
const vacate = { guard: 'hosts' as const, actions: 'vacate' as const };
/** A report is proof that it is there, whatever its chart took it for. */
const seen = [
  { guard: 'isFormer' as const },
  { guard: 'isRenewed' as const, target: '#container.up', actions: ['renew' as const, 'noteHealthy' as const] },
  { target: '#container.up', actions: 'noteHealthy' as const },
];
const revived = { target: '#container.up', actions: ['place' as const, 'noteHealthy' as const] };
const signs = { SEEN: seen, REVIVED: revived, VACATE: vacate };
const missed = [
  {
    guard: 'isLastMiss' as const,
    target: '#container.down',
    actions: ['countMiss' as const, 'countFailure' as const],
  },
  { target: 'resting', actions: 'countMiss' as const },
];

export const containerMachine = (policy: Policy) =>
  containerSetup(policy).createMachine({
    id: 'container',
    description: 'What hosts the runs of agents.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', labels: input?.labels ?? LOCAL_LABELS, slots: input?.slots ?? null },
      ...{ incarnation: null, former: [], runs: [], misses: 0, failures: 0 },
      ...{ restartedAt: [], probation: false, reason: null },
    }),
    initial: 'absent',
    on: { CONFIGURE: { actions: 'configure' } },
    states: {
      absent: {
        description: 'Not there, and nobody needs it.',
        on: { DEMAND: 'provisioning', ...signs },
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
          ...signs,
        },
      },
      up: {
        description: 'Ready for runs.',
        initial: 'sorting',
        on: {
          SEEN: [{ guard: 'isFormer' }, { guard: 'isRenewed', actions: 'renew' }, {}],
          VACATE: [{ guard: 'isLastRun', target: '.vacant', actions: 'vacate' }, vacate],
          DRAIN: 'draining',
        },
        states: {
          sorting: {
            description: 'Where it goes depends on what it hosts.',
            always: [{ guard: 'hasRuns', target: 'occupied' }, { target: 'vacant' }],
          },
          vacant: {
            description: 'It hosts nothing; nobody asks after it.',
            after: { idle: '#container.stopping' },
            on: {
              PLACE: { guard: 'takes', target: 'occupied', actions: 'place' },
              REVIVED: { target: 'occupied', actions: 'place' },
            },
          },
          occupied: {
            description: 'It hosts runs; its health is asked at intervals, however many come and go.',
            initial: 'resting',
            on: {
              PLACE: { guard: 'takesMore', actions: 'place' },
              REVIVED: { actions: 'place' },
            },
            states: {
              resting: { description: 'Until its health is asked again.', after: { health: 'asking' } },
              asking: {
                description: 'It was asked.',
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
        on: { ...signs, DRAIN: 'draining' },
        states: {
          resting: { description: 'Until it is asked again.', after: { healthSuspect: 'asking' } },
          asking: {
            description: 'It was asked.',
            entry: checkHealth,
            on: {
              'effect.checkHealth.succeeded': [
                { guard: 'isRenewed', target: '#container.up', actions: ['renew', 'noteHealthy'] },
                { target: '#container.up', actions: 'noteHealthy' },
              ],
              'effect.checkHealth.refused': missed,
              'effect.checkHealth.unanswered': missed,
            },
          },
        },
      },
      down: {
        description: 'It is away; its agents were told. After a wait it is made again when there is demand.',
        entry: 'announceDown',
        after: { backoff: 'absent' },
        on: { RESET: 'provisioning', ...signs },
      },
      draining: {
        description: 'No new run; those that are there may end.',
        always: { guard: 'isEmpty', target: 'stopping' },
        after: { drain: 'stopping' },
        on: {
          VACATE: vacate,
          REVIVED: { actions: 'place' },
          SEEN: [{ guard: 'isFormer' }, { guard: 'isRenewed', actions: 'renew' }, {}],
          // Whoever makes it is done with waiting: what it still hosts is given up, and not charged.
          CLOSE: 'stopping',
          RESET: 'up',
        },
      },
      stopping: {
        description: 'It is let go.',
        entry: ['announceClosing', closeContainer],
        after: { provision: 'absent' },
        on: {
          'effect.closeContainer.succeeded': 'absent',
          'effect.closeContainer.refused': 'absent',
          'effect.closeContainer.unanswered': 'absent',
        },
      },
      broken: {
        description: 'It can not be made as it is configured; a person was told.',
        tags: ATTENTION,
        entry: ['announceDown', 'raiseBroken'],
        exit: 'settleBroken',
        on: { RESET: 'provisioning', CONFIG_CHANGED: 'provisioning', ...signs },
      },
    },
  });

export const containerDefinition = (policy: Policy) =>
  define(containerMachine(policy), {
    settings: policy,
    jitter: { backoff: policy.jitter },
    defaults: { labels: LOCAL_LABELS, slots: null },
    index: (context: ContainerContext) => ({
      scope: context.id,
      labels: context.labels,
      links: [{ kind: 'memberOf', to: { machine: 'town', id: TOWN } }],
    }),
  });
