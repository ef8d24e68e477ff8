/**
 * The rig: a git repository that the town works on, with how its agents are run and its work is tested.
 *
 * A start that is refused because of how the rig is configured is refused to all of its agents: the rig itself stops
 * being dispatched, asks its container at growing intervals whether that is over, and wakes what waited for it.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import { doublingMs, type Policy } from './policy.ts';
import type { HealParams, LookParams, RigConfig, RigEvent, RigInput } from './vocabulary.ts';
import { ATTENTION, type Plan, plan, publish, raise, reservedActions, settle } from './wiring.ts';

export type RigContext = {
  id: string;
  config: RigConfig;
  /** Why nothing is started on it; null while something may be. */
  reason: string | null;
  /** The container that refused the latest start: the one that is asked. */
  container: string | null;
  /** Questions and refusals since it last was well for long: the exponent of the wait. */
  looks: number;
  /** When it was last refused a start. */
  refusedAt: number;
};

const act = (decide: (context: RigContext, event: RigEvent) => Plan<RigContext>) => plan(decide);

/** What is only away for a while is asked more often: at most this many times the first wait. */
const UNREADY_WAITS_MAX = 5;
/** A person hears of what is only away when it was asked this often in vain. */
const UNREADY_LOOKS_TOLD = 6;

/** The container that a town brings along. */
const EMBEDDED = 'local';

const NO_CONFIG: RigConfig = {
  path: '',
  branch: 'main',
  argv: [],
  promptBy: 'stdin',
  test: [],
  merge: true,
  env: {},
  secrets: {},
};

/** What a start or a look said: whether it can be mended by time alone, and in which words. */
function refusalIn(event: RigEvent): { reason: string; permanent: boolean } | null {
  if (event.type === 'START_REFUSED') return event;
  if (event.type === 'effect.lookAtRig.succeeded' && !event.result.ready) return event.result;
  return null;
}

/** One that comes soon after another goes on with its waits, so that a rig that is well at every look gains nothing. */
function noteRefusal(policy: Policy) {
  return (context: RigContext, event: RigEvent): Plan<RigContext> => {
    const refusal = refusalIn(event);
    if (refusal === null) return {};
    const { reason } = refusal;
    if (event.type !== 'START_REFUSED') return { context: { reason } };
    const isNew = event.at - context.refusedAt > 2 * policy.rigLookMaxMs;
    return { context: { reason, container: event.container, looks: isNew ? 0 : context.looks, refusedAt: event.at } };
  };
}

const heal = (rig: string): Plan<RigContext>['queue'] => [
  { type: 'heal', params: { event: 'CONFIG_CHANGED', rig } satisfies HealParams },
];

/** It lasts: a person hears of it. */
const isTold = ({ looks }: RigContext) => looks >= UNREADY_LOOKS_TOLD;
const settled = ({ id }: RigContext) => settle(`rig/${id}`, 'blocked');
const alarm = ({ id, container, reason }: RigContext) => {
  // With one container, where it was is no news.
  const where = container === null || container === EMBEDDED ? '' : ` in ${container}`;
  return { queue: [raise(`rig/${id}`, 'blocked', `rig ${id} can not start agents${where}: ${reason ?? ''}`)] };
};

const rigSetup = (policy: Policy) =>
  setup({
    types: {} as { context: RigContext; events: RigEvent; input: RigInput },
    delays: {
      look: ({ context }) => doublingMs(policy.rigLookMs, policy.rigLookMaxMs, context.looks - 1),
      unreadyLook: ({ context }) =>
        doublingMs(
          policy.rigLookMs,
          Math.min(UNREADY_WAITS_MAX * policy.rigLookMs, policy.rigLookMaxMs),
          context.looks - 1,
        ),
      lookTimeout: policy.rigLookTimeoutMs,
    },
    guards: {
      isPermanent: ({ event }) => refusalIn(event)?.permanent === true,
      isReady: ({ event }) => event.type === 'effect.lookAtRig.succeeded' && event.result.ready,
    },
    actions: {
      ...reservedActions,
      configure: act((context, event) =>
        event.type === 'CONFIGURE'
          ? {
              context: { config: event.config },
              queue: [
                publish('worksOn', { type: 'CONFIG_CHANGED', reason: `rig ${context.id} was configured` }),
                ...(heal(context.id) ?? []),
              ],
            }
          : {},
      ),
      noteReason: act((_, event) => ({
        context: { reason: ('reason' in event && event.reason) || 'paused by a person' },
      })),
      noteRefusal: act(noteRefusal(policy)),
      countLook: act((context) => ({ context: { looks: context.looks + 1 } })),
      /** What waited for it goes on. */
      wake: act((context) => ({ context: { reason: null }, queue: heal(context.id) })),
      /** A person, or another setting: it begins anew. */
      forget: act(() => ({ context: { reason: null, container: null, looks: 0, refusedAt: 0 } })),
      raiseBlocked: act(alarm),
      raiseUnready: act((context) => (isTold(context) ? alarm(context) : {})),
      settleUnready: act((context) => (isTold(context) ? { queue: [settled(context)] } : {})),
      settleBlocked: act((context) => ({ queue: [settled(context)] })),
      /** An action that does nothing: what has none forbids its event. */
      letPass: act(() => ({})),
      lookAtRig: (_, _params: LookParams) => {},
      heal: (_, _params: HealParams) => {},
    },
  });

type Scene = { context: RigContext };
const lookAtRig = {
  type: 'lookAtRig' as const,
  params: ({ context: { id, container } }: Scene): LookParams => ({ rig: id, container: container ?? '' }),
};

const refused = [
  { guard: 'isPermanent' as const, target: '#rig.blocked', actions: 'noteRefusal' as const },
  { target: '#rig.unready', actions: 'noteRefusal' as const },
];
/** Whoever mends something, or says that it is mended, is believed: the next start tells. */
const mended = {
  CONFIGURE: { target: '#rig.active', actions: ['configure' as const, 'forget' as const] },
  CONFIG_CHANGED: { target: '#rig.active', actions: ['forget' as const, 'wake' as const] },
  RESET: { target: '#rig.active', actions: ['forget' as const, 'wake' as const] },
  RESUME: { target: '#rig.active', actions: ['forget' as const, 'wake' as const] },
  PAUSE: { target: '#rig.paused', actions: 'noteReason' as const },
};

export const rigMachine = (policy: Policy) =>
  rigSetup(policy).createMachine({
    id: 'rig',
    description: 'A git repository that the town works on.',
    context: ({ input }) => ({
      ...{ id: input?.id ?? '', config: input?.config ?? NO_CONFIG },
      ...{ reason: null, container: null, looks: 0, refusedAt: 0 },
    }),
    initial: 'active',
    on: { CONFIGURE: { actions: 'configure' } },
    states: {
      active: {
        description: 'Its beads are dispatched.',
        on: {
          DISPATCHED: { actions: 'letPass' },
          START_REFUSED: refused,
          PAUSE: { target: 'paused', actions: 'noteReason' },
        },
      },
      unready: {
        description: 'What its agents need is away for now (a gateway that is down): nobody is charged.',
        initial: 'waiting',
        exit: 'settleUnready',
        on: { ...mended, START_REFUSED: { guard: 'isPermanent', target: 'blocked', actions: 'noteRefusal' } },
        states: {
          waiting: {
            description: 'Until its container is asked again; a person is told in time.',
            entry: ['countLook', 'raiseUnready'],
            after: { unreadyLook: 'looking' },
          },
          looking: {
            description: 'Its container looks whether a run could begin.',
            entry: lookAtRig,
            after: { lookTimeout: 'waiting' },
            on: {
              'effect.lookAtRig.succeeded': [
                { guard: 'isReady', target: '#rig.active', actions: 'wake' },
                { guard: 'isPermanent', target: '#rig.blocked', actions: 'noteRefusal' },
                { target: 'waiting', actions: 'noteRefusal' },
              ],
              // Nobody there can say: the next start tells.
              'effect.lookAtRig.refused': { target: '#rig.active', actions: 'wake' },
              'effect.lookAtRig.unanswered': 'waiting',
            },
          },
        },
      },
      blocked: {
        description: 'Its agents can not start as it is configured: a person was told what to mend.',
        tags: ATTENTION,
        initial: 'waiting',
        entry: 'raiseBlocked',
        exit: 'settleBlocked',
        on: { ...mended, START_REFUSED: { actions: 'letPass' } },
        states: {
          waiting: {
            description: 'Until its container is asked whether that was mended where nobody said so.',
            entry: 'countLook',
            after: { look: 'looking' },
          },
          looking: {
            description: 'Its container looks whether a run could begin.',
            entry: lookAtRig,
            after: { lookTimeout: 'waiting' },
            on: {
              'effect.lookAtRig.succeeded': [
                { guard: 'isReady', target: '#rig.active', actions: 'wake' },
                { guard: 'isPermanent', target: 'waiting', actions: ['noteRefusal', 'raiseBlocked'] },
                { target: '#rig.unready', actions: 'noteRefusal' },
              ],
              'effect.lookAtRig.refused': 'waiting',
              'effect.lookAtRig.unanswered': 'waiting',
            },
          },
        },
      },
      paused: {
        description: 'A person wants it to rest; what runs goes on.',
        on: {
          RESUME: { target: 'active', actions: ['forget', 'wake'] },
          PAUSE: {},
          START_REFUSED: { actions: 'letPass' },
        },
      },
    },
  });

export const rigDefinition = (policy: Policy) =>
  define(rigMachine(policy), {
    settings: policy,
    jitter: { look: policy.jitter, unreadyLook: policy.jitter },
    defaults: { container: null, looks: 0, refusedAt: 0 },
    index: (context: RigContext) => ({ scope: context.id }),
  });
