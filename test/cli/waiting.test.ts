/** What a whole town waits for is said, with its end, once for each change. */
import { expect, onTestFinished, test } from 'vitest';
import { watchTown } from '../../src/cli/watching.ts';
import { MINUTE, RIG, SECOND, type World, type WorldOptions, world } from '../town/world.ts';
import { noPaint } from './rows.ts';
import { MemoryWriter } from './shell.ts';

async function watched(options: WorldOptions): Promise<{ w: World; lines: () => readonly string[] }> {
  const w = await world({ beads: [], ...options });
  const writer = new MemoryWriter();
  const watching = watchTown(w.town, { writer, paint: noPaint, env: w.env });
  onTestFinished(async () => {
    watching.close();
    await w[Symbol.asyncDispose]();
  });
  watching.tellWait();
  // Troubles of runs have lines of their own, which begin with their time.
  return { w, lines: () => writer.text.split('\n').filter((line) => /^[A-Z]/.test(line)) };
}

const until = 'until \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC';

test('a pause is said with its reason, and again when it is another one', async () => {
  const { w, lines } = await watched({});
  const breaker = 'breaker/town';
  await w.tell(breaker, { type: 'PAUSE', reason: 'lunch' });
  await w.create('b1', 'b2');
  await w.tell('bead/b1', { type: 'HOLD' });
  expect(lines()).toEqual(['The town is paused (lunch): `yardmaster resume` lets it go on.']);
  await w.tell(breaker, { type: 'RESUME' });
  await w.settle();
  await w.create('b3');
  await w.tell(breaker, { type: 'PAUSE', reason: 'tea' });
  expect(lines().at(-1)).toBe('The town is paused (tea): `yardmaster resume` lets it go on.');
});

test('a label that nobody offers is said at once, and not again', async () => {
  const { w, lines } = await watched({ rigs: { r: { ...RIG, labels: ['tpu'] } } });
  await w.create('b1', 'b2');
  await w.pass(SECOND);
  expect(lines()).toEqual(['Nothing can run yet: what is missing is a runner with --label tpu.']);
});

test('a spent rate of the town is said once, with its end', async () => {
  const { w, lines } = await watched({ policy: { townDispatchesPerHour: 2 }, agentCount: 3 });
  await w.create('b1', 'b2', 'b3');
  expect(lines()).toEqual([
    expect.stringMatching(new RegExp(`started as many runs as it may \\(2 runs an hour.*the next waits ${until}`)),
  ]);
  await w.pass(45 * MINUTE);
  expect(lines()).toHaveLength(1);
});

test('a spent budget is said with its end', async () => {
  const { w, lines } = await watched({ policy: { townBudgetUsdPerDay: 1 } });
  await w.create('b1', 'b2');
  const run = w.latest();
  await w.env.until(w.container.beat(run));
  await w.tell(`agent/${run.agent}`, { type: 'USAGE', epoch: run.epoch, tokens: 1, costUsd: 2 });
  await w.settle();
  expect(lines()).toEqual([
    expect.stringMatching(new RegExp(`^The budget of the day is spent: .*${until} \\(24 h|1 d\\)`)),
  ]);
});

test('agents that all rest are said, with the end of the first rest', async () => {
  const { w, lines } = await watched({ policy: { attemptsMax: 1, cooldownMs: 20 * MINUTE } });
  w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
  await w.create('b1', 'b2');
  await w.pass(SECOND);
  expect(w.agent().state).toBe('idle.exhausted');
  expect(lines()).toEqual([expect.stringMatching(new RegExp(`^All agents rest after failed starts: .*${until}`))]);
});

test('beads that were all started as often as they may be are said', async () => {
  const { w, lines } = await watched({ policy: { dispatchesPerHour: 1, backoffMs: [SECOND], recycleMs: SECOND } });
  await w.create('b1');
  const run = w.latest();
  await w.env.until(w.container.beat(run));
  await w.env.until(w.container.exit(run, 3, 0));
  await w.pass(10 * SECOND);
  expect(w.bead('b1').state).toBe('open.throttled');
  expect(lines()).toEqual([expect.stringMatching(new RegExp(`1 runs of a bead an hour\\): it waits ${until}`))]);
});
