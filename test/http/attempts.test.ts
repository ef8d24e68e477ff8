/** The way back that a person has: the attempts of an agent, over HTTP. The CLI's is in `test/cli/commands.test.ts`. */
import { expect, it } from 'vitest';
import { harness } from './harness.ts';

it('S18 resets the attempts of an exhausted agent, and its bead is started again', async () => {
  await using api = await harness({ beads: [], policy: { attemptsMax: 1 } });
  const { world } = api;
  world.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
  await api.post('/beads', { id: 'b', title: 'b' });
  await world.settle();
  expect([world.agent().state, world.agent().context.startFailures]).toEqual(['idle.exhausted', 1]);
  world.container.onStart = async () => world.container.accepts();
  const reset = await api.post('/agents/p1/reset-attempts', { reason: 'the disk is back' });
  expect(reset).toMatchObject({ status: 200, body: { state: 'idle.ready' } });
  expect(world.agent().context.startFailures).toBe(0);
  await api.post('/beads/b/reset');
  await world.settle();
  expect(world.bead('b').state).toBe('in_progress.starting');
  const logged = world.town.log({ entity: { machine: 'agent', id: 'p1' }, type: 'RESET' }, {});
  expect(logged).toMatchObject([{ by: 'operator', event: { reason: 'the disk is back' } }]);
});
