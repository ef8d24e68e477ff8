/** The log up to a time: where a peak of the metrics leads to. */
import { expect, test } from 'vitest';
import type { LogView } from '../../../src/inspector/contract.ts';
import { decided, inspectorWorld } from '../world.ts';

const MINUTE = 60_000;

test('shows what had happened by then, the newest first, and goes on below', async () => {
  const { engine, env, run, get, ask } = await inspectorWorld();
  const times: number[] = [];
  for (const id of ['a', 'b', 'c']) {
    times.push(env.clock.now());
    await run(engine.create('job', id, { name: id }));
    await env.pass(MINUTE);
  }
  const [first = 0, second = 0] = times;
  const refs = async (query: string) => (await get<LogView>(`log?${query}`)).lines.items.map(({ ref }) => ref);
  expect(await refs(`until=${second}`)).toEqual(['job/b', 'job/a']);
  expect(await refs(`until=${second - 1}`)).toEqual(['job/a']);
  expect(await refs(`until=${first - 1}`)).toEqual([]);
  expect(await refs(`until=${second}&text=b`)).toEqual(['job/b']);
  expect(await refs(`until=${second}&before=2`)).toEqual(['job/a']);
  const file = await decided(env, (await ask(`/api/log.jsonl?until=${second}`)).text());
  expect(file.trim().split('\n').length).toBe(2);
});
