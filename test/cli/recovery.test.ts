/** Troubles of runs as sentences: what happened, and what the charts did about it. */
import { expect, test } from 'vitest';
import { recoveriesIn } from '../../src/cli/recovery.ts';
import { type RowText, rowsOf } from './rows.ts';

const facts = { beadOf: (agent: string) => (agent === 'toast' ? 'slugify' : null), retryAt: () => 1_500 };

function lines(...rows: readonly RowText[]): readonly string[] {
  return recoveriesIn(rowsOf(...rows), facts).map(
    ({ subject, happened, answer, tone }) => `${tone}: ${subject}: ${happened} → ${answer}`,
  );
}

const agent = 'agent/toast';
const bead = 'bead/slugify';
const dispatching = 'working.dispatching';
const timer = (delay: string) => ({ type: `xstate.after.${delay}.agent.working` });

test('a start that answers false is one line with the wait of its bead', () => {
  const reason = 'the container answered false: it did not start';
  expect(
    lines(
      {
        entity: agent,
        event: { type: 'effect.startRun.refused', reason, permanent: false },
        before: dispatching,
        after: 'idle.cooldown',
      },
      { entity: 'container/local', event: { type: 'VACATE' }, before: 'up.occupied.resting', after: 'up.vacant' },
      {
        entity: bead,
        event: { type: 'RUN.START_FAILED' },
        before: 'in_progress.starting',
        after: 'in_progress.retryWait',
      },
    ),
  ).toEqual([
    'trouble: slugify: start answered false → agent idle.cooldown, bead in_progress.retryWait, retry in 1.5 s',
  ]);
});

test('a start that is refused tells why, and whether it can ever succeed', () => {
  const refused = (permanent: boolean, after: string) => ({
    entity: agent,
    event: { type: 'effect.startRun.refused', reason: 'no room left', permanent },
    before: dispatching,
    after,
  });
  expect(lines(refused(false, 'idle.cooldown'), refused(true, 'idle.quarantined'))).toEqual([
    'trouble: slugify: start refused: no room left → agent idle.cooldown',
    'trouble: slugify: start refused for good: no room left → agent idle.quarantined',
  ]);
});

test('a late start is unconfirmed, then restored by its heartbeat', () => {
  const unconfirmed = 'working.unconfirmed.asking';
  expect(
    lines(
      { entity: agent, event: timer('startTimeout'), before: dispatching, after: unconfirmed },
      { entity: agent, event: { type: 'HEARTBEAT' }, before: unconfirmed, after: 'working.running.active' },
    ),
  ).toEqual([
    'trouble: slugify: start gave no answer in time → agent working.unconfirmed.asking: neither failed nor running, its container is asked',
    'mended: slugify: heartbeat of the start that gave no answer → agent working.running.active',
  ]);
});

test('the ends of a run say how it ended', () => {
  const exit = (code: number | null, signal: string | null = null) => ({
    entity: agent,
    event: { type: 'EXITED', code, signal },
    before: 'working.running.active',
    after: 'exited.crashed',
  });
  const failed = { type: 'FAILED', class: 'work', reason: 'tests\nfail \u001b[31m' };
  expect(
    lines(exit(7), exit(0), exit(null, 'SIGKILL'), exit(null), {
      ...{ entity: agent, event: failed, before: 'working.running.active', after: 'exited.crashed' },
    }).map((line) => line.replace(' → agent exited.crashed', '')),
  ).toEqual([
    'trouble: slugify: crashed with exit code 7',
    'trouble: slugify: exit code 0, but no commit',
    'trouble: slugify: ended by SIGKILL',
    'trouble: slugify: its process is gone',
    'trouble: slugify: reported as failed (work): tests fail [31m',
  ]);
});

test('a bead that is given up is lost, and no retry is promised', () => {
  expect(
    lines(
      {
        entity: agent,
        event: { type: 'EXITED', code: 1, signal: null },
        before: 'working.running.active',
        after: 'exited.crashed',
      },
      { entity: bead, event: { type: 'RUN.FAILED' }, before: 'in_progress.running', after: 'failed.gaveUp' },
    ),
  ).toEqual(['lost: slugify: crashed with exit code 1 → agent exited.crashed, bead failed.gaveUp']);
});

test('silence goes by nudge and escalation to a stop', () => {
  const at = (before: string, after: string, delay: string) => ({
    entity: agent,
    event: timer(delay),
    before: `working.${before}`,
    after: `working.${after}`,
  });
  expect(
    lines(
      at('running.active', 'running.quiet', 'nudge'),
      at('running.quiet', 'running.stalled', 'escalate'),
      at('running.stalled', 'stopping', 'stall'),
    ),
  ).toEqual([
    'trouble: slugify: it lives but shows no progress → agent working.running.quiet: nudged',
    'trouble: slugify: still no progress → agent working.running.stalled: a person was told, it is stopped next',
    'trouble: slugify: no progress for too long → agent working.stopping: told to end, then ended',
  ]);
});

test('merges that do not pass are told with their cause', () => {
  const merge = (result: object) => ({
    entity: bead,
    event: { type: 'effect.merge.succeeded', result: result as never },
    before: 'in_progress.inReview.merging',
    after: 'open.backoff',
  });
  expect(
    lines(
      merge({ kind: 'conflict', files: ['a.js', 'b.js'] }),
      merge({ kind: 'tests_failed', code: 1, tail: 'ok 1\nnot ok 2' }),
    ),
  ).toEqual([
    'trouble: slugify: merge conflict in a.js, b.js → bead open.backoff, retry in 1.5 s',
    'trouble: slugify: tests failed on the merge result (exit code 1): not ok 2 → bead open.backoff, retry in 1.5 s',
  ]);
});

test('the breaker and the container are told of as themselves', () => {
  expect(
    lines(
      { entity: 'breaker/town', event: { type: 'FAILURE' }, before: 'closed.available', after: 'open' },
      { entity: 'container/local', event: { type: 'SEEN' }, before: 'suspect.resting', after: 'up.occupied.resting' },
    ),
  ).toEqual([
    'trouble: breaker town: starts fail all over the town → nothing is dispatched until it has cooled, retry in 1.5 s',
    'mended: container local: answers again → container up.occupied.resting',
  ]);
});

test('the ordinary course of things and what was rejected is no trouble', () => {
  const running = 'working.running.active';
  expect(
    lines(
      { entity: agent, event: { type: 'ASSIGN' }, before: 'idle.ready', after: dispatching },
      { entity: agent, event: { type: 'HEARTBEAT' }, before: dispatching, after: running },
      { entity: agent, event: { type: 'DONE' }, before: running, after: 'exited.completed' },
      {
        entity: bead,
        event: { type: 'RUN.COMPLETED' },
        before: 'in_progress.running',
        after: 'in_progress.inReview.merging',
      },
      { entity: agent, event: { type: 'EXITED', code: 7 }, before: running, after: running, rejected: 'stale_epoch' },
    ),
  ).toEqual([]);
});
