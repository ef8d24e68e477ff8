/** The progress of a town: the bar, the lines, and when a run is over. */
import { expect, test } from 'vitest';
import { Board } from '../../src/cli/board.ts';
import { Progress, statusLine } from '../../src/cli/progress.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { noPaint, rowsOf } from './rows.ts';
import { MemoryWriter } from './shell.ts';

function boardOf(...states: readonly string[]): Board {
  const board = new Board();
  for (const [index, state] of states.entries()) board.putBead({ id: `bead-${index + 1}`, state });
  return board;
}

test('the bar counts what is closed, failed, in work and waiting', () => {
  const board = boardOf(
    'closed.merged',
    'closed.done',
    'failed.gaveUp',
    'in_progress.running',
    'in_progress.inReview.merging',
    'open.ready',
    'open.held',
    'failed.exhausted',
  );
  expect(statusLine(board.tally(), 75_000, [{ agent: 'polecat-1', bead: 'bead-4' }])).toBe(
    '[██████×××▒▒▒▒▒▒░░░░░░░░░] 2/8 closed, 1 failed, 1 running, 1 merging, 2 waiting, 1 blocked · 1 min 15 s · polecat-1 bead-4',
  );
  expect(statusLine(new Board().tally(), 0, [])).toBe('[░░░░░░░░░░░░░░░░░░░░░░░░] 0/0 closed · 0.0 s');
});

test('away from a terminal there are lines and no bar', () => {
  const writer = new MemoryWriter();
  const env = createSimulatedEnv({ seed: 1 });
  const board = boardOf('in_progress.inReview.merging', 'open.ready');
  const progress = new Progress({ writer, paint: noPaint, clock: env.clock, board });
  const event = { type: 'effect.merge.succeeded', result: { kind: 'merged', commit: '0123456789abcdef' } };
  const rows = rowsOf({
    entity: 'bead/bead-1',
    event,
    before: 'in_progress.inReview.merging',
    after: 'closed.merged',
    at: env.clock.now() + 1_500,
  });
  board.take(rows);
  progress.take(rows);
  progress.recovery({
    at: env.clock.now() + 2_000,
    subject: 'bead-2',
    happened: 'start answered false',
    answer: 'agent idle.cooldown',
    tone: 'trouble',
  });
  progress.pause();
  expect(writer.text).toBe(
    '  1.5 s  bead-1            merged 0123456 (1/2)\n  2.0 s  bead-2            start answered false → agent idle.cooldown\n',
  );
});

test('on a terminal the bar is drawn again below each line, at most once for the same numbers', () => {
  const writer = new MemoryWriter({ isTerminal: true, columns: 50 });
  const env = createSimulatedEnv({ seed: 1 });
  const progress = new Progress({ writer, paint: noPaint, clock: env.clock, board: boardOf('open.ready') });
  progress.take([]);
  progress.take([]);
  progress.line('hello');
  progress.pause();
  const bar = '[░░░░░░░░░░░░░░░░░░░░░░░░] 0/1 closed, 1 waiting …';
  const erase = '\r\u001b[2K';
  expect(writer.text).toBe(`${bar.slice(0, 48)}…${erase}hello\n${bar.slice(0, 48)}…${erase}`);
});

test('a run is over when nothing moves without a person', () => {
  expect(boardOf().isOver()).toBe(true);
  expect(boardOf('closed.merged', 'failed.gaveUp', 'open.held').isOver()).toBe(true);
  expect(boardOf('failed.gaveUp', 'open.blockedFailedDependency', 'open.blockedDeps').isOver()).toBe(true);
  expect(boardOf('open.blockedDeps', 'open.ready').isOver()).toBe(false);
  for (const state of [
    'open.ready',
    'open.backoff',
    'open.throttled',
    'in_progress.retryWait',
    'in_progress.inReview.blocked',
    'failed.exhausted',
  ]) {
    expect(boardOf('closed.merged', state).isOver(), state).toBe(false);
  }
});

test('a run is over when no agent can start any more', () => {
  const board = boardOf('open.ready');
  board.putAgent({ id: 'polecat-1', state: 'idle.ready', bead: null });
  expect(board.isOver()).toBe(false);
  board.take(
    rowsOf({ entity: 'agent/polecat-1', event: { type: 'effect.startRun.refused' }, after: 'idle.quarantined' }),
  );
  expect(board.isOver()).toBe(true);
});

test('the board follows the log', () => {
  const board = boardOf('open.ready');
  board.take(
    rowsOf(
      { entity: 'bead/bead-1', event: { type: 'DISPATCH' }, before: 'open.ready', after: 'in_progress.starting' },
      {
        entity: 'agent/polecat-1',
        event: { type: 'ASSIGN', bead: 'bead-1' },
        before: 'idle.ready',
        after: 'working.dispatching',
      },
      { entity: 'bead/bead-1', event: { type: 'CANCEL' }, after: 'failed.cancelled', rejected: 'not_accepted' },
    ),
  );
  expect(board.bead('bead-1')).toBe('in_progress.starting');
  expect(board.working()).toEqual([{ agent: 'polecat-1', bead: 'bead-1' }]);
});
