/** What people read: the summary, the status, one entity, a why, a log row, a verification. */
import { expect, test } from 'vitest';
import { silence } from '../../src/cli/attach/screen.ts';
import { verifyText } from '../../src/cli/commands/care.ts';
import { rowText } from '../../src/cli/commands/log.ts';
import { showText, whyText } from '../../src/cli/commands/show.ts';
import { statusText } from '../../src/cli/commands/status.ts';
import { summaryTable } from '../../src/cli/summary.ts';
import { clip, duration, paintFor, plain, plainLines } from '../../src/cli/text.ts';
import { noPaint, rowsOf } from './rows.ts';

const closed = {
  ...{ id: 'slugify', state: 'closed.merged', attempts: 2, agent: 'polecat-1', timeMs: 9_200 },
  ...{ mergeCommit: '0123456789abcdef0123', reason: null },
};
const failed = {
  ...{ id: 'price-rounding', state: 'failed.gaveUp', attempts: 2, agent: 'polecat-2', timeMs: 65_000 },
  ...{ mergeCommit: null, reason: 'the tests fail:\nboth' },
};
const waiting = {
  ...failed,
  id: 'notes',
  state: 'open.blockedDeps',
  attempts: 0,
  agent: null,
  timeMs: null,
  reason: 'waits for slugify',
};

test('the summary has a row for each bead and counts them', () => {
  expect(summaryTable([closed, failed, waiting], noPaint)).toBe(
    [
      'bead            state             attempts  agent      time       merge commit  reason',
      'slugify         closed.merged     2         polecat-1  9.2 s      0123456789',
      'price-rounding  failed.gaveUp     2         polecat-2  1 min 5 s  -             the tests fail: both',
      'notes           open.blockedDeps  0         -          -          -             waits for slugify',
      '1 of 3 beads closed, 1 failed, 1 not finished',
      '',
    ].join('\n'),
  );
});

test('of many beads the summary shows what is not closed', () => {
  const beads = [...Array.from({ length: 300 }, (_, index) => ({ ...closed, id: `bead-${index}` })), failed];
  const text = summaryTable(beads, noPaint);
  expect(text.split('\n')).toHaveLength(5);
  expect(text).toContain('… and 300 more beads\n300 of 301 beads closed, 1 failed\n');
});

test('the status of a town is one screen', () => {
  const hosting = { state: 'up.occupied.resting', since: 0, incarnation: 'i', reason: null };
  const status = {
    ...{ name: 'shop', now: 100_000, seq: 42, breaker: { state: 'open', reason: 'too many starts failed' } },
    counts: {
      ...{ bead: { 'open.ready': 2, 'in_progress.running': 1 }, agent: { 'working.running.active': 1 } },
      rig: { active: 1, 'blocked.waiting': 1 },
    },
    working: [{ agent: 'polecat-1', bead: 'slugify', epoch: 7, substate: 'working.running.active', since: 40_000 }],
    containers: [
      { id: 'local', ...hosting, labels: ['local'], slots: null, runs: 0, agents: [], connected: true },
      { id: 'big', ...hosting, labels: ['gpu', 'linux'], slots: 4, runs: 1, agents: ['polecat-1'], connected: false },
      {
        id: 'old',
        ...hosting,
        state: 'draining',
        labels: [],
        slots: 1,
        runs: 1,
        agents: ['polecat-2'],
        connected: false,
      },
    ],
    rigs: [
      { id: 'shop', state: 'active', since: 0, reason: null, runtime: 'kilo code', nextLookAt: null },
      {
        ...{ id: 'docs', state: 'blocked.waiting', since: 0, reason: 'the gateway refused the key' },
        ...{ runtime: 'claude', nextLookAt: 130_000 },
      },
    ],
    escalations: [{ id: 'x', subject: 'bead/a', cause: 'failed', message: 'bead a failed', since: 90_000 }],
    health: { ok: false, degraded: 'the disk is full' },
    isolation: { available: false, reason: 'no unshare' },
  };
  expect(statusText({ ...status, containers: [] }, noPaint)).toContain('nothing runs until a runner registers');
  expect(statusText(status, noPaint)).toBe(
    [
      'town shop  log at 42, breaker open (too many starts failed)',
      "agents are NOT isolated (no unshare): a run can read what you can read, the town's folder and your other " +
        'programs too; see docs/SECURITY.md',
      'degraded: the disk is full',
      'beads: 2 open.ready, 1 in_progress.running',
      'agents: 1 working.running.active',
      'rigs: 1 active, 1 blocked.waiting',
      'rig docs is blocked: the gateway refused the key; looked at again in 30 s at the latest',
      '',
      'agent      bead     state                   for',
      'polecat-1  slugify  working.running.active  1 min',
      '',
      'container  state                               runs    labels      agents',
      'local      up.occupied.resting                 0       local       -',
      'big        up.occupied.resting, not connected  1 of 4  gpu, linux  polecat-1',
      'old        draining                            1 of 1  -           polecat-2',
      '',
      'asks for a person:',
      '  bead a failed (for 10 s)',
      '',
    ].join('\n'),
  );
});

test('one entity is shown with its telling facts, its text and its attempts', () => {
  const view = {
    ...{
      ref: 'bead/a',
      machine: 'bead',
      id: 'a',
      state: 'open',
      substate: 'open.backoff',
      since: 0,
      status: 'active' as const,
    },
    ...{ rev: 3, accepts: ['HOLD', 'RESET'], createdAt: 0, updatedAt: 0, brief: 'Do it.\n\u001b[2Jwell' },
    context: { title: 'A', labels: [], reason: null, runFailures: 1, held: false },
    attempts: [
      {
        ...{
          epoch: 7,
          agent: 'polecat-1',
          bead: 'a',
          dispatchedAt: 0,
          startedAt: 10,
          endedAt: 1_500,
          outcome: 'failed',
        },
        ...{ reason: 'exit code 7', tail: null, branch: null, container: null, tokens: 0, costUsd: 0 },
      },
    ],
  };
  expect(showText(view, 2_000, noPaint)).toBe(
    [
      'bead/a  open.backoff  for 2.0 s, since 1970-01-01 00:00:00 UTC',
      'accepts HOLD, RESET',
      '  title: A',
      '  runFailures: 1',
      '',
      'Do it.',
      '[2Jwell',
      '',
      'epoch  agent      bead  outcome  time   reason',
      '7      polecat-1  a     failed   1.5 s  exit code 7',
      '',
    ].join('\n'),
  );
});

test('a why lists its conditions with their facts', () => {
  const condition = (sentence: string, holds: boolean) => ({
    ...{ condition: sentence, holds, inputs: { state: 'open' }, nextAt: holds ? null : 5_000, waitsFor: 'the breaker' },
  });
  const why = {
    entity: 'bead/a',
    state: 'open.ready',
    since: 0,
    answer: 'bead/a waits.',
    conditions: [condition('one', true), condition('two', false)],
  };
  expect(whyText(why, 2_000, noPaint)).toBe(
    'bead/a waits.\n  yes  one (state open)\n  no   two (state open, in 3.0 s at the latest, waits for the breaker)\n',
  );
});

test('a log row is one line, whatever it holds', () => {
  const event = { type: 'FAILED', reason: 'a\nb\u001b[2J' };
  const [row] = rowsOf({
    entity: 'agent/toast',
    event,
    before: 'working.running.active',
    after: 'exited.crashed',
    at: 1_000,
  });
  if (!row) throw new Error('there is a row');
  expect(rowText(row, noPaint)).toBe(
    '1  1970-01-01 00:00:01  agent/toast  FAILED  working.running.active → exited.crashed  by test  a b[2J',
  );
  expect(rowText({ ...row, after: row.before, rejected: 'stale_epoch' }, noPaint)).toContain('rejected: stale_epoch');
  expect(rowText({ ...row, reason: 'in the words of a person' }, noPaint)).toMatch(
    /by test {2}in the words of a person$/,
  );
});

test('a verification says what it looked at', () => {
  const report = { ok: true, rows: 61, entities: 10, skipped: 0, problems: [] };
  expect(verifyText(report, noPaint)).toBe('ok: 61 rows of 10 entities replayed, all is as it is stored\n');
  expect(verifyText({ ...report, skipped: 9 }, noPaint)).toContain(
    'all is as it is stored; not replayed: 9 rows of entities that another version began',
  );
  const broken = { ...report, ok: false, problems: [{ entity: 'bead/a', seq: 4, problem: 'it differs' }] };
  expect(verifyText(broken, noPaint)).toBe('1 problem in 61 rows of 10 entities\n  bead/a at 4: it differs\n');
});

test('durations, widths and control characters', () => {
  expect([0, 9_949, 9_950, 59_400, 60_000, 125_000, 3_600_000, 90_000_000].map(duration)).toEqual([
    ...['0.0 s', '9.9 s', '10 s', '59 s', '1 min', '2 min 5 s', '1 h', '1 d 1 h'],
  ]);
  expect(clip('abcdef', 4)).toBe('abc…');
  expect(plain(' a\r\n\tb\u0007\u001b]0;x ')).toBe('a b]0;x');
  expect(plainLines('a\r\nb\u001bc')).toBe('a\nbc');
});

test('colours are for terminals, unless NO_COLOR is set', () => {
  expect(paintFor({ isTerminal: true }, {})('red', 'x')).toBe('\u001b[31mx\u001b[0m');
  expect(paintFor({ isTerminal: true }, { NO_COLOR: '1' })('red', 'x')).toBe('x');
  expect(paintFor({ isTerminal: false }, {})('red', 'x')).toBe('x');
});

test('whoever attaches to a run hears that its runner is away', () => {
  const base = { state: 'up.occupied.resting', since: 0, incarnation: 'i', reason: null, labels: [], slots: 1 };
  const big = { id: 'big', ...base, runs: 1, agents: ['p1'] };
  const agent = { context: { container: 'big' } } as unknown as Parameters<typeof silence>[0];
  expect(silence(agent, [{ ...big, connected: false }])).toContain('its runner big is not connected');
  expect(silence(agent, [{ ...big, connected: true }])).toBeNull();
  expect(silence(agent, [{ ...big, connected: null }])).toBeNull();
});
