import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, type World, world } from './world.ts';

const refused = { kind: 'refused', reason: 'no slot', permanent: false } as const;
const policy = { breakerFailures: 3, breakerCoolMs: 5 * MINUTE, attemptsMax: 10, dispatchesMax: 100 };

/** Three beads whose starts fail until the breaker is open. */
async function opened(more = {}): Promise<World> {
  const w = await world({ agentCount: 3, beads: [], policy: { ...policy, ...more } });
  w.container.onStart = async () => refused;
  await w.create('a', 'b', 'c');
  return w;
}

describe('the breaker of a town', () => {
  it('opens when starts fail all over, tells a person, and lets nothing start', async () => {
    await using w = await opened();
    expect(w.state('breaker/town')).toBe('open');
    expect(w.state('escalation/breaker/town:open')).toBe('raised');
    await w.pass(4 * MINUTE);
    expect(w.container.starts).toHaveLength(3);
    expect(w.town.why({ machine: 'bead', id: 'a' }).answer).toContain('the breaker lets dispatches pass');
  });

  it('lets one start through after a while, which is not charged to its bead', async () => {
    await using w = await opened();
    await w.pass(5 * MINUTE);
    expect(w.container.starts).toHaveLength(4);
    const counts = ['a', 'b', 'c'].map((id) => w.bead(id).context.startFailures);
    expect(counts).toEqual([1, 1, 1]);
    expect(w.state('breaker/town')).toBe('open');
    await w.pass(9 * MINUTE);
    expect(w.container.starts).toHaveLength(4);
    await w.pass(MINUTE);
    expect(w.container.starts).toHaveLength(5);
  });

  it('closes on the first heartbeat of its probe, wakes everybody, and lets in slowly', async () => {
    await using w = await opened({ attemptsMax: 1 });
    expect(w.town.status().counts.bead).toEqual({ 'failed.exhausted': 3 });
    w.container.onStart = async () => w.container.accepts();
    await w.create('d');
    await w.pass(5 * MINUTE);
    expect(w.container.starts).toHaveLength(3);
    await w.tell('agent/p1', { type: 'RESET' });
    expect(w.state('breaker/town')).toBe('halfOpen.probing');
    await w.env.until(w.container.beat(w.latest()));
    await w.settle();
    expect(w.state('breaker/town')).toBe('closed.ramping');
    expect(w.state('escalation/breaker/town:open')).toBe('resolved');
    const working = () => w.town.status().working.length;
    expect(working()).toBe(2);
    await w.env.until(w.container.beat(w.latest()));
    await w.settle();
    expect(working()).toBe(3);
  });

  it('tries another when its probe ended without a verdict', async () => {
    await using w = await opened({ attemptsMax: 10 });
    w.container.onStart = async () => w.container.accepts();
    await w.pass(5 * MINUTE);
    const probe = w.latest();
    await w.tell(`bead/${probe.bead}`, { type: 'CANCEL' });
    await w.settle();
    expect(w.latest().epoch).toBeGreaterThan(probe.epoch);
    expect(w.state('breaker/town')).toBe('halfOpen.probing');
  });

  it('does not wait for a rig that rests: a retry there does not keep the probe', async () => {
    await using w = await opened();
    await w.tell('rig/r', { type: 'PAUSE' });
    await w.env.until(w.town.addRig('other', { ...(await import('./world.ts')).RIG }));
    await w.env.until(w.town.addAgent({ id: 'q1', rig: 'other' }));
    await w.create({ id: 'x', rig: 'other', title: 'x' });
    await w.pass(5 * MINUTE);
    expect(w.latest()).toMatchObject({ bead: 'x', agent: 'q1' });
  });

  it('is reset by a person to half open, never straight to closed', async () => {
    await using w = await opened();
    await w.tell('breaker/town', { type: 'RESET' });
    expect(w.state('breaker/town')).toMatch(/^(halfOpen|open)/);
    expect(w.container.starts.length).toBeLessThanOrEqual(4);
  });
});

describe('the dispatch tokens of a town', () => {
  it('bound how often it dispatches in an hour, whatever the beads want', async () => {
    await using w = await world({ agentCount: 4, beads: [], policy: { townDispatchesPerHour: 6 } });
    await w.create(...Array.from({ length: 20 }, (_, index) => `b${index}`));
    for (let minute = 0; minute < 70; minute += 1) {
      for (const { agent, epoch } of w.town.status().working) {
        await w.env.until(w.container.beat({ agent, epoch }));
        await w.env.until(w.container.exit({ agent, epoch }, 0));
      }
      if (minute === 50) expect(w.container.starts.length).toBe(6);
      await w.pass(MINUTE);
    }
    // Six in the first minutes; when those are an hour old, six more.
    expect(w.container.starts.length).toBeGreaterThanOrEqual(10);
    expect(w.container.starts.length).toBeLessThanOrEqual(12);
  });
});

describe('the budget of a day', () => {
  it('stops dispatching and tells a person once; what runs goes on', async () => {
    await using w = await world({ beads: ['a', 'b'], policy: { townBudgetUsdPerDay: 5 } });
    const told: string[] = [];
    w.town.watch((rows) =>
      told.push(...rows.filter(({ event }) => event.type === 'RAISE').map(({ at }) => String(at))),
    );
    const { epoch } = w.latest();
    await w.env.until(w.container.beat(w.latest()));
    for (let times = 0; times < 3; times += 1) {
      await w.tell('agent/p1', { type: 'USAGE', epoch, tokens: 1, costUsd: 4 });
      await w.pass(SECOND);
    }
    expect(w.state('breaker/town')).toBe('paused.overBudget');
    expect(told).toHaveLength(1);
    await w.env.until(w.container.exit(w.latest(), 0));
    await w.pass(MINUTE);
    expect(w.bead('a').state).toBe('closed.merged');
    expect(w.bead('b').state).toBe('open.ready');
    await w.pass(24 * 60 * MINUTE);
    expect(w.bead('b').state).not.toBe('open.ready');
    expect(w.state('escalation/breaker/town:budget')).toBe('resolved');
  });

  it('never resumes what a person paused', async () => {
    await using w = await world({ beads: ['a', 'b'], policy: { townBudgetUsdPerDay: 5 } });
    await w.tell('breaker/town', { type: 'PAUSE' });
    await w.tell('agent/p1', { type: 'USAGE', epoch: w.latest().epoch, tokens: 1, costUsd: 9 });
    await w.pass(49 * 60 * MINUTE);
    expect(w.state('breaker/town')).toBe('paused.byOperator');
  });
});
