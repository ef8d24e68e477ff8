import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, type World, world } from './world.ts';

const beat = (w: World) => w.env.until(w.container.beat(w.latest()));

async function running(): Promise<World> {
  const w = await world();
  await beat(w);
  return w;
}

describe('a bead that a person holds', () => {
  it('has its run ended without a charge, waits, and goes on when it is released', async () => {
    await using w = await running();
    await w.tell('bead/b1', { type: 'HOLD', reason: 'wait for the meeting' });
    expect(w.bead('b1')).toMatchObject({ state: 'open.held', context: { runFailures: 0 } });
    await w.pass(60 * MINUTE);
    expect(w.container.starts).toHaveLength(1);
    await w.tell('bead/b1', { type: 'RELEASE' });
    expect(w.bead('b1').state).toBe('in_progress.starting');
  });

  it('is not held twice, nor released twice', async () => {
    await using w = await running();
    await w.tell('bead/b1', { type: 'HOLD' });
    expect(await w.tell('bead/b1', { type: 'HOLD' })).toContain('does not accept HOLD');
    await w.tell('bead/b1', { type: 'RELEASE' });
    expect(await w.tell('bead/b1', { type: 'RELEASE' })).toContain('does not accept RELEASE');
  });

  it('gives its agent back when it waited for a retry', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.create('b');
    await w.tell('bead/b', { type: 'HOLD' });
    expect([w.bead('b').state, w.agent().context.hook]).toEqual(['open.held', null]);
  });

  it('and releases before its run has ended goes on after that', async () => {
    await using w = await running();
    let end = () => undefined as unknown;
    w.container.stop = () => new Promise((resolve) => (end = () => resolve('stopped')));
    await w.tell('bead/b1', { type: 'HOLD' });
    expect(w.bead('b1').state).toBe('in_progress.stopping');
    await w.tell('bead/b1', { type: 'RELEASE' });
    end();
    await w.pass(3 * SECOND);
    expect(w.bead('b1').state).toBe('in_progress.starting');
  });
});

describe('a bead that a person cancels', () => {
  it('is failed at once, its run ended; reopened, it begins anew', async () => {
    await using w = await running();
    await w.tell('bead/b1', { type: 'CANCEL', reason: 'not wanted' });
    expect(w.bead('b1')).toMatchObject({ state: 'failed.cancelled', context: { reason: 'not wanted' } });
    expect(w.agent().state).toBe('exited.stopped');
    await w.pass(3 * SECOND);
    await w.tell('bead/b1', { type: 'REOPEN' });
    expect(w.bead('b1').state).toBe('in_progress.starting');
  });

  it('stays closed when it is', async () => {
    await using w = await running();
    await w.env.until(w.container.exit(w.latest(), 0));
    await w.settle();
    for (const type of ['CANCEL', 'REOPEN', 'HOLD', 'RESET', 'RELEASE'])
      expect(await w.tell('bead/b1', { type })).toContain(`does not accept ${type}`);
  });
});

describe('an agent', () => {
  it('that a person stops ends its run without a charge; the bead goes on after a short wait', async () => {
    await using w = await running();
    await w.tell('agent/p1', { type: 'STOP', reason: 'it plays' });
    expect(w.bead('b1')).toMatchObject({ state: 'open.backoff', context: { runFailures: 0, reason: 'it plays' } });
    await w.pass(31 * SECOND);
    expect(w.bead('b1').state).toBe('in_progress.starting');
  });

  it('that is paused while it works finishes, then rests until it is resumed', async () => {
    await using w = await running();
    await w.tell('agent/p1', { type: 'PAUSE' });
    expect(w.agent().state).toMatch(/^working/);
    await w.env.until(w.container.exit(w.latest(), 0));
    await w.create('b2');
    await w.pass(MINUTE);
    expect([w.agent().state, w.bead('b2').state]).toEqual(['idle.paused', 'open.ready']);
    await w.tell('agent/p1', { type: 'RESUME' });
    expect(w.bead('b2').state).toBe('in_progress.starting');
  });
});

describe('a rig that rests', () => {
  it('lets its runs end and begins none, retries included', async () => {
    await using w = await world({ agentCount: 2, beads: [] });
    w.container.onStart = async ({ bead }) =>
      bead === 'fails' ? { kind: 'refused', reason: 'no slot', permanent: false } : w.container.accepts();
    await w.create('fails', 'goes');
    await w.tell('rig/r', { type: 'PAUSE' });
    await w.pass(MINUTE);
    expect(w.container.starts).toHaveLength(2);
    expect(w.bead('goes').state).toBe('in_progress.starting');
    await w.tell('rig/r', { type: 'RESUME' });
    expect(w.container.starts).toHaveLength(3);
  });
});

describe('a container that is drained', () => {
  it('takes no new run, ends what is left after the wait, and is made again for what waits', async () => {
    await using w = await running();
    const first = w.latest();
    await w.create('b2');
    await w.tell('container/local', { type: 'DRAIN' });
    for (let minute = 0; minute < 4; minute += 1) {
      await w.pass(MINUTE);
      await w.env.until(w.container.beat(first));
    }
    expect(w.container.starts).toHaveLength(1);
    await w.pass(MINUTE + SECOND);
    expect(w.container.stops).toContainEqual({ agent: 'p1', epoch: first.epoch });
    expect(w.bead('b1').context).toMatchObject({ evictions: 1, runFailures: 0 });
    await w.pass(5 * SECOND);
    expect(w.container.starts).toHaveLength(2);
  });

  it('is not kept by heartbeats of what it was told to end', async () => {
    await using w = await running();
    const first = w.latest();
    await w.tell('container/local', { type: 'DRAIN' });
    await w.pass(5 * MINUTE + SECOND);
    await w.tell('breaker/town', { type: 'PAUSE' });
    await w.env.until(w.container.beat(first));
    await w.pass(5 * SECOND);
    await w.env.until(w.container.beat(first));
    await w.settle();
    expect(w.town.status().working.map(({ epoch }) => epoch)).not.toContain(first.epoch);
  });
});

describe('a person', () => {
  it('is told what an entity accepts when it does not accept a wish', async () => {
    await using w = await world({ beads: [] });
    expect(await w.tell('agent/p1', { type: 'STOP' })).toMatch(
      /agent\/p1 in idle\.ready does not accept STOP; now it accepts .*PAUSE/,
    );
    expect(await w.tell('agent/p9', { type: 'STOP' })).toContain('there is no agent/p9');
  });
});
