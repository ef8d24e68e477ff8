/** Several containers over HTTP: what each offers and hosts, agents that are bound to one, rigs that need labels. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScriptedContainer } from '../town/world.ts';
import { type Harness, harness, type Json } from './harness.ts';

let api: Harness;
beforeEach(async () => {
  api = await harness({ beads: [], agentCount: 0, local: false });
  const { town, env } = api.world;
  await env.until(town.host(new ScriptedContainer('big'), { labels: ['gpu', 'linux'], slots: 2 }));
  await env.until(town.host(new ScriptedContainer('small'), { labels: [], slots: null }));
  await api.world.settle();
});
afterEach(() => api[Symbol.asyncDispose]());

it('shows where runs are, and what there is room for', async () => {
  expect((await api.post('/agents', { id: 'bound', rig: 'r', container: 'big' })).status).toBe(201);
  expect((await api.post('/agents', { id: 'lost', rig: 'r', container: 'nowhere' })).body).toMatchObject({
    code: 'unknown_entity',
  });
  await api.world.create('b1');
  const hosting = { agents: ['bound'], connected: true, context: { labels: ['gpu', 'linux'], slots: 2 } };
  expect((await api.get('/containers/big')).body).toMatchObject(hosting);
  const { items } = (await api.get('/containers')).body as { items: Json[] };
  expect(items.map(({ id, agents }) => [id, agents])).toEqual([
    ['big', ['bound']],
    ['small', []],
  ]);
  expect((await api.get('/town')).body.containers).toMatchObject([
    { id: 'big', state: 'up.occupied.resting', slots: 2, runs: 1, agents: ['bound'], incarnation: 'one' },
    { id: 'small', slots: null, runs: 0, agents: [] },
  ]);
});

it('is never told what it offers by a person', async () => {
  const answer = await api.post('/entities/container/big/events', { type: 'CONFIGURE', labels: [], slots: 0 });
  expect([answer.status, answer.body.code]).toEqual([409, 'not_accepted']);
});

it('refuses labels that can not be', async () => {
  const config = { path: '/nowhere', argv: ['agent'] };
  for (const labels of ['gpu', ['no label'], [7]]) {
    expect((await api.ask('PUT', '/rigs/r', { body: { ...config, labels } })).status).toBe(422);
  }
});
