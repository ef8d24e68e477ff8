/** Timers: fired when they are due and wanted, late once, never early, and never in the way of one another. */
import { describe, expect, it } from 'vitest';
import { define } from '../../src/core/define.ts';
import type { DeadLetter } from '../../src/scheduler/dead-letters.ts';
import { lamp } from '../engine/machines.ts';
import { createWorld } from '../engine/world.ts';
import { mine, otherMine, runner } from './machines.ts';

describe('a timer', () => {
  it('T1 fires at its instant', async () => {
    const { engine, run, env } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    await env.pass(59_999);
    expect(engine.get('lamp', 'hall')?.state).toBe('on');
    await env.pass(1);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'off', since: env.clock.now() });
    const [row] = engine.reads.log({}, { limit: 1, order: 'desc' });
    expect(row).toMatchObject({ by: 'timer', cause: 2, event: { type: 'xstate.after.burning.lamp.on' } });
  });

  it('T2 that came due while the process was down fires once, late', async () => {
    const world = await createWorld({ machines: { lamp } });
    await world.run(world.engine.create('lamp', 'hall'));
    await world.run(world.engine.send('lamp', 'hall', { type: 'PRESS' }));
    const { engine, env } = await world.crash(3_600_000);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'off', rev: 3, since: env.clock.now() });
    await env.pass(3_600_000);
    expect(engine.get('lamp', 'hall')?.rev).toBe(3);
  });

  it('T3 keeps its instant over a crash', async () => {
    const world = await createWorld({ machines: { lamp } });
    await world.run(world.engine.create('lamp', 'hall'));
    await world.run(world.engine.send('lamp', 'hall', { type: 'PRESS' }));
    const { engine, env } = await world.crash(20_000);
    await env.pass(39_999);
    expect(engine.get('lamp', 'hall')?.state).toBe('on');
    await env.pass(1);
    expect(engine.get('lamp', 'hall')?.state).toBe('off');
  });

  it('T4 is gone when its state was left, and starts anew when it is entered again', async () => {
    const { engine, run, env } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    const press = () => run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    await press();
    await env.pass(50_000);
    await press();
    await press();
    await env.pass(59_999);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'on', rev: 4 });
    await env.pass(1);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'off', rev: 5 });
  });

  it('T5 that an event of the same instant cancels or sets anew does not fire', async () => {
    const { engine, run, env } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    const due = env.clock.now() + 60_000;
    env.clock.at(due - 1, () => {
      // Both presses wait for the next commit when the timer comes due.
      void engine.send('lamp', 'hall', { type: 'PRESS' });
      void engine.send('lamp', 'hall', { type: 'PRESS' });
    });
    await env.pass(60_000);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'on', rev: 4 });
  });

  it('T6 is one of many that come due together, more than one commit takes', async () => {
    const { engine, run, env, store } = await createWorld({ machines: { lamp }, limits: { timersMax: 8 } });
    const ids = Array.from({ length: 30 }, (_, index) => `l${index}`);
    await run(Promise.all(ids.map((id) => engine.create('lamp', id))));
    await run(Promise.all(ids.map((id) => engine.send('lamp', id, { type: 'PRESS' }))));
    const commits = store.commits;
    await env.pass(60_000);
    expect(engine.reads.census('lamp')).toMatchObject([{ state: 'off', count: 30 }]);
    expect(store.commits - commits).toBe(Math.ceil(30 / 8) + 1 /* housekeeping */);
  });

  it('T7 is spread by its jitter, within its bounds', async () => {
    const jittered = define(lamp, { jitter: { burning: 0.2 } });
    const { engine, run, env } = await createWorld({ machines: { lamp: jittered }, seed: 5 });
    const ids = Array.from({ length: 200 }, (_, index) => `l${index}`);
    await run(Promise.all(ids.map((id) => engine.create('lamp', id))));
    await run(Promise.all(ids.map((id) => engine.send('lamp', id, { type: 'PRESS' }))));
    const waits = engine.reads.timers({}, { limit: 200 }).items.map(({ dueAt }) => dueAt - env.clock.now());
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(48_000);
    expect(Math.min(...waits)).toBeLessThan(49_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(72_000);
    expect(Math.max(...waits)).toBeGreaterThan(71_000);
    expect(waits.every(Number.isInteger)).toBe(true);
  });
});

describe('a lease', () => {
  it('T8 is extended by a heartbeat without a step, and ends a while after the last one', async () => {
    const { engine, run, env } = await createWorld({ machines: { runner } });
    await run(engine.create('runner', 'r1'));
    await run(engine.send('runner', 'r1', { type: 'START' }));
    for (let beat = 0; beat < 20; beat += 1) {
      await env.pass(30_000);
      const receipt = await run(engine.send('runner', 'r1', { type: 'BEAT', epoch: 1 }));
      expect(receipt).toMatchObject({ state: 'running', seq: engine.reads.lastSeq() });
    }
    expect(engine.get('runner', 'r1')).toMatchObject({ state: 'running', rev: 2 });
    await env.pass(89_999);
    expect(engine.get('runner', 'r1')?.state).toBe('running');
    await env.pass(1);
    expect(engine.get('runner', 'r1')).toMatchObject({ state: 'idle', rev: 3, context: { lost: 1 } });
  });

  it('T9 is logged once a minute, not with every heartbeat', async () => {
    const { engine, run, env } = await createWorld({ machines: { runner } });
    await run(engine.create('runner', 'r1'));
    await run(engine.send('runner', 'r1', { type: 'START' }));
    for (let beat = 0; beat < 12; beat += 1) {
      await run(engine.send('runner', 'r1', { type: 'BEAT', epoch: 1 }));
      await env.pass(15_000);
    }
    const beats = engine.reads.log({ type: 'BEAT' }, { limit: 99, order: 'asc' });
    expect(beats).toHaveLength(3);
    expect(beats[0]).toMatchObject({ before: 'running', after: 'running', rejected: null });
  });

  it('T10 is not extended by a heartbeat of an old epoch, which is refused and noted once a minute', async () => {
    const { engine, run, env } = await createWorld({ machines: { runner } });
    await run(engine.create('runner', 'r1'));
    await run(engine.send('runner', 'r1', { type: 'START' }));
    for (let beat = 0; beat < 6; beat += 1) {
      await expect(run(engine.send('runner', 'r1', { type: 'BEAT', epoch: 0 }))).rejects.toMatchObject({
        code: 'stale_epoch',
        message: 'a beat of epoch 0, the current one is 1',
      });
      await env.pass(14_000);
    }
    expect(engine.reads.log({ rejected: true }, { limit: 99, order: 'asc' })).toHaveLength(2);
    await env.pass(6_000);
    expect(engine.get('runner', 'r1')?.state).toBe('idle');
  });

  it('T11 is granted anew by a restart: nobody could beat while the process was down', async () => {
    const world = await createWorld({ machines: { runner } });
    await world.run(world.engine.create('runner', 'r1'));
    await world.run(world.engine.send('runner', 'r1', { type: 'START' }));
    const { engine, env } = await world.crash(7_200_000);
    await env.pass(89_999);
    expect(engine.get('runner', 'r1')?.state).toBe('running');
    await env.pass(1);
    expect(engine.get('runner', 'r1')?.state).toBe('idle');
  });

  it('T12 is granted anew by a jump of the clock, other timers are not', async () => {
    const { engine, run, env } = await createWorld({ machines: { runner, lamp } });
    await run(Promise.all([engine.create('runner', 'r1'), engine.create('lamp', 'hall')]));
    await run(
      Promise.all([engine.send('runner', 'r1', { type: 'START' }), engine.send('lamp', 'hall', { type: 'PRESS' })]),
    );
    env.jump(28_800_000);
    await env.settle();
    expect(engine.get('lamp', 'hall')?.state).toBe('off');
    expect(engine.get('runner', 'r1')?.state).toBe('running');
    const [note] = engine.reads.log({ entity: { machine: 'engine', id: 'clock' } }, { limit: 1, order: 'desc' });
    expect(note?.event).toMatchObject({ type: 'clock.jumped', timers: 1 });
    await env.pass(90_000);
    expect(engine.get('runner', 'r1')?.state).toBe('idle');
  });
});

describe('a timer whose event can not be taken', () => {
  it('T13 is tried five times, then put aside, while others go on', async () => {
    const letters: DeadLetter[] = [];
    const { engine, run, env } = await createWorld({
      machines: { mine, lamp },
      onDeadLetter: (letter) => letters.push(letter),
    });
    await run(Promise.all([engine.create('mine', 'm1'), engine.create('lamp', 'hall')]));
    await run(
      Promise.all([engine.send('mine', 'm1', { type: 'ARM' }), engine.send('lamp', 'hall', { type: 'PRESS' })]),
    );
    await env.pass(15_000);
    expect(letters).toEqual([]);
    await env.pass(1_000);
    expect(letters).toMatchObject([
      { entity: { machine: 'mine', id: 'm1' }, by: 'timer', reason: 'boom', quarantined: false },
    ]);
    expect(engine.reads.timers({ entity: { machine: 'mine', id: 'm1' } }, { limit: 9 }).items).toEqual([]);
    expect(engine.reads.log({ rejected: true }, { limit: 9, order: 'asc' })).toMatchObject([
      { rejected: 'dead_letter: boom', event: { type: 'xstate.after.fuse.mine.waiting' } },
    ]);
    await env.pass(60_000);
    expect(engine.get('lamp', 'hall')?.state).toBe('off');
    expect(engine.get('mine', 'm1')).toMatchObject({ state: 'waiting', status: 'active' });
  });

  it('T14 quarantines an entity that this version of its machine can not read', async () => {
    const letters: DeadLetter[] = [];
    const world = await createWorld({ machines: { mine, lamp } });
    await world.run(world.engine.create('mine', 'm1'));
    await world.run(world.engine.send('mine', 'm1', { type: 'ARM' }));
    const later = await world.replaced({
      machines: { mine: otherMine },
      onDeadLetter: (letter) => letters.push(letter),
    });
    await later.env.pass(60_000);
    expect(letters).toMatchObject([{ entity: { machine: 'mine', id: 'm1' }, quarantined: true }]);
    expect(later.engine.get('mine', 'm1')).toMatchObject({ status: 'quarantined', state: 'waiting', accepts: [] });
    const send = later.engine.deliver({ to: { machine: 'mine', id: 'm1' }, event: { type: 'ARM' }, by: 'operator' });
    await expect(later.run(send)).rejects.toMatchObject({ code: 'quarantined' });
    expect(later.env.alarms).toEqual([]);
  });
});

describe('the clockwork', () => {
  it('T15 does not wake while nothing is due', async () => {
    const { engine, run, env, store } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    await env.pass(1_000);
    expect(env.alarms).toEqual([]);
    const { commits, rests } = store;
    await env.pass(30 * 86_400_000);
    expect(store.commits).toBe(commits);
    expect(store.rests).toBe(rests);
  });

  it('T16 has one alarm, for the next timer, however many there are', async () => {
    const { engine, run, env } = await createWorld({ machines: { lamp } });
    for (const id of ['a', 'b', 'c']) {
      await run(engine.create('lamp', id));
      await run(engine.send('lamp', id, { type: 'PRESS' }));
      await env.pass(10_000);
    }
    expect(env.alarms.map(({ atMs }) => atMs - env.clock.now())).toEqual([30_000]);
    await env.pass(30_000);
    expect(env.alarms.map(({ atMs, background }) => [atMs - env.clock.now(), background])).toEqual([
      [1_000, true],
      [10_000, false],
    ]);
  });

  it('T17 lets the store rest once when it was quiet for a second', async () => {
    const { engine, run, env, store } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    await env.pass(2_000);
    const { rests } = store;
    for (let press = 0; press < 5; press += 1) {
      await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
      await env.pass(900);
    }
    expect(store.rests).toBe(rests);
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    await env.pass(59_000);
    expect(store.rests).toBe(rests + 1);
  });

  it('T18 says when nothing waits, is due or runs', async () => {
    const { engine, run, env } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    const sent = engine.send('lamp', 'hall', { type: 'PRESS' });
    let idle = false;
    void engine.idle().then(() => {
      idle = true;
    });
    expect(idle).toBe(false);
    await env.settle();
    await sent;
    expect(idle).toBe(true);
  });

  it('T19 deletes old answers within bounds', async () => {
    const { engine, run, env, store } = await createWorld({ machines: { lamp } });
    await run(engine.create('lamp', 'hall'));
    const to = { machine: 'lamp', id: 'hall' };
    const press = { to, event: { type: 'PRESS' }, by: 'operator' };
    await run(engine.deliver(press, { idempotency: { principal: 'anna', key: 'k', hash: 'h' } }));
    expect(store.read.request('anna', 'k')).not.toBeNull();
    await env.pass(8 * 86_400_000);
    await run(engine.deliver(press));
    await env.pass(5_000);
    expect(store.read.request('anna', 'k')).toBeNull();
  });
});
