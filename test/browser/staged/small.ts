/** A small town in real time, whose first bead can not be started until somebody gives it new attempts. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemEnv } from '../../../src/env/system.ts';
import { createTown } from '../../../src/town/town.ts';
import { RIG } from '../../town/world.ts';
import { StagedContainer, StagedIntegrator, type Turn } from './hands.ts';
import { type ServedTown, serve, tellTo } from './town.ts';

export const STUCK = 'stuck';
const HOUR = 3_600_000;
const refused: Turn = { kind: 'refused', reason: '503: no container has room' };
const parts = { [STUCK]: { turns: [refused, refused, refused, refused, refused, { kind: 'runs' } as const] } };

/** Its five starts are over soon after; `settled` resolves then. */
export async function smallTown(): Promise<ServedTown & { readonly settled: Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-small-'));
  const env = createSystemEnv({ log: () => undefined });
  const container = new StagedContainer(env, parts);
  const integrator = new StagedIntegrator(parts);
  const town = await createTown({
    ...{ directory, env, container, integrator, name: 'Small Yard', synchronous: 'normal', rigs: { r: RIG } },
    agents: ['ash', 'beech'].map((id) => ({ id, rig: 'r' })),
    policy: { jitter: 0, backoffMs: [10], cooldownMs: HOUR },
  });
  container.tell = tellTo(town);
  const isOver = () => town.get({ machine: 'bead', id: STUCK })?.substate === 'failed.exhausted';
  const settled = new Promise<void>((resolve) => {
    const unwatch = town.watch(() => {
      if (!isOver()) return;
      unwatch();
      resolve();
    });
  });
  await town.createBeads([{ id: STUCK, title: 'Resize images', rig: 'r' }], { by: 'operator:ada' });
  const served = await serve(town, directory, async () => container.rest());
  return Object.assign(served, { settled });
}
