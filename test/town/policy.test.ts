import { describe, expect, it } from 'vitest';
import { backoffMs, defaultPolicy, doublingMs, policyPatchSchema, policySchema } from '../../machines/policy.ts';
import { coerceError } from '../../src/core/errors.ts';
import { MINUTE, SECOND, type World, world } from './world.ts';

async function patch(w: World, change: object): Promise<string | null> {
  const patched = w.town.patchPolicy(change).then(
    () => null,
    (thrown: unknown) => coerceError(thrown).message,
  );
  return w.env.until(patched);
}

describe('the policy', () => {
  it('has a default for everything, and refuses what it does not know', () => {
    expect(policySchema.parse({})).toEqual(defaultPolicy);
    expect(policySchema.safeParse({ attempsMax: 3 }).success).toBe(false);
    expect(policyPatchSchema.parse({ attemptsMax: 3 })).toEqual({ attemptsMax: 3 });
    expect(policyPatchSchema.safeParse({ attempsMax: 3 }).success).toBe(false);
  });

  it('refuses numbers that contradict each other, with the setting and the rule', () => {
    const parsed = policySchema.safeParse({ leaseMs: 10_000, breakerCoolMaxMs: 1 });
    const problems = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(problems).toContain('leaseMs: must be at least twice heartbeatMs');
    expect(problems).toContain('breakerCoolMaxMs: must be at least breakerCoolMs');
  });

  it('repeats the last wait', () => {
    expect([0, 1, 2, 5, 6, 99].map((failures) => backoffMs(defaultPolicy, failures) / SECOND)).toEqual([
      30, 30, 60, 600, 600, 600,
    ]);
    expect([0, 1, 2, 9].map((times) => doublingMs(5, 30, times))).toEqual([5, 10, 20, 30]);
  });
});

describe('a changed policy', () => {
  it('holds from the next step on, for entities that were there before', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await patch(w, { attemptsMax: 2, backoffMs: [5 * SECOND] });
    await w.create('b');
    await w.pass(6 * SECOND);
    expect(w.bead('b').state).toBe('failed.exhausted');
  });

  it('holds for how long an effect may take', async () => {
    await using w = await world({ beads: [] });
    await patch(w, { startTimeoutMs: 10 * MINUTE });
    w.container.onStart = () => new Promise(() => undefined);
    await w.create('b');
    await w.pass(9 * MINUTE);
    expect(w.agent().state).toBe('working.dispatching');
    await w.pass(2 * MINUTE);
    expect(w.agent().state).toMatch(/^working\.unconfirmed/);
  });

  it('is there after a restart, and is in the log with who changed it', async () => {
    await using w = await world();
    await w.env.until(w.town.patchPolicy({ workingMax: 7 }, { by: 'operator:ada' }));
    await w.restart();
    expect(w.town.policy().workingMax).toBe(7);
    expect(w.town.log({ type: 'CONFIGURE' }).map(({ by }) => by)).toEqual(['operator:ada']);
  });

  it('holds once it is committed, and a repeated request is answered without changing it again', async () => {
    await using w = await world();
    const ask = (workingMax: number, key: string, hash: string) =>
      w.env.until(w.town.patchPolicy({ workingMax }, { idempotency: { principal: 'operator', key, hash } }));
    expect((await ask(7, 'k1', 'h1')).policy.workingMax).toBe(7);
    await ask(8, 'k2', 'h2');
    expect(await ask(7, 'k1', 'h1')).toMatchObject({ policy: { workingMax: 7 }, replayed: true });
    await expect(ask(9, 'k1', 'other')).rejects.toThrow('idempotency key');
    expect(w.town.policy().workingMax).toBe(8);
    expect(w.town.log({ type: 'CONFIGURE' })).toHaveLength(2);
  });

  it('keeps what two people change at the same time', async () => {
    await using w = await world();
    await w.env.until(Promise.all([w.town.patchPolicy({ workingMax: 7 }), w.town.patchPolicy({ runsMax: 2 })]));
    expect(w.town.policy()).toMatchObject({ workingMax: 7, runsMax: 2 });
    await w.restart();
    expect(w.town.policy()).toMatchObject({ workingMax: 7, runsMax: 2 });
  });

  it('that contradicts itself changes nothing', async () => {
    await using w = await world();
    const before = w.town.policy();
    expect(await patch(w, { leaseMs: 5 })).toContain('leaseMs: must be at least twice heartbeatMs');
    expect(w.town.policy()).toEqual(before);
    expect(w.town.log({ type: 'CONFIGURE' })).toEqual([]);
  });

  it('limits how many run at a time, in the town and in a rig, retries included', async () => {
    for (const limit of ['workingMax', 'rigWorkingMax']) {
      await using w = await world({ agentCount: 4, beads: [], policy: { [limit]: 2 } });
      await w.create('a', 'b', 'c', 'd');
      expect(w.town.status().working).toHaveLength(2);
      await patch(w, { [limit]: 3 });
      await w.settle();
      expect(w.town.status().working).toHaveLength(3);
    }
  });
});

describe('the name of a town', () => {
  it('is the one that it was founded with', async () => {
    await using w = await world({ name: 'bakery' });
    await w.restart({ name: 'smithy' });
    expect([w.town.name, w.town.status().name]).toEqual(['bakery', 'bakery']);
    await w.create('b2');
    expect(w.latest().town).toBe('bakery');
  });
});
