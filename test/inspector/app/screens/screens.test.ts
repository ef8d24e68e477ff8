/** Timers, dispatch, breakers, log and metrics as a reader sees them, in each of their states. */
import { describe, expect, it } from 'vitest';
import { paths } from '../../../../src/inspector/app/paths.ts';
import { BreakersScreen } from '../../../../src/inspector/app/screens/breakers/BreakersScreen.tsx';
import { DispatchScreen } from '../../../../src/inspector/app/screens/dispatch/DispatchScreen.tsx';
import { LogScreen } from '../../../../src/inspector/app/screens/log/LogScreen.tsx';
import { MetricsScreen } from '../../../../src/inspector/app/screens/metrics/MetricsScreen.tsx';
import { TimersScreen } from '../../../../src/inspector/app/screens/timers/TimersScreen.tsx';
import type { CauseTree, LogView, TimersView } from '../../../../src/inspector/contract.ts';
import { breakerView, effectLine, logLine, MINUTE, metricsView, NOW, outboxView, timerLine } from './fixtures.ts';
import { fail, paint, words } from './paint.ts';

const stamp = { seq: 120, now: NOW };
const timers = (over: Partial<TimersView> = {}): TimersView => ({
  ...stamp,
  lines: {
    items: [timerLine({ ref: 'bead/late', dueAt: NOW - 90_000, overdue: true }), timerLine()],
    next: null,
  },
  overdue: 1,
  total: 2,
  density: Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 7 : 0)),
  ...over,
});
const log = (over: Partial<LogView> = {}): LogView => ({
  ...stamp,
  lines: {
    items: [logLine({ seq: 101, rejected: 'its epoch is old', cause: 100, by: 'agent/toast' }), logLine()],
    next: null,
  },
  lookedBackTo: 1,
  ...over,
});

const SCREENS = [
  { name: 'timers', screen: TimersScreen, at: 'timers', path: paths.timers(), full: timers() },
  {
    name: 'dispatch',
    screen: DispatchScreen,
    at: 'dispatch?group=stuck',
    path: paths.outbox('stuck'),
    full: outboxView(),
  },
  {
    name: 'breakers',
    screen: BreakersScreen,
    at: 'breakers',
    path: paths.breakers(),
    full: { ...stamp, breakers: [breakerView()] },
  },
  { name: 'log', screen: LogScreen, at: 'log', path: paths.log(), full: log() },
  {
    ...{ name: 'metrics', screen: MetricsScreen, at: `metrics?from=1&to=2` },
    ...{ path: paths.metrics({ from: 1, to: 2 }), full: metricsView() },
  },
];

describe.each(SCREENS)('$name', ({ screen, at, path, full }) => {
  it('says nothing wrong before the answer came', () => {
    const html = paint(screen, {}, { at });
    expect(html).toContain('skeleton');
    expect(words(html)).not.toMatch(/\b(?:NaN|undefined|null)\b/);
  });

  it('says what went wrong and offers to ask again', () => {
    const text = words(paint(screen, {}, { at, set: fail(path) }));
    expect(text).toContain('The database is locked');
    expect(text).toContain('Close that program');
    expect(text).toContain('Ask again');
  });

  it('says when the reader may not see it', () => {
    expect(words(paint(screen, {}, { at, set: fail(path, 403) }))).toContain('This is not for you to see');
  });

  it('keeps what it shows when a later fetch fails, and says that it may be old', () => {
    const text = words(paint(screen, {}, { at, answers: { [path]: full }, set: fail(path) }));
    expect(text).toContain('may be old');
  });

  it('has links, tables with heads, no inline style and no empty button', () => {
    const html = paint(screen, {}, { at, answers: { [path]: full } });
    expect(html).not.toContain('style=');
    expect(html).toMatch(/<a [^>]*href="\/inspector\//);
    expect(html).toMatch(/<th [^>]*scope="col"/);
    expect(html).not.toMatch(/<button[^>]*><\/button>/);
    expect(words(html)).not.toMatch(/\b(?:NaN|undefined)\b/);
  });
});

describe('timers', () => {
  it('shows the overdue first, in words, and how many are due when', () => {
    const text = words(paint(TimersScreen, {}, { answers: { timers: timers() } }));
    expect(text).toContain('2 timers, the next first · 1 overdue');
    expect(text).toContain('1m 30s overdue');
    expect(text.indexOf('late')).toBeLessThan(text.indexOf('gt-7f3a'));
    expect(text).toMatch(/7 timers due in the next 24 hours, 7 of them in the hour from \d\d:08/);
    expect(text).toContain('Fire now');
  });

  it('says what would be here', () => {
    const empty = timers({ lines: { items: [], next: null }, total: 0, overdue: 0, density: [] });
    expect(words(paint(TimersScreen, {}, { answers: { timers: empty } }))).toContain('No timer is set');
  });

  it('lets nobody fire one who may only look', () => {
    const html = paint(TimersScreen, {}, { answers: { timers: timers() }, access: 'read' });
    expect(html).toMatch(/<button[^>]*disabled[^>]*>Fire now/);
  });
});

describe('dispatch', () => {
  const at = (view: unknown) => ({ at: 'dispatch?group=stuck', answers: { [paths.outbox('stuck')]: view } });

  it('has the reset beside the count of attempts, and the reason beside it', () => {
    const text = words(paint(DispatchScreen, {}, at(outboxView())));
    expect(text).toContain('5 of 5 Reset 503 no container');
  });

  it('counts the same failure of many and offers one button for all', () => {
    const text = words(paint(DispatchScreen, {}, at(outboxView())));
    expect(text).toContain('42 × container is starting startRun Retry all 42');
  });

  it('shows each group with its count, and what would be in an empty one', () => {
    const text = words(paint(DispatchScreen, {}, at(outboxView({ lines: { items: [], next: null } }))));
    expect(text).toContain('Stuck 1 Waiting 3 Due 0 Running 2 Settled 40');
    expect(text).toContain('Nothing is stuck');
  });

  it('offers no retry for what runs', () => {
    const running = outboxView({
      group: 'running',
      attempts: [],
      reasons: [],
      lines: { items: [effectLine()], next: null },
    });
    const scene = { at: 'dispatch?group=running', answers: { [paths.outbox('running')]: running } };
    expect(words(paint(DispatchScreen, {}, scene))).not.toContain('Retry');
  });
});

describe('breakers', () => {
  const at = (...breakers: unknown[]) => ({ answers: { breakers: { ...stamp, breakers } } });

  it('says how near it is, what it holds back, why, and how to close it', () => {
    const text = words(paint(BreakersScreen, {}, at(breakerView())));
    expect(text).toContain('2 of 20 failures in 30 minutes');
    expect(text).toContain('Holds back 12 beads in open.paused');
    expect(text).toContain('20 failures in 30 minutes');
    expect(text).toContain('Close now');
  });

  it('links each failure that has somebody to link to, and counts none outside of the window', () => {
    const old = { at: NOW - 31 * MINUTE, ref: 'agent/old', text: 'long ago' };
    const breaker = breakerView({ failures: [old, ...breakerView().failures] });
    const html = paint(BreakersScreen, {}, at(breaker));
    expect(html).toMatch(/<a href="\/inspector\/entities\/agent\/toast" aria-label="503 no container, 20m 00s ago/);
    expect(words(html)).toContain('2 of 20 failures');
  });

  it('says what would be here', () => {
    expect(words(paint(BreakersScreen, {}, at()))).toContain('There is no breaker');
  });
});

describe('the log', () => {
  it('says its order, why a row was refused, and links entity, event, sender and cause', () => {
    const html = paint(LogScreen, {}, { at: 'log', answers: { log: log() } });
    expect(words(html)).toContain('the newest first');
    expect(words(html)).toContain('refused: its epoch is old');
    for (const href of [
      'log?event=DISPATCH',
      'entities/bead/gt-7f3a',
      'entities/agent/toast',
      'log?by=scheduler',
      'log?tree=100',
    ]) {
      expect(html).toContain(`href="/inspector/${href}"`);
    }
  });

  it('tells an empty log from filters that nothing passes', () => {
    const empty = log({ lines: { items: [], next: null } });
    expect(words(paint(LogScreen, {}, { at: 'log', answers: { log: empty } }))).toContain('Nothing has happened yet');
    const filtered = { at: 'log?event=NOPE', answers: { [paths.log({ event: 'NOPE' })]: empty } };
    expect(words(paint(LogScreen, {}, filtered))).toContain('No row is like that');
  });

  it('says how far a search looked', () => {
    const some = log({ lines: { items: [logLine()], next: '900' }, lookedBackTo: 900 });
    const scene = { at: 'log?text=oom', answers: { [paths.log({ text: 'oom' })]: some } };
    expect(words(paint(LogScreen, {}, scene))).toContain('Looked back to row 900');
  });

  it('shows what a row set off, beneath it', () => {
    const tree: CauseTree = {
      row: logLine(),
      children: [
        {
          row: logLine({ seq: 101, at: NOW - MINUTE + 250, ref: 'agent/toast', title: 'toast', event: 'ASSIGN' }),
          children: [],
        },
      ],
    };
    const scene = { at: 'log?tree=100', answers: { log: log(), [paths.tree(100)]: tree } };
    const text = words(paint(LogScreen, {}, scene));
    expect(text).toContain('It set off 1 row.');
    expect(text).toContain('+250 ms');
    expect(text).toContain('epoch 3');
  });

  it('links the export with the same filters', () => {
    const html = paint(LogScreen, {}, { at: 'log?by=operator', answers: {} });
    expect(html).toContain('href="/inspector/api/log.jsonl?by=operator"');
  });
});

describe('metrics', () => {
  const view = metricsView();
  const scene = { at: 'metrics?from=1&to=2', answers: { [paths.metrics({ from: 1, to: 2 })]: view } };

  it('says in words what is drawn, and leads from a peak into the log of that time', () => {
    const html = paint(MetricsScreen, {}, scene);
    expect(words(html)).toContain('commits: last 4/min, highest 90/min.');
    expect(html).toContain(`href="/inspector/log?until=${NOW - 29 * MINUTE - 1}"`);
  });

  it('lists the time in each state', () => {
    expect(words(paint(MetricsScreen, {}, scene))).toMatch(/open\. ready 4\.0 s 20\.0 s 12 1/);
  });

  it('says what would be here', () => {
    const empty = {
      ...scene,
      answers: { [paths.metrics({ from: 1, to: 2 })]: metricsView({ panels: [], dwell: [] }) },
    };
    expect(words(paint(MetricsScreen, {}, empty))).toContain('Nothing measured yet');
  });
});
