/** Which branches of attempts may go. */
import { expect, it } from 'vitest';
import type { AttemptBranch } from '../../src/agents/port.ts';
import { toForget } from '../../src/town/branches.ts';
import { MINUTE, ScriptedIntegrator, SECOND, world } from './world.ts';

const NOW = 1_000_000;
const policy = { attemptBranchMs: 10_000, attemptBranchesMax: 2 };
const DAY = 24 * 60 * MINUTE;

function known(bead: string, epoch: number, more: Partial<AttemptBranch> & { state: string; product?: string }) {
  const { state, product = null, ...rest } = more;
  const branch = `attempt/${bead}/${epoch}`;
  const attempt = { bead, epoch, branch, isMerged: false, at: NOW - 1_000, ...rest };
  return { attempt, bead: { state, context: { branch: product } } };
}
const forgotten = (...all: ReturnType<typeof known>[]) =>
  toForget(all, { policy, now: NOW }).map(({ bead, epoch }) => `${bead}/${epoch}`);

it('merged work goes at once, when its bead is over', () => {
  expect(forgotten(known('a', 1, { state: 'closed.merged', isMerged: true }))).toEqual(['a/1']);
  expect(forgotten(known('a', 1, { state: 'open.ready', isMerged: true }))).toEqual([]);
});

it('failed work goes when it is too old, or when there is too much of it, the oldest first', () => {
  const failed = (epoch: number, age: number) => known('a', epoch, { state: 'failed.gaveUp', at: NOW - age });
  expect(forgotten(failed(1, 9_999), failed(2, 10_000))).toEqual(['a/2']);
  expect(forgotten(failed(1, 300), failed(2, 200), failed(3, 100))).toEqual(['a/1']);
});

it('what an open bead left is never touched, however old', () => {
  for (const state of [
    'open.ready',
    'open.backoff',
    'in_progress.running',
    'in_progress.inReview.merging',
    'failed.exhausted',
  ])
    expect(forgotten(known('a', 1, { state, at: 0 })), state).toEqual([]);
});

it('where nothing is merged, the branch is the work and stays', () => {
  const product = { state: 'closed.done', product: 'attempt/a/2', at: 0 };
  expect(forgotten(known('a', 1, product), known('a', 2, product))).toEqual(['a/1']);
});

it('a town asks for what its own closed beads left, and for nothing that another town left', async () => {
  const integrator = new ScriptedIntegrator();
  const asked: unknown[] = [];
  const left = (bead: string) => ({ bead, epoch: 1, branch: `attempt/${bead}/1`, isMerged: true, at: 0 });
  const hands = Object.assign(integrator, {
    attempts: async () => [left('b1'), left('b2'), left('strange')],
    forget: async (_: unknown, attempts: readonly unknown[]) => void asked.push(...attempts),
  });
  await using w = await world({ integrator: hands, beads: ['b1', 'b2'], policy: { attemptBranchMs: DAY } });
  const run = w.latest();
  await w.env.until(w.container.beat(run));
  await w.env.until(w.container.exit(run, 0));
  await w.pass(10 * SECOND);
  expect(w.bead(run.bead).state).toBe('closed.merged');
  expect(asked).toEqual([{ bead: run.bead, epoch: 1, withCheckpoint: true }]);
});
