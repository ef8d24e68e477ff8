/** What people do in the inspector: previewed, sent once, in their name, with their reason, and only what is legal. */
import { expect, test } from 'vitest';
import type { EffectOutcome } from '../../../src/core/types.ts';
import type { EntityPage, ProblemView } from '../../../src/inspector/contract.ts';
import type {
  BulkAnswer,
  BulkPreview,
  BulkRetryAnswer,
  PreviewView,
  SendAnswer,
} from '../../../src/inspector/contract-commands.ts';
import { inspectorWorld } from '../world.ts';

const json = async <T>(answer: Response | Promise<Response>) => (await (await answer).json()) as T;

test('an event is previewed without being sent, then sent once', async () => {
  const { engine, run, post, get } = await inspectorWorld({ user: () => 'operator:ada' });
  await run(engine.create('job', 'a', { name: 'Walls' }));
  const preview = await json<PreviewView>(post('entities/job/a/preview', { event: 'GO' }));
  expect(preview).toEqual({
    ...{ ref: 'job/a', accepted: true, why: null, before: 'open.ready', after: 'working' },
    ...{
      taken: ['open.ready -GO-> working'],
      timers: [{ name: 'patience', delayMs: 60_000 }],
      effects: ['build'],
      sends: [],
    },
  });
  expect(engine.reads.lastSeq()).toBe(1);
  const hold = { event: 'HOLD', reason: ' it rains ' };
  const first = await json<SendAnswer>(post('entities/job/a/events', hold, { 'idempotency-key': 'k1' }));
  expect(first).toEqual({ seq: 2, ref: 'job/a', at: expect.any(Number), state: 'open.held' });
  expect(await json(post('entities/job/a/events', hold, { 'idempotency-key': 'k1' }))).toEqual(first);
  expect(engine.reads.log({}, { limit: 9, order: 'asc' }).at(-1)).toMatchObject({
    ...{ seq: 2, by: 'operator:ada', reason: 'it rains', event: { type: 'HOLD', reason: 'it rains' } },
  });
  const other = await post('entities/job/a/events', { event: 'GO' }, { 'idempotency-key': 'k1' });
  expect(other.status).toBe(422);
  expect((await get<EntityPage>('entities/job/a')).context).toMatchObject({ reason: 'it rains' });
});

test('what the state does not take, or the host does not offer, is refused with what is legal', async () => {
  const { engine, run, post } = await inspectorWorld();
  await run(engine.create('job', 'a', { name: 'Walls' }));
  await run(engine.send('job', 'a', { type: 'HOLD' }));
  const refused = await post('entities/job/a/events', { event: 'HOLD' });
  expect([refused.status, await json<ProblemView>(refused)]).toEqual([
    409,
    expect.objectContaining({
      accepts: ['CLOSE', 'GO'],
      detail: expect.stringContaining('a person may send CLOSE, GO'),
    }),
  ]);
  for (const event of ['BEAT', 'effect.build.succeeded', 'xstate.init']) {
    expect((await post('entities/job/a/events', { event })).status, event).toBe(409);
    const preview = await json<PreviewView>(post('entities/job/a/preview', { event }));
    expect(preview).toMatchObject({ accepted: false, before: 'open.held', after: 'open.held' });
  }
  expect(engine.reads.lastSeq()).toBe(2);
  for (const [path, body] of [
    ['entities/job/a/events', { event: '' }],
    ['entities/job/a/events', { event: 'GO', payload: [1] }],
    ['entities/job/a/events', { event: 'GO', by: 'root' }],
    ['entities/nothing/a/events', { event: 'GO' }],
    ['machines/job/events', { event: 'GO', refs: ['light/a'] }],
  ] as const) {
    expect((await post(path, body)).status, `${path} ${JSON.stringify(body)}`).toBe(422);
  }
  expect((await post('entities/job/nobody/events', { event: 'GO' })).status).toBe(404);
  expect((await post('entities/job/a/dance', {})).status).toBe(404);
});

test('one event goes to many: each that takes it gets it, the others say why not', async () => {
  const { engine, run, post } = await inspectorWorld();
  for (const id of ['a', 'b', 'c']) await run(engine.create('job', id, { name: id }));
  await run(engine.send('job', 'b', { type: 'HOLD' }));
  const refs = ['job/a', 'job/b', 'job/c', 'job/nobody'];
  const preview = await json<BulkPreview>(post('machines/job/preview', { event: 'HOLD', refs }));
  expect(preview.accept).toEqual(['job/a', 'job/c']);
  expect(preview.refuse.map(({ ref }) => ref)).toEqual(['job/b', 'job/nobody']);
  const send = () =>
    json<BulkAnswer>(post('machines/job/events', { event: 'HOLD', refs }, { 'idempotency-key': 'all' }));
  const answer = await send();
  expect(answer.sent.map(({ ref, state }) => [ref, state])).toEqual([
    ['job/a', 'open.held'],
    ['job/c', 'open.held'],
  ]);
  expect(answer.refused.map(({ ref }) => ref)).toEqual(['job/b', 'job/nobody']);
  expect(engine.reads.lastSeq()).toBe(6);
});

test('all effects that failed alike are tried again by one command, each with its receipt', async () => {
  const world = await inspectorWorld({ mask: (text) => text.replace('hunter2', '***') });
  const { engine, run, post, env } = world;
  world.onBuild = () => new Promise<EffectOutcome>(() => undefined);
  const notes = { a: 'no bricks hunter2', b: 'no bricks hunter2', c: 'no mortar' };
  const keys: string[] = [];
  for (const [id, note] of Object.entries(notes)) {
    await run(engine.create('job', id, { name: id }));
    const { seq } = await run(engine.send('job', id, { type: 'GO' }));
    await env.settle();
    keys.push(`job/${id}#${seq}#0`);
    await run(engine.submit(({ tx }) => tx.settleEffect(`job/${id}#${seq}#0`, 'dead', note)));
  }
  const body = { type: 'build', note: 'no bricks ***', reason: 'bricks came' };
  const retry = async () => {
    const answer = await post('outbox/retry-all', body, { 'idempotency-key': 'all' });
    return json<BulkRetryAnswer>(answer);
  };
  const first = await retry();
  expect(first.retried.map(({ ref }) => ref)).toEqual(['job/a', 'job/b']);
  expect([first.refused, first.isAll]).toEqual([[], true]);
  expect(engine.reads.effect(keys[2] ?? '')?.status).toBe('dead');
  const log = engine.reads.log({}, { limit: 2, order: 'desc' });
  expect(log).toMatchObject(['b', 'a'].map((id) => ({ entity: { id }, reason: 'bricks came' })));
  const head = engine.reads.lastSeq();
  await run(engine.submit(({ tx }) => tx.settleEffect(keys[0] ?? '', 'dead', notes.a)));
  expect((await retry()).retried.map(({ seq }) => seq)).toEqual(first.retried.map(({ seq }) => seq));
  expect([engine.reads.lastSeq(), engine.reads.effect(keys[0] ?? '')?.status]).toEqual([head, 'dead']);
  expect((await post('outbox/retry-all', { type: 'build' })).status).toBe(422);
});

test('a timer is fired and an effect tried again, in the name of a person', async () => {
  const world = await inspectorWorld();
  const { engine, run, post, env } = world;
  const tried: string[] = [];
  world.onBuild = (name) => {
    tried.push(name);
    return new Promise<EffectOutcome>(() => undefined);
  };
  await run(engine.create('job', 'a', { name: 'Walls' }));
  await run(engine.send('job', 'a', { type: 'GO' }));
  await env.settle();
  await run(engine.submit(({ tx }) => tx.settleEffect('job/a#2#0', 'dead', 'no bricks')));
  const retried = await json<SendAnswer>(post('outbox/retry', { key: 'job/a#2#0', reason: 'bricks came' }));
  expect(retried).toMatchObject({ ref: 'job/a', state: 'working' });
  expect(engine.reads.log({}, { limit: 1, order: 'desc' })[0]).toMatchObject({
    ...{ event: { type: 'effect.build.retried', key: 'job/a#2#0' }, by: 'operator:inspector', reason: 'bricks came' },
  });
  expect(engine.reads.effect('job/a#2#0')?.status).not.toBe('dead');
  expect((await post('outbox/retry', { key: 'job/a#9#0' })).status).toBe(404);
  expect((await post('outbox/retry', { key: 'nonsense' })).status).toBe(404);
  const fire = { ref: 'job/a', id: 'xstate.after.patience.job.working', reason: 'no time' };
  expect(await json<SendAnswer>(post('timers/fire', fire))).toMatchObject({ state: 'failed' });
  expect(engine.reads.log({}, { limit: 1, order: 'desc' })[0]).toMatchObject({
    by: 'operator:inspector',
    reason: 'no time',
  });
  const gone = await post('timers/fire', fire);
  expect([gone.status, await json<ProblemView>(gone)]).toEqual([
    404,
    expect.objectContaining({ detail: expect.stringContaining('it fired, or what it waited for came') }),
  ]);
  expect(tried).toContain('Walls');
});
