/** A policy that can deadlock is refused wherever one is loaded: by an embedder, over HTTP, and while others work. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { defaultPolicy, type Policy } from '../../machines/policy.ts';
import { createPolicyCheck } from '../../src/check/approval.ts';
import { realMachines } from '../../src/check/scene.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { createTown } from '../../src/town/town.ts';
import { harness } from '../http/harness.ts';
import { world } from '../town/world.ts';
import { plantedIn, REFUSAL, STUCK } from './planted.ts';

vi.setConfig({ testTimeout: 240_000 });
const checkPolicy = createPolicyCheck(plantedIn(realMachines));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'yardmaster-approval-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('an embedder can not found a town with it, and nothing is made', async () => {
  const directory = join(folder(), 'town');
  const founding = createTown({ directory, policy: STUCK, checkPolicy });
  await expect(founding).rejects.toMatchObject({ code: 'invalid', message: expect.stringMatching(REFUSAL) });
  expect(existsSync(directory)).toBe(false);
});

test('an embedder can not open a town with it, nor change one to it', async () => {
  await using made = await world({ checkPolicy });
  const before = { log: made.town.log({}, { limit: 1_000 }), policy: made.town.policy() };
  await expect(made.env.until(made.town.patchPolicy(STUCK))).rejects.toMatchObject({ code: 'invalid' });
  expect({ log: made.town.log({}, { limit: 1_000 }), policy: made.town.policy() }).toEqual(before);
  await expect(made.restart({ policy: STUCK })).rejects.toMatchObject({ code: 'invalid' });
  await made.restart();
  expect(made.town.policy()).toEqual(before.policy);
});

test('two changes at a time are judged together: none is lost', async () => {
  const judged: number[] = [];
  const slow = async (policy: Policy) => {
    judged.push(policy.leaseMs + policy.wedgeMs);
    return [];
  };
  await using made = await world({ checkPolicy: slow });
  const both = [made.town.patchPolicy({ leaseMs: 91_000 }), made.town.patchPolicy({ wedgeMs: 301_000 })];
  await made.env.until(Promise.all(both));
  expect(made.town.policy()).toMatchObject({ leaseMs: 91_000, wedgeMs: 301_000 });
  expect(judged.at(-1)).toBe(91_000 + 301_000);
});

test('HTTP answers 422 with the way there, and the policy stays', async () => {
  await using api = await harness({ checkPolicy });
  const before = await api.get('/policy');
  const answer = await api.ask('PATCH', '/policy', { body: STUCK });
  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({ code: 'invalid', detail: expect.stringMatching(REFUSAL) });
  expect(answer.body.problems).toMatchObject([{ setting: 'policy' }]);
  expect((await api.get('/policy')).body).toEqual(before.body);
  expect((await api.ask('PATCH', '/policy', { body: { remindersMax: 3 } })).status).toBe(200);
});

test('the check lets others have their turn, and is made once for each policy and chart', async () => {
  const env = createSystemEnv();
  let turns = 0;
  const counting = {
    ...env,
    clock: {
      ...env.clock,
      now: () => env.clock.now(),
      soon: (call: () => void) => {
        turns += 1;
        env.clock.soon(call);
      },
    },
  };
  const place = { directory: folder(), env: counting };
  const policy = { ...defaultPolicy, remindersMax: 11 };
  expect(await createPolicyCheck()(policy, place)).toEqual([]);
  expect(turns).toBeGreaterThan(50);
  const before = turns;
  expect(await createPolicyCheck()(policy, place)).toEqual([]);
  expect(turns).toBe(before);

  const file = join(place.directory, 'sound-policies.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
  // Another policy, and what was refused, are not in it; a file that can not be read is as good as none.
  expect(await checkPolicy({ ...defaultPolicy, ...STUCK }, place)).toHaveLength(1);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
  writeFileSync(file, 'no JSON');
  expect(await createPolicyCheck()(policy, place)).toEqual([]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
});
