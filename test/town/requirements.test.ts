import { describe, expect, it } from 'vitest';
import type { StartOutcome } from '../../src/agents/port.ts';
import { MINUTE, RIG, world } from './world.ts';

const SECOND = 1_000;
const refused = { kind: 'refused', reason: 'no slot', permanent: false } as const;

/** Starts b1 and brings it to its first heartbeat. */
async function running(options: Parameters<typeof world>[0] = {}) {
  const w = await world(options);
  await beat(w);
  return w;
}
const beat = async (w: Awaited<ReturnType<typeof world>>, run = w.latest()) => w.env.until(w.container.beat(run));
const exit = async (w: Awaited<ReturnType<typeof world>>, code: number | null, commits = 1) =>
  w.env.until(w.container.exit(w.latest(), code, commits));

describe('a run from dispatch to merge', () => {
  it('S20 goes open, in_progress, closed while its agent goes idle, working, exited, idle', async () => {
    await using w = await world();
    expect([w.agent().state, w.bead('b1').state]).toEqual(['working.starting', 'in_progress.starting']);
    await beat(w);
    expect([w.agent().state, w.bead('b1').state]).toEqual(['working.running.active', 'in_progress.running']);
    await exit(w, 0);
    await w.settle();
    expect([w.agent().state, w.bead('b1').state]).toEqual(['exited.completed', 'closed.merged']);
    await w.pass(2 * SECOND);
    expect(w.agent().state).toBe('idle.ready');
    expect(w.town.verify()).toMatchObject({ ok: true, problems: [] });
  });
});

describe('S2 the retry limit of a bead', () => {
  it('fails the bead after five failed starts with an escalation, the waits growing in between', async () => {
    await using w = await world({ agentCount: 3 });
    w.container.onStart = async () => refused;
    const starts: number[] = [];
    w.container.onStart = async () => {
      starts.push(w.env.clock.now());
      return refused;
    };
    await w.tell('bead/b1', { type: 'CANCEL' });
    await w.env.until(w.town.createBeads([{ id: 'b2', title: 'b2' }]));
    await w.pass(20 * MINUTE);
    expect(w.bead('b2').state).toBe('failed.exhausted');
    expect(starts).toHaveLength(5);
    const gaps = starts.slice(1).map((at, index) => (at - (starts[index] ?? 0)) / SECOND);
    expect(gaps).toEqual([30, 60, 120, 300]);
    expect(w.state('escalation/bead/b2:exhausted')).toBe('raised');
  });

  it('is configurable for one bead', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b', policy: { attemptsMax: 2 } }]));
    await w.pass(MINUTE);
    expect(w.bead('b').state).toBe('failed.exhausted');
    expect(w.container.starts).toHaveLength(2);
  });
});

describe('S3 completion closes the bead', () => {
  it('in the commit of the report, whether the agent said done or just ended', async () => {
    await using w = await running();
    const { epoch } = w.latest();
    expect(await w.tell('agent/p1', { type: 'DONE', epoch, summary: 'did it' })).toBeNull();
    expect(w.bead('b1').state).toBe('closed.merged');
    const [attempt] = w.town.attempts({ machine: 'bead', id: 'b1' });
    expect(attempt).toMatchObject({ outcome: 'completed', reason: 'did it', epoch });
  });

  it('is not taken from an agent that ended without a commit: the run is charged and tried again', async () => {
    await using w = await running();
    await exit(w, 0, 0);
    expect(w.bead('b1')).toMatchObject({ state: 'open.backoff', context: { runFailures: 1 } });
    expect(w.agent().state).toBe('exited.crashed');
    await w.pass(30 * SECOND);
    expect(w.bead('b1').state).toBe('in_progress.starting');
  });

  it('is repeated without a second effect', async () => {
    await using w = await running();
    const { epoch } = w.latest();
    await w.tell('agent/p1', { type: 'DONE', epoch });
    expect(await w.tell('agent/p1', { type: 'DONE', epoch })).toContain('does not accept DONE');
    expect(w.integrator.merges).toEqual(['b1']);
  });

  it('counts late: a run that was given up and reports done closes its bead', async () => {
    await using w = await running();
    w.container.onProbe = () => 'unknown';
    await w.pass(90 * SECOND + 61 * SECOND);
    expect(w.agent().state).toBe('exited.lost');
    await w.tell('agent/p1', { type: 'DONE', epoch: w.latest().epoch });
    expect(w.bead('b1').state).toBe('closed.merged');
  });

  it('ends as failed when the agent says that it can not be done, with an escalation', async () => {
    await using w = await running();
    await w.tell('agent/p1', { type: 'FAILED', epoch: w.latest().epoch, class: 'permanent', reason: 'contradiction' });
    expect(w.bead('b1')).toMatchObject({ state: 'failed.permanent', context: { reason: 'contradiction' } });
    expect(w.state('escalation/bead/b1:failed')).toBe('raised');
  });
});

describe('S4 no endless loop', () => {
  it('a run that ends at once is lost five times, then the bead is given up for good', async () => {
    await using w = await world({ policy: { dispatchesPerHour: 100 } });
    for (let tick = 0; tick < 200; tick += 1) {
      if (w.bead('b1').state === 'in_progress.starting') {
        await beat(w);
        await exit(w, 1);
      }
      await w.pass(30 * SECOND);
    }
    expect(w.bead('b1').state).toBe('failed.gaveUp');
    expect(w.container.starts).toHaveLength(5);
    expect(w.state('escalation/bead/b1:failed')).toBe('raised');
  });

  it('a bead is dispatched at most twelve times in an hour', async () => {
    await using w = await world({ policy: { runsMax: 10, attemptsMax: 10, backoffMs: [1_000], dispatchesPerHour: 4 } });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads([{ id: 'b9', title: 'b9', priority: 4 }]));
    await w.pass(30 * MINUTE);
    const mine = w.container.starts.filter(({ bead }) => bead === 'b9');
    expect(mine.length).toBeLessThanOrEqual(4);
  });
});

describe('S5 and S6 a failed start', () => {
  const ways: [string, () => Promise<StartOutcome>][] = [
    ['is refused', async () => refused],
    ['answers false', async () => false as never],
    ['rejects', () => Promise.reject(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }))],
  ];
  it.each(ways)('S5 S6 that %s rolls the agent back at once and keeps the bead for its retry', async (_, onStart) => {
    await using w = await world({ beads: [] });
    w.container.onStart = onStart;
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    expect(w.agent()).toMatchObject({ state: 'idle.cooldown', context: { hook: 'b', startFailures: 1 } });
    expect(w.bead('b').state).toBe('in_progress.retryWait');
    w.container.onStart = async () => w.container.accepts();
    await w.pass(30 * SECOND);
    expect(w.bead('b')).toMatchObject({ state: 'in_progress.starting', context: { agent: 'p1' } });
  });

  it('S6 a start that answers nothing known, or throws, is unknown and not failed', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'unknown', cause: 'connection reset' });
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    expect(w.state('agent/p1')).toMatch(/^working\.unconfirmed/);
    await w.pass(91 * SECOND);
    expect(w.agent().state).toBe('idle.cooldown');
    expect(w.bead('b').state).toBe('in_progress.retryWait');
  });
});

describe('S7 the start race', () => {
  it('a heartbeat after the timeout of the start restores working; the bead never leaves in_progress', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = () => new Promise(() => undefined);
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.pass(60 * SECOND);
    expect(w.state('agent/p1')).toMatch(/^working\.unconfirmed/);
    await w.pass(15 * SECOND);
    await beat(w);
    expect(w.agent()).toMatchObject({ state: 'working.running.active', context: { startFailures: 0 } });
    for (let minute = 0; minute < 10; minute += 1) {
      await w.pass(30 * SECOND);
      await beat(w);
      expect(w.bead('b').state).toBe('in_progress.running');
    }
    expect(w.container.starts).toHaveLength(1);
  });

  it('without a heartbeat it rolls back after the grace, and one that comes later still revives the run', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = () => new Promise(() => undefined);
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.pass(60 * SECOND + 91 * SECOND);
    expect([w.agent().state, w.bead('b').state]).toEqual(['idle.cooldown', 'in_progress.retryWait']);
    await beat(w);
    expect([w.agent().state, w.bead('b').state]).toEqual(['working.running.active', 'in_progress.running']);
  });

  it('a heartbeat of an old epoch revives nothing: it is refused and its process is ended', async () => {
    await using w = await running();
    const old = w.latest();
    await exit(w, 1);
    await w.pass(40 * SECOND);
    expect(w.latest().epoch).toBeGreaterThan(old.epoch);
    await beat(w, old);
    expect(w.container.stops).toContainEqual({ agent: 'p1', epoch: old.epoch });
    expect(w.town.log({ rejected: true }, {}).map(({ event }) => event.type)).toContain('HEARTBEAT');
    expect(w.agent().state).toBe('working.starting');
  });
});

describe('S8 stale work', () => {
  it('a bead whose agent is not to be had is open again after five minutes, unassigned', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    await w.tell('agent/p1', { type: 'PAUSE' });
    await w.pass(31 * SECOND);
    expect([w.agent().state, w.bead('b').state]).toEqual(['idle.paused', 'in_progress.retryDue']);
    await w.pass(5 * MINUTE);
    expect([w.bead('b').state, w.agent().context.hook]).toEqual(['open.ready', null]);
  });

  it('never while heartbeats are fresh', async () => {
    await using w = await running();
    for (let beats = 0; beats < 30; beats += 1) {
      await w.pass(30 * SECOND);
      await beat(w);
    }
    expect(w.bead('b1').state).toBe('in_progress.running');
    const rows = w.town.log({ entity: { machine: 'bead', id: 'b1' } }, { limit: 100 });
    expect(rows.map(({ event }) => event.type)).toEqual(['xstate.init', 'DISPATCH', 'RUN.STARTED']);
  });
});

describe('S9 already running', () => {
  it('is a success: an accepted start of a run that lives makes no second run', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'accepted', incarnation: 'one', branch: 'x', alreadyRunning: true });
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    expect(w.agent().state).toBe('working.starting');
    expect(w.container.starts).toHaveLength(1);
  });
});

describe('S10 and S13 a container that restarts', () => {
  it('S13 releases all its runs in one commit and resets the attempts of all agents', async () => {
    await using w = await world({ agentCount: 3, beads: ['a', 'b', 'c'] });
    for (const run of w.container.starts) await beat(w, run);
    w.container.incarnation = 'two';
    await w.pass(15 * SECOND);
    const evictions = w.town.log({ type: 'RUN.EVICTED' }, {});
    expect(evictions).toHaveLength(3);
    expect(new Set(evictions.map(({ at }) => at)).size).toBe(1);
    await w.pass(10 * SECOND);
    expect(['a', 'b', 'c'].map((id) => w.bead(id).state)).toEqual(Array(3).fill('in_progress.starting'));
    expect(['a', 'b', 'c'].map((id) => w.bead(id).context.runFailures)).toEqual([0, 0, 0]);
  });

  it('S10 does not make a bead cycle: a restart that keeps its incarnation changes nothing', async () => {
    await using w = await running();
    w.container.onHealth = async () => {
      throw new Error('ECONNREFUSED');
    };
    await w.pass(15 * SECOND);
    expect(w.state('container/local')).toMatch(/^suspect/);
    w.container.onHealth = async () => ({ incarnation: 'one' });
    await beat(w);
    expect(w.state('container/local')).toMatch(/^up/);
    expect(w.bead('b1').state).toBe('in_progress.running');
    expect(w.town.log({ entity: { machine: 'bead', id: 'b1' } }, {})).toHaveLength(3);
  });

  it('S13 wakes what is exhausted', async () => {
    await using w = await world({ beads: [], policy: { attemptsMax: 1 } });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    expect([w.agent().state, w.bead('b').state]).toEqual(['idle.exhausted', 'failed.exhausted']);
    w.container.onStart = async () => w.container.accepts();
    await w.tell('container/local', { type: 'SEEN', incarnation: 'two' });
    expect(w.bead('b').state).toBe('in_progress.starting');
    expect(w.state('escalation/bead/b:exhausted')).toBe('resolved');
  });
});

describe('S11 to S14 attempts come back', () => {
  async function exhausted() {
    const w = await world({ beads: [], policy: { attemptsMax: 1 } });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.settle();
    w.container.onStart = async () => w.container.accepts();
    return w;
  }

  it('S11 after the cooldown, without a person', async () => {
    await using w = await exhausted();
    await w.pass(29 * MINUTE);
    expect(w.bead('b').state).toBe('failed.exhausted');
    await w.pass(MINUTE + SECOND);
    expect(w.bead('b').state).toBe('in_progress.starting');
    expect(w.agent().context.startFailures).toBe(0);
  });

  it('S12 on a heartbeat of the current epoch', async () => {
    await using w = await exhausted();
    await beat(w);
    expect([w.agent().state, w.bead('b').state]).toEqual(['working.running.active', 'in_progress.running']);
    expect([w.agent().context.startFailures, w.bead('b').context.startFailures]).toEqual([0, 0]);
  });

  it('S14 by a person: the agent, then the bead', async () => {
    await using w = await exhausted();
    await w.tell('agent/p1', { type: 'RESET' });
    expect(w.agent().state).toBe('idle.ready');
    await w.tell('bead/b', { type: 'RESET' });
    expect(w.bead('b').state).toBe('in_progress.starting');
  });

  it('S14 on a changed setting, and on another agent command', async () => {
    await using w = await exhausted();
    await w.env.until(w.town.patchPolicy({ attemptsMax: 2 }));
    await w.settle();
    expect(w.bead('b').state).toBe('in_progress.starting');
    expect(w.town.policy().attemptsMax).toBe(2);
    await using v = await exhausted();
    await v.env.until(v.town.addRig('r', { ...RIG, argv: ['another'] }));
    await v.settle();
    expect(v.latest()).toMatchObject({ bead: 'b', command: { argv: ['another'] } });
  });
});

describe('S15 permanent failures', () => {
  it('are not retried: rig and bead blocked, its agents free, until the configuration changes', async () => {
    await using w = await world({ beads: [] });
    const reason = 'credentials are missing. KILO_TOKEN: the environment variable KILO_TOKEN is not set';
    w.container.onStart = async () => ({ kind: 'refused', reason, permanent: true });
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.pass(60 * MINUTE);
    expect(w.container.starts).toHaveLength(1);
    expect(w.agent()).toMatchObject({ state: 'idle.ready', context: { reason } });
    expect(w.state('rig/r')).toBe('blocked.waiting');
    expect(w.town.status().escalations).toMatchObject([{ subject: 'rig/r', message: expect.stringContaining(reason) }]);
    expect(w.bead('b')).toMatchObject({ state: 'open.blockedConfig', context: { reason } });
    w.container.onStart = async () => w.container.accepts();
    await w.env.until(w.town.addRig('r', { ...RIG, env: { A: 'b' } }));
    await w.settle();
    expect(w.bead('b').state).toBe('in_progress.starting');
  });
});

describe('S16 backoff', () => {
  it('is 30 s, 1, 2, 5, 10 min, spread by the jitter', async () => {
    await using w = await world({ beads: [], policy: { jitter: 0.2, attemptsMax: 7, dispatchesMax: 50 } });
    const at: number[] = [];
    w.container.onStart = async () => {
      at.push(w.env.clock.now());
      return refused;
    };
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.pass(45 * MINUTE);
    const gaps = at.slice(1, 6).map((time, index) => (time - (at[index] ?? 0)) / SECOND);
    [30, 60, 120, 300, 600].forEach((wanted, index) => {
      expect(gaps[index]).toBeGreaterThanOrEqual(wanted * 0.8);
      expect(gaps[index]).toBeLessThanOrEqual(wanted * 1.2 + 1);
    });
  });
});

describe('S17 mass dispatch failure', () => {
  it('a town whose starts all fail for an hour recovers by itself in an hour after the cause is gone', async () => {
    const beads = Array.from({ length: 30 }, (_, index) => `b${index}`);
    await using w = await world({ agentCount: 9, beads: [], policy: { breakerFailures: 10 } });
    w.container.onStart = async () => refused;
    await w.env.until(w.town.createBeads(beads.map((id) => ({ id, title: id }))));
    await w.pass(60 * MINUTE);
    expect(w.town.status().counts.bead).not.toHaveProperty('closed.merged');
    const wasted = w.container.starts.length;
    expect(wasted).toBeLessThan(60);
    w.container.onStart = async () => w.container.accepts();
    for (let minute = 0; minute < 60; minute += 1) {
      await w.pass(MINUTE);
      for (const { agent, epoch } of w.town.status().working) {
        await beat(w, { agent, epoch } as never);
        await w.env.until(w.container.exit({ agent, epoch }, 0));
      }
    }
    expect(w.town.status().counts.bead).toEqual({ 'closed.merged': 30 });
  });
});

describe('S19 a stuck town is quiet', () => {
  it('writes two rows for each look at what is in its way, twice in an hour, and nothing else', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'bad', permanent: true });
    await w.env.until(w.town.createBeads([{ id: 'b', title: 'b' }]));
    await w.pass(60 * MINUTE);
    const before = w.town.status().seq;
    await w.pass(60 * MINUTE);
    expect(w.town.status().seq - before).toBeLessThanOrEqual(6);
  });
});
