/** Closing a town while its hands do not let go: bounded, told, and found out at the next start. */
import { describe, expect, it } from 'vitest';
import type { SimulatedEnv } from '../../src/env/simulated.ts';
import { SECOND, type World, world } from './world.ts';

const foreground = (env: SimulatedEnv) => env.alarms.filter(({ background }) => !background);
const warnings = (env: SimulatedEnv) =>
  env.logged.filter(({ level }) => level === 'warn').map(({ message }) => message);

/** How long it took; nothing is left that would keep the process. */
async function close(w: World): Promise<number> {
  const before = w.env.clock.now();
  const closed = { at: 0 };
  const closing = Promise.resolve(w.town[Symbol.asyncDispose]()).then(() => {
    closed.at = w.env.clock.now();
  });
  await w.env.settle();
  for (let second = 0; second < 60 && closed.at === 0; second += 1) await w.env.pass(SECOND);
  await closing;
  expect(foreground(w.env)).toEqual([]);
  return closed.at - before;
}

/** A bead whose merge never ends, whoever tells it to. */
async function merging(w: World, merged: { commit: string } | null) {
  const { onMerge } = w.integrator;
  w.integrator.onMerge = () => new Promise(() => undefined);
  w.integrator.onMerged = async () => merged;
  await w.env.until(w.container.beat(w.latest()));
  await w.env.until(w.container.exit(w.latest(), 0));
  await w.settle();
  expect(w.bead('b1').state).toBe('in_progress.inReview.merging');
  return () => {
    w.integrator.onMerge = onMerge;
  };
}

describe('a town whose integrator does not end a merge', () => {
  it.each([
    ['had merged', { commit: 'c'.repeat(40) }, 0],
    ['had not', null, 1],
  ])('is closed soon; the next start finds out that it %s', async (_, merged, merges) => {
    await using w = await world();
    const mend = await merging(w, merged);
    expect(await close(w)).toBeLessThanOrEqual(3 * SECOND);
    expect(warnings(w.env)).toContainEqual(expect.stringContaining('the merge of bead b1 did not end'));
    mend();
    w.integrator.merges.length = 0;
    await w.restart();
    await w.pass(SECOND);
    expect(w.bead('b1').state).toBe('closed.merged');
    expect(w.integrator.merges).toHaveLength(merges);
  });
});

describe('a town whose container does not answer', () => {
  it('is closed within seconds, says what it left, and does it again at the next start', async () => {
    await using w = await world();
    await w.env.until(w.container.beat(w.latest()));
    const { stop } = w.container;
    w.container.stop = () => new Promise(() => undefined);
    await w.tell('agent/p1', { type: 'STOP' });
    await w.settle();
    expect(await close(w)).toBeLessThanOrEqual(6 * SECOND);
    expect(warnings(w.env)).toContainEqual(expect.stringContaining('effect stopRun of agent/p1 did not end'));
    w.container.stop = stop;
    await w.restart();
    expect(w.agent().state).toBe('exited.stopped');
  });
});

describe('a town whose repository does not answer', () => {
  it('is closed within seconds', async () => {
    await using w = await world();
    Object.assign(w.integrator, { attempts: () => new Promise(() => undefined) });
    await w.env.until(w.container.beat(w.latest()));
    await w.env.until(w.container.exit(w.latest(), 0));
    await w.settle();
    expect(await close(w)).toBeLessThanOrEqual(6 * SECOND);
    expect(warnings(w.env)).toContainEqual(expect.stringContaining('old branches stay'));
  });
});
