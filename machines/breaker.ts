/**
 * The breaker: one for the town, over its failed starts, its dispatch tokens and its budget. Every dispatch asks it
 * in the same transaction; what it does not accept does not happen.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import { doublingMs, type Policy } from './policy.ts';
import type { BreakerEvent, BreakerInput, HealParams } from './vocabulary.ts';
import { BREAKER, type Plan, plan, publish, raise, reservedActions, settle } from './wiring.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** With so many starts at a time let in after a closing, the ramp is over. */
const RAMP_TOP = 16;

/** With so many groups the hour is told apart. */
const GROUP_MS = HOUR_MS / 60;

/** A bucket of tokens that fills continuously: as many in a day as it holds. */
type Bucket = { tokens: number; at: number };
/**
 * The tokens that are left of the hour, and those that were taken in it, oldest first. Neighbours are counted together,
 * under the last of them: never more are taken in any hour than it has, however many that are.
 */
type Window = { tokens: number; taken: { at: number; count: number }[] };

export type BreakerContext = {
  /** Outcomes of starts in the window, oldest first: time and success. */
  outcomes: { at: number; ok: boolean }[];
  /** Openings in a row: the exponent of the cooling. */
  openings: number;
  /** The epoch of the half-open probe. */
  probe: number | null;
  /** Starts that were let in after a closing and are not resolved, and how many may be. */
  pending: number[];
  ramp: number;
  hourly: Window;
  daily: Bucket;
  /** Money of the current day, and when that day ends. */
  spentUsd: number;
  dayEndsAt: number;
  reason: string | null;
};

function fill({ tokens, at }: Bucket, event: BreakerEvent, most: number): Bucket {
  const gained = ((event.at - at) * most) / DAY_MS;
  return { tokens: Math.min(tokens + Math.max(gained, 0), most), at: event.at };
}

function slide({ taken }: Window, event: BreakerEvent, most: number): Window {
  const left = taken.filter(({ at }) => at + HOUR_MS > event.at);
  return { tokens: most - left.reduce((sum, { count }) => sum + count, 0), taken: left };
}

function take({ tokens, taken }: Window, { at }: BreakerEvent): Window {
  const last = taken.at(-1);
  const joins = last !== undefined && Math.floor(last.at / GROUP_MS) === Math.floor(at / GROUP_MS);
  const before = joins ? taken.slice(0, -1) : taken;
  return { tokens: tokens - 1, taken: [...before, { at, count: 1 + (joins ? last.count : 0) }] };
}

function filled(policy: Policy, context: BreakerContext, event: BreakerEvent) {
  const hourly = slide(context.hourly, event, policy.townDispatchesPerHour);
  return { hourly, daily: fill(context.daily, event, policy.townDispatchesPerDay) };
}

/** How long until the hour and the day have a whole token each. */
function refillMs(policy: Policy, { hourly, daily }: BreakerContext, now: number): number {
  const oldest = hourly.tokens >= 1 ? now : (hourly.taken[0]?.at ?? now) + HOUR_MS;
  const missing = ((1 - daily.tokens) * DAY_MS) / policy.townDispatchesPerDay;
  // One more millisecond, so that rounding never leaves it a hair short of a token.
  return Math.max(1, oldest - now, missing > 0 ? 1 + Math.ceil(missing) : 0);
}

function inWindow(policy: Policy, context: BreakerContext, event: BreakerEvent) {
  return context.outcomes.filter((outcome) => outcome.at > event.at - policy.breakerWindowMs);
}

/** Would this failure open it: enough failures in the window, and enough of all outcomes? */
function trips(policy: Policy, context: BreakerContext, event: BreakerEvent): boolean {
  const outcomes = inWindow(policy, context, event);
  const failures = outcomes.filter((outcome) => !outcome.ok).length + 1;
  return failures >= policy.breakerFailures && failures / (outcomes.length + 1) >= policy.breakerRatio;
}

const isProbe = (context: BreakerContext, event: BreakerEvent) => 'epoch' in event && event.epoch === context.probe;

function record(policy: Policy, ok: boolean) {
  return (context: BreakerContext, event: BreakerEvent): Plan<BreakerContext> => {
    const epoch = 'epoch' in event ? event.epoch : -1;
    const outcomes = [...inWindow(policy, context, event), { at: event.at, ok }].slice(-500);
    return { context: { outcomes, pending: context.pending.filter((pending) => pending !== epoch) } };
  };
}

function spend(context: BreakerContext, event: BreakerEvent): Plan<BreakerContext> {
  if (event.type !== 'SPENT') return {};
  const newDay = event.at >= context.dayEndsAt;
  const spentUsd = (newDay ? 0 : context.spentUsd) + event.costUsd;
  return { context: { spentUsd, dayEndsAt: newDay ? event.at + DAY_MS : context.dayEndsAt } };
}

function isOverBudget(policy: Policy, context: BreakerContext, event: BreakerEvent): boolean {
  if (event.type !== 'SPENT' || policy.townBudgetUsdPerDay === null) return false;
  return (spend(context, event).context?.spentUsd ?? 0) >= policy.townBudgetUsdPerDay;
}

const act = (decide: (context: BreakerContext, event: BreakerEvent) => Plan<BreakerContext>) => plan(decide);
const TOWN = `breaker/${BREAKER}`;

const breakerSetup = (policy: Policy) =>
  setup({
    types: {} as { context: BreakerContext; events: BreakerEvent; input: BreakerInput },
    delays: {
      cool: ({ context }) => doublingMs(policy.breakerCoolMs, policy.breakerCoolMaxMs, context.openings - 1),
      probeResult: policy.breakerProbeMs,
      ramp: policy.rampMs,
      refill: ({ context, event }) => refillMs(policy, context, event.at),
      dayEnd: ({ context, event }) => Math.max(1, context.dayEndsAt - event.at),
    },
    guards: {
      hasTokens: ({ context, event }) => {
        const { hourly, daily } = filled(policy, context, event);
        return hourly.tokens >= 1 && daily.tokens >= 1;
      },
      isLetIn: ({ context }) => context.pending.length < context.ramp,
      isRampOver: ({ context }) => context.ramp >= RAMP_TOP,
      isOutOfTokens: ({ context }) => context.hourly.tokens < 1 || context.daily.tokens < 1,
      trips: ({ context, event }) => trips(policy, context, event),
      isProbe: ({ context, event }) => isProbe(context, event),
      isProbing: ({ event }) => event.type === 'DISPATCHED' && event.probe,
      isOverBudget: ({ context, event }) => isOverBudget(policy, context, event),
    },
    actions: {
      ...reservedActions,
      takeToken: act((context, event) => {
        const { hourly, daily } = filled(policy, context, event);
        return { context: { hourly: take(hourly, event), daily: { ...daily, tokens: daily.tokens - 1 } } };
      }),
      fillBuckets: act((context, event) => ({ context: filled(policy, context, event) })),
      resetBuckets: act((_, { at }) => ({
        context: {
          hourly: { tokens: policy.townDispatchesPerHour, taken: [] },
          daily: { tokens: policy.townDispatchesPerDay, at },
        },
      })),
      notePending: act((context, event) => ({
        context: event.type === 'DISPATCHED' ? { pending: [...context.pending, event.epoch] } : {},
      })),
      noteEnded: act((context, event) => ({
        context: event.type === 'ENDED' ? { pending: context.pending.filter((epoch) => epoch !== event.epoch) } : {},
      })),
      recordSuccess: act(record(policy, true)),
      recordFailure: act(record(policy, false)),
      widenRamp: act((context) => ({ context: { ramp: context.ramp * 2 } })),
      countOpening: act((context, event) => ({
        context: {
          openings: context.openings + 1,
          outcomes: [],
          pending: [],
          probe: null,
          reason: event.type === 'FAILURE' ? 'too many starts failed' : 'the probe gave no sign of life',
        },
      })),
      noteProbe: act((_, event) => ({ context: event.type === 'DISPATCHED' ? { probe: event.epoch } : {} })),
      dropProbe: act(() => ({ context: { probe: null } })),
      closeUp: act(() => ({
        context: { openings: 0, probe: null, outcomes: [], pending: [], ramp: 1, reason: null },
        queue: [
          publish('guardedBy', { type: 'BREAKER_CLOSED' }),
          { type: 'heal', params: { event: 'BREAKER_CLOSED', rig: null } satisfies HealParams },
        ],
      })),
      spend: act(spend),
      noteReason: act((_, event) => ({
        context: { reason: ('reason' in event && event.reason) || 'paused by a person' },
      })),
      noteBudget: act(() => ({ context: { reason: 'the budget of the day is spent' } })),
      dropReason: act(() => ({ context: { reason: null, pending: [], probe: null } })),
      raiseOpen: act(({ reason }) => ({
        queue: [raise(TOWN, 'open', `no dispatch: ${reason ?? 'too many starts failed'}; a probe follows by itself`)],
      })),
      settleOpen: act(() => ({ queue: [settle(TOWN, 'open')] })),
      raiseBudget: act(() => ({
        queue: [raise(TOWN, 'budget', 'the budget of the day is spent; nothing is dispatched')],
      })),
      settleBudget: act(() => ({ queue: [settle(TOWN, 'budget')] })),
      heal: (_, _params: HealParams) => {},
    },
  });

const outcomes = {
  SUCCESS: { actions: 'recordSuccess' as const },
  FAILURE: [
    { guard: 'trips' as const, target: '#breaker.open', actions: 'countOpening' as const },
    { actions: 'recordFailure' as const },
  ],
  ENDED: { actions: 'noteEnded' as const },
};

export const breakerMachine = (policy: Policy) =>
  breakerSetup(policy).createMachine({
    id: 'breaker',
    description: "The town's circuit breaker, its dispatch tokens and its budget.",
    context: {
      ...{
        outcomes: [],
        openings: 0,
        probe: null,
        pending: [],
        ramp: RAMP_TOP,
        spentUsd: 0,
        dayEndsAt: 0,
        reason: null,
      },
      hourly: { tokens: policy.townDispatchesPerHour, taken: [] },
      daily: { tokens: policy.townDispatchesPerDay, at: 0 },
    },
    initial: 'closed',
    on: {
      PAUSE: { target: '.paused.byOperator', actions: 'noteReason' },
      SPENT: [
        { guard: 'isOverBudget', target: '.paused.overBudget', actions: ['spend', 'noteBudget'] },
        { actions: 'spend' },
      ],
    },
    states: {
      closed: {
        description: 'Dispatches pass.',
        initial: 'available',
        on: outcomes,
        states: {
          available: {
            always: { guard: 'isOutOfTokens', target: 'throttled' },
            on: { DISPATCHED: { guard: 'hasTokens', actions: 'takeToken' } },
          },
          ramping: {
            description: 'It has just closed: starts are let in slowly, twice as many with each success.',
            always: [
              { guard: 'isOutOfTokens', target: 'throttled' },
              { guard: 'isRampOver', target: 'available' },
            ],
            after: { ramp: 'available' },
            on: {
              DISPATCHED: { guard: 'isLetIn', actions: ['takeToken', 'notePending'] },
              SUCCESS: { actions: ['recordSuccess', 'widenRamp'] },
            },
          },
          throttled: {
            description: 'The town has dispatched as often as it may; tokens come back with time.',
            after: { refill: { target: 'available', actions: 'fillBuckets' } },
            on: { RESET: { target: 'available', actions: 'resetBuckets' } },
          },
        },
      },
      open: {
        description: 'Starts fail all over the town: none is tried until it has cooled.',
        entry: 'raiseOpen',
        exit: 'settleOpen',
        after: { cool: 'halfOpen' },
        on: { RESET: 'halfOpen', SUCCESS: { actions: 'recordSuccess' } },
      },
      halfOpen: {
        description: 'One dispatch is let through to see.',
        initial: 'waiting',
        states: {
          waiting: {
            entry: 'dropProbe',
            on: { DISPATCHED: { guard: 'isProbing', target: 'probing', actions: ['takeToken', 'noteProbe'] } },
          },
          probing: {
            after: { probeResult: { target: '#breaker.open', actions: 'countOpening' } },
            on: {
              SUCCESS: { guard: 'isProbe', target: '#breaker.closed.ramping', actions: 'closeUp' },
              FAILURE: { guard: 'isProbe', target: '#breaker.open', actions: 'countOpening' },
              ENDED: { guard: 'isProbe', target: 'waiting' },
              RESET: { target: 'waiting' },
            },
          },
        },
      },
      paused: {
        description: 'Nothing is dispatched; what runs goes on.',
        initial: 'byOperator',
        on: {
          RESUME: { target: 'halfOpen', actions: 'dropReason' },
          // What still runs costs; it neither takes a person's pause for its own nor tells of the budget twice.
          SPENT: { actions: 'spend' },
        },
        states: {
          byOperator: { on: { PAUSE: {} } },
          overBudget: {
            entry: 'raiseBudget',
            exit: 'settleBudget',
            after: { dayEnd: { target: '#breaker.halfOpen', actions: 'dropReason' } },
          },
        },
      },
    },
  });

export const breakerDefinition = (policy: Policy) =>
  define(breakerMachine(policy), { settings: policy, jitter: { cool: policy.jitter } });
