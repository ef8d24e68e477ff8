/** `up`, `run`, `demo` and `policy --set` refuse a policy that can deadlock, and change nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { realMachines } from '../../src/check/scene.ts';
import { exits } from '../../src/cli/exits.ts';
import { plantedIn, REFUSAL, STUCK } from '../check/planted.ts';
import { folder, testShell } from './shell.ts';
import { workshop } from './workshop.ts';

vi.mock('../../src/check/approval.ts', async (load) => {
  const { createPolicyCheck } = await load<typeof import('../../src/check/approval.ts')>();
  return { createPolicyCheck: () => createPolicyCheck(plantedIn(realMachines)) };
});
vi.mock('../../src/cli/demo/plan.ts', async (load) => {
  const real = await load<typeof import('../../src/cli/demo/plan.ts')>();
  return { ...real, demoPolicy: { ...real.demoPolicy, ...STUCK } };
});

const stuck = ['--set', 'remindersMax=77'];

test('run and up do not found a town with it', async () => {
  const { data, work, rig } = workshop();
  for (const words of [
    ['run', work('beads: [{ id: one, title: One }]'), ...rig],
    ['up', '--port', '0', ...rig],
  ]) {
    const shell = testShell();
    expect(await shell.run(...words, ...stuck)).toBe(exits.usage);
    expect(shell.errors.text).toMatch(REFUSAL);
    expect(existsSync(data)).toBe(false);
  }
});

test('a town that is there is neither opened with it nor changed to it', async () => {
  const { data, rig } = workshop();
  const serving = testShell();
  const ended = serving.run('up', '--port', '0', ...rig);
  await serving.out.has(/is at http/);
  const shell = testShell();
  expect(await shell.run('policy', '--data', data, ...stuck)).toBe(exits.usage);
  expect(shell.errors.text).toMatch(REFUSAL);
  serving.signal('SIGTERM');
  expect(await ended).toBe(exits.done);

  const again = testShell();
  expect(await again.run('up', '--port', '0', '--data', data, ...stuck)).toBe(exits.usage);
  expect(again.errors.text).toMatch(REFUSAL);
  const after = testShell();
  expect(await after.run('policy', '--data', data, '--json')).toBe(exits.done);
  expect(JSON.parse(after.out.text)).toMatchObject({ remindersMax: 3 });
});

test('nor does the demo', async () => {
  const shell = testShell();
  const place = join(folder(), 'demo');
  expect(await shell.run('demo', '--folder', place)).toBe(exits.usage);
  expect(shell.errors.text).toMatch(REFUSAL);
  expect(shell.out.text).toBe('');
  expect(existsSync(join(place, 'town', 'town.db'))).toBe(false);
});

test('what was found sound is not searched again', async () => {
  const { data, rig } = workshop();
  for (let round = 0; round < 2; round += 1) {
    const shell = testShell();
    const ended = shell.run('up', '--port', '0', ...rig);
    await shell.out.has(/is at http/);
    shell.signal('SIGTERM');
    expect(await ended).toBe(exits.done);
    expect(JSON.parse(readFileSync(join(data, 'sound-policies.json'), 'utf8'))).toHaveLength(1);
  }
});
