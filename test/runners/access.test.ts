/** What a runner's token opens, in the API of a real town. */
import { afterEach, expect, it } from 'vitest';
import { loadCapabilities } from '../../src/town/capability.ts';
import { type Harness, harness } from '../http/harness.ts';

let api: Harness;
afterEach(() => api[Symbol.asyncDispose]());

const first = { protocol: 1, process: 'aaaaaaaa', incarnation: 'one', labels: ['gpu'], slots: 2, version: 'test' };

it('SEC7 SEC8 the token of a runner opens its own routes, and nothing else does', async () => {
  api = await harness({ beads: [], agentCount: 1 });
  const { town } = api.world;
  const { runnerToken, token: runToken } = loadCapabilities(`${town.directory}/town.key`);
  const [own, other] = [runnerToken('b1'), runnerToken('b2')];
  expect([own.startsWith('ymh_'), own === other, town.isRunner('b1', own), town.isRunner('b2', own)]).toEqual([
    ...[true, false, true, false],
  ]);
  // A run whose agent and epoch read like a runner has another token.
  expect(runToken({ agent: 'runner', epoch: 1 })).not.toContain(runnerToken('1').slice(4));

  const register = (id: string, token: string | null | undefined) =>
    api.post(`/runners/${id}/register`, first, token === undefined ? {} : { token });
  expect((await register('b1', own)).status).toBe(200);
  expect((await register('b2', own)).status).toBe(401);
  expect((await register('b1', other)).status).toBe(401);
  expect((await register('b1', null)).status).toBe(401);
  const asOperator = await register('b1', undefined);
  expect([asOperator.status, asOperator.body.detail]).toEqual([403, expect.stringContaining('runner-token b1')]);
  for (const path of ['/town', '/agents', '/agents/p1', '/rigs/r', '/log', '/policy', '/containers/b1']) {
    expect([path, (await api.get(path, { token: own })).status]).toEqual([path, 401]);
  }
  expect((await api.post('/beads', { title: 'new' }, { token: own })).status).toBe(401);
});

it('a runner that registers is a container of the town', async () => {
  api = await harness({ beads: [], agentCount: 0 });
  const { town } = api.world;
  const token = loadCapabilities(`${town.directory}/town.key`).runnerToken('b1');
  const { body } = await api.post('/runners/b1/register', first, { token });
  expect(body).toMatchObject({ town: town.name, replaces: null });
  expect(town.get({ machine: 'container', id: 'b1' })?.context).toMatchObject({ labels: ['gpu'], slots: 2 });
  await api.post('/runners/b1/register', { ...first, labels: [], slots: null }, { token });
  expect(town.get({ machine: 'container', id: 'b1' })?.context).toMatchObject({ labels: [], slots: null });
});
