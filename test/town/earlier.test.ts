/**
 * A town that an earlier version left in the midst of things, when there was one container and nothing named it: it
 * opens, is read and verified, and goes on. `fixtures/before-several-containers.db.gz` is what that version wrote.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { openOffline } from '../../src/cli/offline.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { createTown } from '../../src/town/town.ts';
import { MINUTE, ScriptedContainer, ScriptedIntegrator } from './world.ts';

const FIXTURE = new URL('fixtures/before-several-containers.db.gz', import.meta.url);

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-earlier-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'town.db'), gunzipSync(readFileSync(FIXTURE)));
  return directory;
}

async function opened() {
  const directory = folder();
  const env = createSimulatedEnv({ seed: 1 });
  const [container, integrator] = [new ScriptedContainer(), new ScriptedIntegrator()];
  const town = await env.until(createTown({ directory, env, container, integrator }));
  onTestFinished(async () => {
    const closed = Promise.resolve(town[Symbol.asyncDispose]());
    await env.settle();
    await closed;
  });
  await env.settle();
  const at = (ref: string) => {
    const [machine = '', id = ''] = ref.split('/');
    return town.get({ machine, id });
  };
  return { town, env, container, at };
}

test('is read with what was added since, and verifies', async () => {
  const { town, at } = await opened();
  expect(at('container/local')?.context).toMatchObject({ labels: ['local'], slots: null, runs: [2] });
  expect(at('agent/p2')).toMatchObject({ substate: 'working.running.active', context: { pinned: null } });
  expect(at('bead/running')?.context).toMatchObject({ container: null });
  expect(town.verify()).toMatchObject({ ok: true, problems: [] });
  expect(town.status().containers).toMatchObject([{ id: 'local', runs: 1, agents: ['p2'] }]);
  for (const machine of ['bead', 'agent', 'rig', 'container']) {
    for (const { id } of town.list(machine).items) expect(town.why({ machine, id }).answer).not.toBe('');
  }
});

test('goes on: the run that was under way is merged, the retries start where it is', async () => {
  const { town, env, container, at } = await opened();
  await env.until(container.exit({ agent: 'p2', epoch: 2 }, 0));
  await env.pass(2 * MINUTE);
  for (const { agent, epoch } of container.starts) await env.until(container.exit({ agent, epoch }, 0));
  await env.pass(MINUTE);
  for (const id of ['done', 'running', 'failing', 'waiting']) expect(at(`bead/${id}`)?.substate).toBe('closed.merged');
  expect(at('bead/waiting')?.context).toMatchObject({ container: 'local' });
  expect(town.verify()).toMatchObject({ ok: true, problems: [] });
});

test('is read while it is closed', async () => {
  const directory = folder();
  using reader = openOffline(directory, createSimulatedEnv({ seed: 1 }));
  expect((await reader.status()).containers).toMatchObject([{ id: 'local', connected: null, labels: ['local'] }]);
  expect(reader.verify()).toMatchObject({ ok: true });
});
