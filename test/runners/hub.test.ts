/** The town's side of runners: registrations, orders that are given out once, and who is believed. */
import { expect, test } from 'vitest';
import type { RunReport } from '../../src/agents/port.ts';
import { never, repository, script, soon } from '../agents/workshop.ts';
import { hubPlace } from './place.ts';
import { speaker } from './speaker.ts';

const quick = { pollMs: 40, lostMs: 60 };
const heartbeat = { kind: 'heartbeat', agent: 'toast', epoch: 1, incarnation: 'one', at: 1 };
const exited = { ...{ kind: 'exited', agent: 'toast', epoch: 1, incarnation: 'one', code: 0, signal: null }, tail: '' };

/** A hub with a registered runner, and the container that stands for it. */
async function setUp(more: Partial<Parameters<typeof hubPlace>[0]> = {}) {
  const path = repository();
  const place = await hubPlace({ path, ...more });
  const runner = speaker(place.url);
  await runner.register();
  const container = await place.hosted();
  const heard: RunReport[] = [];
  container.onReport(async (report) => void heard.push(report));
  return { ...place, path, runner, container, heard };
}

test('an order keeps its number until it is answered, and an answer that came twice counts once', async () => {
  const { runner, container } = await setUp();
  const probe = container.probe({ agent: 'toast', epoch: 1 });
  const first = await runner.orders();
  expect(first).toEqual([{ number: 1, order: { kind: 'probe', agent: 'toast', epoch: 1 } }]);
  expect(await runner.orders(), 'the answer with it was lost').toEqual(first);
  await runner.answer(1, 'running');
  await runner.answer(1, 'absent');
  expect(await probe).toBe('running');
  const list = container.list();
  expect(await runner.orders(1)).toEqual([{ number: 2, order: { kind: 'list' } }]);
  await runner.answer(2, [{ agent: 'toast', epoch: 1 }]);
  expect(await list).toEqual([{ agent: 'toast', epoch: 1 }]);
});

test('a start that was not fetched did not happen; one that was fetched may have', async () => {
  const { path, runner, container } = await setUp();
  const [early, late] = [new AbortController(), new AbortController()];
  const unfetched = container.start(script('true', { path }), early.signal);
  early.abort();
  expect(await unfetched).toMatchObject({ kind: 'refused', permanent: false });
  const fetched = container.start(script('true', { path }), late.signal);
  const [order] = await runner.orders();
  expect(order?.order).toMatchObject({ kind: 'start', run: { agent: 'toast', repository: { path: '' } } });
  late.abort();
  expect(await fetched).toMatchObject({ kind: 'unknown' });
  await runner.answer(order?.number ?? 0, { kind: 'accepted', incarnation: 'one', branch: 'attempt/gt-1/1' });
});

test('a runner that does not poll is not connected: a start is refused, and a question has no answer', async () => {
  const { path, container, runner } = await setUp({ patience: quick });
  expect(container.isConnected?.()).toBe(true);
  const waiting = container.probe({ agent: 'toast', epoch: 1 });
  await expect(waiting, 'nobody fetched it').rejects.toThrow(/runner b1 is not connected/);
  expect(container.isConnected?.()).toBe(false);
  const outcome = await container.start(script('true', { path }), never);
  expect(outcome).toMatchObject({ kind: 'refused', permanent: false, reason: 'runner b1 is not connected' });
  await expect(container.health()).rejects.toThrow(/not connected/);
  const provision = container.provision();
  await runner.register();
  const [order] = await runner.orders();
  await runner.answer(order?.number ?? 0, { incarnation: 'one' });
  expect(await provision).toEqual({ incarnation: 'one' });
});

test('a runner that is back after a while is brought to the town again', async () => {
  const brought: number[] = [];
  const { runner, container, town } = await setUp({ patience: quick });
  town.host = async (_, { slots }) => void brought.push(slots ?? 0);
  await runner.register({ slots: 3 });
  await soon(() => (container.isConnected?.() ? undefined : true));
  await runner.orders();
  expect(container.isConnected?.()).toBe(true);
  expect(brought, 'by its registration, and by its return').toEqual([3, 3]);
});

test('a process that was started anew is asked again, but for a start that was under way', async () => {
  const { path, container, runner } = await setUp();
  const start = container.start(script('true', { path }), never);
  await runner.orders();
  const stop = container.stop({ agent: 'other', epoch: 4, graceMs: 1 });
  expect((await runner.orders(1)).map(({ order }) => order.kind)).toEqual(['stop']);
  await runner.register({ process: 'bbbbbbbb' });
  expect(await start).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('started anew') });
  const [order] = await runner.orders();
  expect(order).toMatchObject({ number: 1, order: { kind: 'stop', agent: 'other' } });
  await runner.answer(1, 'gone');
  expect(await stop).toBe('gone');
});

test('the newest registration counts: the one before gets no orders, and only its ends are believed', async () => {
  const { url, runner, heard } = await setUp();
  const newer = speaker(url);
  const said = await newer.register({ process: 'bbbbbbbb', incarnation: 'two' });
  expect(said.body).toMatchObject({ replaces: 'one' });
  const refused = await runner.get(`/orders?registration=${runner.registration}&after=0`);
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('has its place now')]);
  expect((await runner.answer(1, null)).status).toBe(409);
  expect((await runner.report([heartbeat])).body).toEqual({ unwanted: [{ agent: 'toast', epoch: 1 }] });
  expect((await runner.report([{ ...exited, evidence: null }])).status).toBe(200);
  expect((await runner.report([{ ...exited, evidence: null }], 'dddddddd')).status, 'the town was anew').toBe(200);
  expect(heard.map(({ kind }) => kind)).toEqual(['exited', 'exited']);
  expect((await runner.report([], 'dddddddd')).status).toBe(404);
});

test('of runs that were placed elsewhere nothing is believed', async () => {
  const latest = (agent: string) => ({
    epoch: 1,
    container: agent === 'mine' ? 'b1' : 'b2',
    isWorking: true,
    rig: 'rig',
  });
  const { runner, heard } = await setUp({ town: { latest } });
  const reports = ['mine', 'toast'].map((agent) => ({ ...heartbeat, agent }));
  expect((await runner.report(reports)).body).toEqual({ unwanted: [{ agent: 'toast', epoch: 1 }] });
  expect((await runner.report([{ ...exited, evidence: null }])).status, 'it is not repeated for ever').toBe(200);
  expect(heard.map(({ agent }) => agent)).toEqual(['mine']);
});

test('an end is acknowledged when the town has it', async () => {
  const { runner, container } = await setUp();
  container.onReport(async () => {
    throw new TypeError('the disk is full');
  });
  expect((await runner.report([{ ...exited, evidence: null }])).status).toBe(500);
});

test('what is no registration of ours is not taken', async () => {
  const { runner, url } = await setUp();
  expect((await runner.get('/orders?registration=0123456789abcdef&after=0')).status, 'register again').toBe(404);
  expect(await runner.register({ protocol: 2 })).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining('install the same version') },
  });
  expect((await speaker(url, { id: 'local' }).register()).status).toBe(422);
  expect((await speaker(url, { token: `ymh_${'x'.repeat(43)}` }).register()).status).toBe(401);
  expect((await speaker(url, { token: 'o'.repeat(43) }).register()).body).toMatchObject({ code: 'forbidden' });
  expect((await runner.post('/register', { more: 1 })).status).toBe(422);
});

test('a merge waits for no runner that has brought its work home', async () => {
  const { runner, container } = await setUp({ patience: quick });
  const commit = '1'.repeat(40);
  const evidence = { branch: 'attempt/gt-1/1', base: commit, head: commit, commits: 1, checkpointed: false };
  await runner.report([{ ...exited, evidence }]);
  await soon(() => (container.isConnected?.() ? undefined : true));
  expect(await container.finish({ agent: 'toast', epoch: 1, graceMs: 0 })).toEqual(evidence);
  await expect(container.finish({ agent: 'toast', epoch: 2, graceMs: 0 })).rejects.toThrow(/not connected/);
});

test.each(['main', 'draft', 'attempt/gt-2/9', 'attempt/gt-1/1/1'])(
  'a run that is said to have left %s left nothing: nobody has another branch merged',
  async (branch) => {
    const { runner, container, heard } = await setUp();
    const commit = '1'.repeat(40);
    const evidence = { branch, base: commit, head: commit, commits: 1, checkpointed: false };
    const finish = container.finish({ agent: 'toast', epoch: 1, graceMs: 0 });
    const [order] = await runner.orders();
    await runner.answer(order?.number ?? 0, evidence);
    expect(await finish).toBeNull();
    await runner.report([{ ...exited, evidence }]);
    expect(heard).toMatchObject([{ kind: 'exited', evidence: null }]);
  },
);

test('a runner that drains is told of, and its patience too', async () => {
  const { runner, town } = await setUp();
  await runner.post('/drain', { registration: runner.registration, now: false });
  await runner.post('/drain', { registration: runner.registration, now: true });
  expect(town.told).toEqual(['b1 drains', 'b1 drains now']);
});
