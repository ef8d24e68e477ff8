/** Group commit, idempotency, invariants, watchers, and an engine whose store fails. */

import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import { Refused } from '../../src/core/errors.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { LogRow } from '../../src/store/port.ts';
import { bell, door, lamp } from './machines.ts';
import { createWorld } from './world.ts';

const machines = { door, bell, lamp };
const hall = { machine: 'lamp', id: 'hall' };

describe('group commit', () => {
  it('G1 answers nobody before the commit, and all after it', async () => {
    const { engine, env, store, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const commits = store.commits;
    const answers: number[] = [];
    const sends = [1, 2, 3].map(async () => {
      const { seq } = await engine.send('lamp', 'hall', { type: 'PRESS' });
      answers.push(seq);
    });
    expect(engine.reads.lastSeq()).toBe(1);
    await env.settle();
    await Promise.all(sends);
    expect(answers).toEqual([2, 3, 4]);
    expect(store.commits).toBe(commits + 1);
  });

  it('G2 takes no more than its bound into one commit, and all in order', async () => {
    const { engine, store, run } = await createWorld({ machines, limits: { commitItemsMax: 4 } });
    await run(engine.create('lamp', 'hall'));
    const commits = store.commits;
    const receipts = await run(Promise.all([...'123456789'].map(() => engine.send('lamp', 'hall', { type: 'PRESS' }))));
    expect(receipts.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(store.commits).toBe(commits + 3);
  });

  it('G3 keeps what a piece of work did before it caught a refusal, and nothing of the refused', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(
      Promise.all([engine.create('door', 'front'), engine.create('bell', 'front'), engine.create('lamp', 'hall')]),
    );
    await run(engine.send('bell', 'front', { type: 'RING' }));
    const caught = await run(
      engine.submit((batch) => {
        batch.deliver({ to: hall, event: { type: 'PRESS' }, by: 'operator' });
        try {
          batch.deliver({ to: { machine: 'door', id: 'front' }, event: { type: 'OPEN' }, by: 'operator' });
        } catch (thrown) {
          return (thrown as Refused).code;
        }
        return null;
      }),
    );
    expect(caught).toBe('conflict');
    expect(engine.get('lamp', 'hall')?.state).toBe('on');
    expect(engine.get('door', 'front')).toMatchObject({ state: 'closed', rev: 1 });
  });

  it('G4 undoes all of a piece of work that throws at its end, from memory too', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const told: LogRow[] = [];
    engine.subscribe(({ rows }) => told.push(...rows));
    const work = engine.submit((batch) => {
      batch.deliver({ to: hall, event: { type: 'PRESS' }, by: 'operator' });
      batch.birth({ to: { machine: 'lamp', id: 'new' }, input: null, by: 'operator' });
      throw new Refused('conflict', 'the last moment');
    });
    await expect(run(work)).rejects.toThrow('the last moment');
    expect(engine.get('lamp', 'hall')?.state).toBe('off');
    expect(engine.get('lamp', 'new')).toBeNull();
    expect(told).toEqual([]);
    expect((await run(engine.send('lamp', 'hall', { type: 'PRESS' }))).seq).toBe(2);
  });

  it('G5 refuses work that returns a promise', async () => {
    const { engine, run } = await createWorld({ machines });
    const work = engine.submit(async ({ birth }) => birth({ to: hall, input: null, by: 'operator' }));
    await expect(run(work)).rejects.toThrow('promise');
    expect(engine.get('lamp', 'hall')).toBeNull();
  });

  it('G6 runs work at once when it is asked to', async () => {
    const { engine } = await createWorld({ machines });
    const receipt = engine.submitNow((batch) => batch.birth({ to: hall, input: null, by: 'operator' }));
    expect(receipt.seq).toBe(1);
    expect(() => engine.submitNow((batch) => batch.birth({ to: hall, input: null, by: 'operator' }))).toThrow('exists');
  });
});

describe('work that fails after it has written something', () => {
  const send = (machine: string, id: string, type: string) => ({ to: { machine, id }, event: { type }, by: 'anna' });

  it('G20 is undone alone, and all that shared its commit stands in one commit without a gap', async () => {
    const { engine, store, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'a'), engine.create('bell', 'front'), engine.create('lamp', 'hall')]));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    const told: LogRow[] = [];
    engine.subscribe(({ rows }) => told.push(...rows));
    const { commits } = store;
    const letters = [send('lamp', 'hall', 'PRESS'), send('door', 'a', 'OPEN'), send('lamp', 'hall', 'PRESS')];
    const answers = await run(Promise.allSettled(letters.map((letter) => engine.deliver(letter))));
    expect(answers).toMatchObject([
      { value: { seq: 5, state: 'on' } },
      { reason: { code: 'conflict', details: { receiver: 'bell/front' } } },
      { value: { seq: 6, state: 'off' } },
    ]);
    expect(told.map(({ seq }) => seq)).toEqual([5, 6]);
    expect(store.commits).toBe(commits + 1);
    expect(engine.get('door', 'a')).toMatchObject({ state: 'closed', rev: 1, context: { opened: 0 } });
    expect(engine.reads.census('door')).toMatchObject([{ state: 'closed', count: 1 }]);
  });

  it('G21 costs no refusal of that commit its row in the log, and doubles none', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'a'), engine.create('bell', 'front'), engine.create('lamp', 'hall')]));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    const letters = [send('bell', 'front', 'RING'), send('door', 'a', 'OPEN'), send('bell', 'front', 'RING')];
    const answers = await run(Promise.allSettled(letters.map((letter) => engine.deliver(letter))));
    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason.code)).toEqual([
      'not_accepted',
      'conflict',
      'not_accepted',
    ]);
    expect(engine.reads.log({ rejected: true }, { limit: 10, order: 'asc' })).toMatchObject([
      { seq: 5, entity: { machine: 'bell' }, event: { type: 'RING' } },
    ]);
  });

  it('G22 is kept apart also when it comes again and again', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'a'), engine.create('bell', 'front'), engine.create('lamp', 'hall')]));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    for (let round = 1; round <= 40; round += 1) {
      const letters = [send('door', 'a', 'OPEN'), send('lamp', 'hall', 'PRESS')];
      const [opened, pressed] = await run(Promise.allSettled(letters.map((letter) => engine.deliver(letter))));
      expect(opened).toMatchObject({ reason: { code: 'conflict' } });
      expect(pressed).toMatchObject({ value: { seq: 4 + round, state: round % 2 === 1 ? 'on' : 'off' } });
    }
  });

  it('G23 of a caller runs once only, whatever else its commit holds', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'a'), engine.create('bell', 'front')]));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    let runs = 0;
    const own = engine.submit(({ birth }) => {
      runs += 1;
      return birth({ to: hall, input: null, by: 'anna' });
    });
    const failing = engine.deliver(send('door', 'a', 'OPEN'));
    const [born, opened] = await run(Promise.allSettled([own, failing]));
    expect(born).toMatchObject({ value: { seq: 4 } });
    expect(opened).toMatchObject({ reason: { code: 'conflict' } });
    expect(runs).toBe(1);
  });
});

describe('idempotency', () => {
  const press = { to: hall, event: { type: 'PRESS' }, by: 'operator' };
  const idempotency = { principal: 'anna', key: 'k1', hash: 'h1' };

  it('G7 gives the stored answer again and changes nothing', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const first = await run(engine.deliver(press, { idempotency }));
    const [again, both] = await run(
      Promise.all([engine.deliver(press, { idempotency }), engine.deliver(press, { idempotency })]),
    );
    expect(first.replayed).toBeUndefined();
    expect(again).toEqual({ ...first, replayed: true });
    expect(both).toEqual(again);
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'on', rev: 2 });
  });

  it('G8 keeps keys of different callers apart', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    await run(engine.deliver(press, { idempotency }));
    const other = await run(engine.deliver(press, { idempotency: { ...idempotency, principal: 'ben' } }));
    expect(other).toMatchObject({ state: 'off' });
  });

  it('G9 refuses the key for another request', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    await run(engine.deliver(press, { idempotency }));
    const mixed = engine.deliver(press, { idempotency: { ...idempotency, hash: 'h2' } });
    await expect(run(mixed)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('G10 does not store a refusal, and survives a crash', async () => {
    const world = await createWorld({ machines });
    await expect(world.run(world.engine.deliver(press, { idempotency }))).rejects.toMatchObject({
      code: 'unknown_entity',
    });
    await world.run(world.engine.create('lamp', 'hall'));
    await world.run(world.engine.deliver(press, { idempotency }));
    const { engine, run } = await world.crash();
    expect(await run(engine.deliver(press, { idempotency }))).toMatchObject({ replayed: true, state: 'on' });
  });
});

describe('an invariant', () => {
  it('G11 that would be broken undoes the whole cascade', async () => {
    const { engine, run } = await createWorld({
      machines,
      check: (touched, reads) => {
        const both = touched.every(({ ref }) => reads.entity(ref)?.state === 'open' || ref.machine === 'bell');
        return touched.length === 2 && both ? `${touched.map((one) => `${one.before}>${one.after}`).join(', ')}` : null;
      },
    });
    await run(Promise.all([engine.create('door', 'front'), engine.create('bell', 'front')]));
    await expect(run(engine.send('door', 'front', { type: 'OPEN' }))).rejects.toThrow('closed>open, silent>ringing');
    expect([engine.get('door', 'front')?.state, engine.get('bell', 'front')?.state]).toEqual(['closed', 'silent']);
  });
});

describe('watchers', () => {
  it('G12 hear of each commit after it, whatever another watcher does', async () => {
    const { engine, run, env } = await createWorld({ machines });
    const heard: string[] = [];
    engine.subscribe(() => {
      throw new TypeError('the screen is broken');
    });
    const stop = engine.subscribe(({ rows }) => {
      heard.push(...rows.map(({ seq, event }) => `${seq} ${event.type} last ${engine.reads.lastSeq()}`));
    });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    stop();
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    expect(heard).toEqual(['1 xstate.init last 1', '2 PRESS last 2']);
    expect(env.logged.filter(({ message }) => message.includes('the screen is broken'))).toHaveLength(3);
  });
});

describe('a store that fails', () => {
  it('G13 makes callers come back later, keeps the process up, and is found well again by itself', async () => {
    const { engine, run, env, store } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    store.broken = 'the disk is full';
    await expect(run(engine.send('lamp', 'hall', { type: 'PRESS' }))).rejects.toMatchObject({
      name: 'Retryable',
      afterMs: 5_000,
      message: expect.stringContaining('the disk is full'),
    });
    expect(engine.health()).toEqual({ ok: false, degraded: 'the disk is full' });
    expect(engine.get('lamp', 'hall')).toMatchObject({ state: 'off', rev: 1 });
    await env.pass(20_000);
    expect(engine.health().ok).toBe(false);
    store.broken = null;
    await env.pass(5_000);
    expect(engine.health()).toEqual({ ok: true });
    expect((await run(engine.send('lamp', 'hall', { type: 'PRESS' }))).seq).toBe(2);
  });

  it('G14 delays timers and loses none', async () => {
    const { engine, run, env, store } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    store.broken = 'the disk is full';
    await env.pass(90_000);
    expect(engine.get('lamp', 'hall')?.state).toBe('on');
    store.broken = null;
    await env.pass(5_000);
    expect(engine.get('lamp', 'hall')?.state).toBe('off');
  });
});

describe('an engine', () => {
  it('G19 that finds its store failing can be started again', async () => {
    const { env, store } = await createWorld({ machines });
    store.broken = 'the disk is full';
    const engine = createEngine({ machines, env, store });
    await expect(env.until(engine.start())).rejects.toMatchObject({ name: 'Retryable' });
    store.broken = null;
    await env.until(engine.start());
    expect((await env.until(engine.create('lamp', 'hall'))).state).toBe('off');
    await env.until(engine.stop());
  });

  it('G15 refuses a machine under another name than its own', async () => {
    await expect(createWorld({ machines: { lantern: lamp } })).rejects.toThrow('the key lantern has the id lamp');
  });

  it('G16 takes no work before its start and after its end', async () => {
    const { engine, run, env, store } = await createWorld({ machines });
    const early = createEngine({ machines, env, store });
    await expect(run(early.create('lamp', 'hall'))).rejects.toThrow('the engine has not started');
    await run(engine.stop());
    await expect(run(engine.create('lamp', 'hall'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(engine.start()).rejects.toThrow('stopped already');
  });

  it('G17 goes on with other settings from the next commit on', async () => {
    const dimmer = (burningMs: number) =>
      define(
        setup({ delays: { burning: burningMs } }).createMachine({
          id: 'dimmer',
          initial: 'off',
          states: { off: { on: { PRESS: 'on' } }, on: { after: { burning: 'off' } } },
        }),
        { settings: { burningMs } },
      );
    const { engine, run, env } = await createWorld({ machines: { dimmer: dimmer(60_000) } });
    await run(engine.create('dimmer', 'hall'));
    engine.redefine([dimmer(1_000)]);
    await run(engine.send('dimmer', 'hall', { type: 'PRESS' }));
    await env.pass(1_000);
    expect(engine.get('dimmer', 'hall')?.state).toBe('off');
    const rows = engine.reads.log({}, { limit: 9, order: 'asc' });
    expect(rows.map(({ definition }) => engine.reads.definition(definition)?.settings)).toEqual([
      { burningMs: 60_000 },
      { burningMs: 1_000 },
      { burningMs: 1_000 },
    ]);
  });

  it('G18 works with fewer snapshots in memory than there are entities', async () => {
    const { engine, run } = await createWorld({ machines, limits: { snapshotsMax: 2 } });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await run(Promise.all(ids.map((id) => engine.create('lamp', id))));
    await run(Promise.all([...ids, 'b', 'd'].map((id) => engine.send('lamp', id, { type: 'PRESS' }))));
    expect(ids.map((id) => engine.get('lamp', id)?.state)).toEqual(['on', 'off', 'on', 'off', 'on']);
  });
});
