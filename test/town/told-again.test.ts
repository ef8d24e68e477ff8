/** A start whose answer died with the town: told again at the next start of the town, and refused. */
import { expect, it } from 'vitest';
import type { RunStatus } from '../../src/agents/port.ts';
import { SECOND, world } from './world.ts';

async function toldAgain(probed: () => RunStatus) {
  const w = await world({ beads: [] });
  w.container.onStart = () => new Promise(() => undefined);
  await w.create('b1');
  expect(w.agent().state).toBe('working.dispatching');
  w.container.onStart = async () => ({ kind: 'refused', reason: 'the runner is not connected', permanent: false });
  w.container.onProbe = probed;
  await w.restart();
  return w;
}

it.each<[string, () => RunStatus]>([
  ['says that it runs', () => 'running'],
  ['does not know', () => 'unknown'],
  [
    'does not answer',
    () => {
      throw new Error('nobody is there');
    },
  ],
])('is not taken for failed while its container %s: the run that began is the run', async (_, probed) => {
  await using w = await toldAgain(probed);
  expect(w.agent().state).toMatch(/^working\.(unconfirmed|starting)/);
  await w.env.until(w.container.beat(w.latest()));
  expect(w.agent().state).toBe('working.running.active');
  await w.env.until(w.container.exit(w.latest(), 0));
  await w.pass(SECOND);
  expect(w.bead('b1').state).toBe('closed.merged');
  expect(w.town.attempts({ machine: 'bead', id: 'b1' })).toHaveLength(1);
});

it('has failed when its container knows that nothing began', async () => {
  await using w = await toldAgain(() => 'absent');
  expect(w.agent().state).toBe('idle.cooldown');
  expect(w.bead('b1').state).toBe('in_progress.retryWait');
});
