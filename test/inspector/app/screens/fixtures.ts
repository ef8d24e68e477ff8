/** Answers of a small town, as the server would give them: what the screens are drawn from in tests. */
import type {
  ActionView,
  AttemptLine,
  BreakerView,
  EffectLine,
  EntityLine,
  EntityPage,
  HistoryView,
  LogLine,
  MetricsView,
  OutboxView,
  TimerLine,
} from '../../../../src/inspector/contract.ts';

export const NOW = Date.UTC(2026, 4, 4, 12, 8, 40);
export const MINUTE = 60_000;

export const entityLine = (over: Partial<EntityLine> = {}): EntityLine => ({
  ref: 'bead/gt-7f3a',
  machine: 'bead',
  id: 'gt-7f3a',
  title: 'Rewrite the importer in Rust',
  state: 'in_progress.working',
  since: NOW - 4 * MINUTE,
  tone: 'live',
  note: 'toast works on it',
  link: { ref: 'agent/toast', title: 'toast' },
  next: { name: 'stale', dueAt: NOW + 10 * MINUTE },
  attempts: { value: 1, max: 5 },
  ...over,
});

export const action = (over: Partial<ActionView> = {}): ActionView => ({
  event: 'HOLD',
  label: 'Hold',
  description: 'Nobody starts it until it is released.',
  destroys: false,
  payload: null,
  ...over,
});

export const logLine = (over: Partial<LogLine> = {}): LogLine => ({
  seq: 100,
  at: NOW - MINUTE,
  ref: 'bead/gt-7f3a',
  title: 'Rewrite the importer in Rust',
  event: 'DISPATCH',
  payload: { agent: 'toast', epoch: 3 },
  by: 'scheduler',
  cause: null,
  before: 'open.ready',
  after: 'in_progress.starting',
  taken: ['open.ready -DISPATCH-> in_progress.starting'],
  rejected: null,
  reason: null,
  tone: 'plain',
  ...over,
});

export const timerLine = (over: Partial<TimerLine> = {}): TimerLine => ({
  ref: 'bead/gt-7f3a',
  title: 'Rewrite the importer in Rust',
  id: 'xstate.after.stale.in_progress.working',
  name: 'stale',
  event: 'after stale',
  dueAt: NOW + 10 * MINUTE,
  leaseUntil: null,
  delayMs: 15 * MINUTE,
  setSeq: 96,
  overdue: false,
  ...over,
});

export const effectLine = (over: Partial<EffectLine> = {}): EffectLine => ({
  key: 'agent/toast#96#0',
  ref: 'agent/toast',
  title: 'toast',
  type: 'startRun',
  status: 'pending',
  attempt: 2,
  dueAt: NOW + 30_000,
  note: 'container is starting',
  params: { agent: 'toast', epoch: 3 },
  ...over,
});

export const attemptLine = (over: Partial<AttemptLine> = {}): AttemptLine => ({
  number: 1,
  about: [{ ref: 'agent/toast', title: 'toast' }],
  startedAt: NOW - 30 * MINUTE,
  endedAt: NOW - 29 * MINUTE,
  outcome: 'failed',
  reason: 'ended with code 1',
  tail: 'npm ERR! missing script: build',
  facts: [],
  tone: 'danger',
  ...over,
});

export const entityPage = (over: Partial<EntityPage> = {}): EntityPage => ({
  seq: 120,
  now: NOW,
  line: entityLine(),
  access: 'operate',
  status: 'active',
  rev: 9,
  createdAt: NOW - 90 * MINUTE,
  updatedAt: NOW - 4 * MINUTE,
  definition: 'a1b2c3d4e5f6',
  waitingFor: { events: ['RUN.COMPLETED', 'RUN.FAILED'], timers: [timerLine()] },
  lastTaken: ['in_progress.starting -RUN.STARTED-> in_progress.working'],
  lastSeq: 104,
  context: { title: 'Rewrite the importer in Rust', priority: 1, hook: { agent: 'toast', epoch: 3 }, labels: ['rust'] },
  facts: [
    { label: 'Agent', kind: 'ref', ref: 'agent/toast', title: 'toast' },
    { label: 'Last heartbeat', kind: 'age', at: NOW - 12_000 },
    { label: 'Failed starts', kind: 'counter', value: 1, max: 5, reset: 'RESET' },
  ],
  actions: [action(), action({ event: 'CANCEL', label: 'Cancel', description: 'Ends it for good.', destroys: true })],
  attempts: [attemptLine()],
  why: {
    answer: 'It waits for toast.',
    conditions: [
      { condition: 'The rig is open', holds: true, inputs: { rig: 'app' }, nextAt: null, waitsFor: null },
      { condition: 'An agent is idle', holds: false, inputs: {}, nextAt: NOW + MINUTE, waitsFor: 'agent/toast' },
    ],
  },
  links: [{ label: 'Agent', line: entityLine({ ref: 'agent/toast', machine: 'agent', id: 'toast', title: 'toast' }) }],
  timers: [timerLine()],
  effects: [effectLine()],
  texts: [{ label: 'Task', text: 'Make it fast.' }],
  ...over,
});

export const historyView = (over: Partial<HistoryView> = {}): HistoryView => ({
  seq: 120,
  now: NOW,
  ref: 'bead/gt-7f3a',
  earlier: 0,
  rows: [
    logLine({ seq: 90, at: NOW - 90 * MINUTE, event: 'created', before: '', after: 'open.ready', by: 'operator' }),
    logLine({ seq: 96, at: NOW - 31 * MINUTE }),
    logLine({
      ...{ seq: 98, at: NOW - 30 * MINUTE, event: 'RUN.START_FAILED', after: 'open.coolingDown', tone: 'danger' },
      payload: { reason: '503 no container' },
    }),
    logLine({ seq: 102, at: NOW - 5 * MINUTE, before: 'open.coolingDown' }),
    logLine({ seq: 104, at: NOW - 4 * MINUTE, event: 'RUN.STARTED', after: 'in_progress.working', by: 'agent/toast' }),
  ],
  ...over,
});

export const outboxView = (over: Partial<OutboxView> = {}): OutboxView => ({
  seq: 120,
  now: NOW,
  group: 'stuck',
  counts: { running: 2, due: 0, waiting: 3, stuck: 1, settled: 40 },
  lines: { items: [effectLine({ status: 'dead', note: 'host is gone' })], next: null },
  attempts: [
    {
      line: entityLine({ attempts: { value: 5, max: 5 }, state: 'failed.exhausted' }),
      reset: action({ event: 'RESET', label: 'Reset', description: 'Gives all its attempts back.' }),
      reason: '503 no container',
    },
  ],
  reasons: [{ type: 'startRun', note: 'container is starting', count: 42 }],
  ...over,
});

export const breakerView = (over: Partial<BreakerView> = {}): BreakerView => ({
  line: entityLine({ ref: 'breaker/town', machine: 'breaker', id: 'town', title: 'Dispatch breaker', state: 'open' }),
  closed: false,
  reason: '20 failures in 30 minutes',
  failures: [
    { at: NOW - 20 * MINUTE, ref: 'agent/toast', text: '503 no container' },
    { at: NOW - 5 * MINUTE, ref: null, text: 'host is gone' },
  ],
  max: 20,
  windowMs: 30 * MINUTE,
  holding: { count: 12, machine: 'bead', state: 'open.paused' },
  actions: [action({ event: 'CLOSE', label: 'Close now', description: 'Dispatch goes on.' })],
  history: [logLine({ ref: 'breaker/town', event: 'FAILURE', before: 'closed', after: 'open' })],
  facts: [],
  ...over,
});

export const metricsView = (over: Partial<MetricsView> = {}): MetricsView => ({
  seq: 120,
  now: NOW,
  from: NOW - 60 * MINUTE,
  to: NOW,
  stepMs: MINUTE,
  panels: [
    {
      title: 'Commits',
      description: 'Log rows written in each minute.',
      series: [
        {
          name: 'commits',
          unit: '1/min',
          points: Array.from(
            { length: 60 },
            (_, index) => [NOW - (60 - index) * MINUTE, index === 30 ? 90 : 4] as const,
          ),
        },
      ],
    },
  ],
  dwell: [
    {
      seq: 120,
      now: NOW,
      machine: 'bead',
      rows: 500,
      states: [{ state: 'open.ready', visits: 12, medianMs: 4_000, p90Ms: 20_000, failures: 1 }],
    },
  ],
  ...over,
});
