/** Time travel: an entity as it was after each row of the log, with what was armed and wanted then. */
import { expect, test } from 'vitest';
import type { EffectOutcome } from '../../../src/core/types.ts';
import type { HistoryView, MomentView } from '../../../src/inspector/contract.ts';
import { inspectorWorld } from '../world.ts';

test('each moment is what it was, also of timers and effects', async () => {
  const world = await inspectorWorld();
  const { engine, run, env, get } = world;
  const ends: ((outcome: EffectOutcome) => void)[] = [];
  world.onBuild = () => new Promise((end) => ends.push(end));
  await run(engine.create('job', 'a', { name: 'Walls' }));
  await run(engine.send('job', 'a', { type: 'GO' }));
  await env.pass(1_000);
  await run(engine.send('job', 'a', { type: 'BEAT' }));
  ends[0]?.({ kind: 'refused', reason: 'no bricks', permanent: false });
  await env.pass(10_000);
  const { rows } = await get<HistoryView>('entities/job/a/history');
  const at = (seq: number) => get<MomentView>(`entities/job/a/at/${seq}`);
  const moments = await Promise.all(rows.map(({ seq }) => at(seq)));
  expect(moments.map(({ state, timers, effects }) => [state, timers.map(({ name }) => name), effects.length])).toEqual([
    ['open.ready', [], 0],
    ['working', ['patience'], 1],
    ['working', ['patience'], 1],
    ['open.resting', ['rest'], 0],
    ['open.ready', [], 0],
  ]);
  const [born, working, beaten, resting] = moments;
  expect(born).toMatchObject({ accepts: ['CLOSE', 'GO', 'HOLD', 'RESET'], exact: true });
  expect(working?.timers[0]?.dueAt).toBe((rows[1]?.at ?? 0) + 60_000);
  expect(beaten?.timers[0]?.dueAt).toBe((rows[2]?.at ?? 0) + 60_000);
  expect(resting?.context).toMatchObject({ tries: 1, reason: 'no bricks' });
  expect(JSON.stringify(moments)).not.toContain('hunter2');
  const before = await world.ask('/api/entities/job/b/at/1');
  expect([before.status, await before.json()]).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
});

test('a long history is replayed once; a slider that is dragged starts from a stop on the way', async () => {
  const { engine, run, get } = await inspectorWorld();
  await run(engine.create('job', 'a', { name: 'Walls' }));
  for (let times = 0; times < 300; times += 1) {
    await run(engine.send('job', 'a', { type: 'HOLD', reason: `reason ${times}` }));
    await run(engine.send('job', 'a', { type: 'GO' }));
  }
  for (const seq of [601, 500, 502, 3, 601]) {
    const { state, context } = await get<MomentView>(`entities/job/a/at/${seq}`);
    const reason = `reason ${Math.floor((seq - 2) / 2)}`;
    expect([seq, state, context.reason]).toEqual([seq, seq % 2 === 0 ? 'open.held' : 'open.ready', reason]);
  }
});
