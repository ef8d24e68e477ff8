/** The life of an event: taken, refused, or undone with everything that it caused. */
import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import { bell, door, lamp, readyBell } from './machines.ts';
import { createWorld } from './world.ts';

const machines = { door, bell, lamp };

function eventsOf(rows: readonly { event: { type: string }; rejected: string | null }[]): string[] {
  return rows.map(({ event, rejected }) =>
    rejected === null ? event.type : `${event.type} (${rejected.split(':')[0]})`,
  );
}

describe('an event', () => {
  it('E1 is answered with what it made of the entity, and found in the log', async () => {
    const { engine, run, env } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const receipt = await run(engine.send('lamp', 'hall', { type: 'PRESS' }, { by: 'operator/anna' }));
    expect(receipt).toEqual({ seq: 2, entity: { machine: 'lamp', id: 'hall' }, at: env.clock.now(), state: 'on' });
    expect(engine.get('lamp', 'hall')).toEqual({
      id: 'hall',
      state: 'on',
      states: ['on'],
      value: 'on',
      context: {},
      status: 'active',
      rev: 2,
      since: env.clock.now(),
      accepts: ['BREAK', 'PRESS'],
    });
    const rows = engine.reads.log({}, { limit: 10, order: 'asc' });
    expect(rows.map(({ by, before, after, taken }) => ({ by, before, after, taken }))).toEqual([
      { by: 'operator', before: '', after: 'off', taken: [] },
      { by: 'operator/anna', before: 'off', after: 'on', taken: ['off -PRESS-> on'] },
    ]);
  });

  it('E2 that is not accepted is refused with what would be, and noted once a minute', async () => {
    const { engine, run, env } = await createWorld({ machines });
    await run(engine.create('door', 'front'));
    const close = () => run(engine.send('door', 'front', { type: 'CLOSE' }));
    await expect(close()).rejects.toMatchObject({
      code: 'not_accepted',
      message: 'door/front in closed does not accept CLOSE; now it accepts JAM, KNOCK, LOOK, OPEN, SHAKE',
      details: { entity: 'door/front', state: 'closed', accepts: ['JAM', 'KNOCK', 'LOOK', 'OPEN', 'SHAKE'] },
    });
    await expect(close()).rejects.toMatchObject({ code: 'not_accepted' });
    expect(eventsOf(engine.reads.log({ rejected: true }, { limit: 9, order: 'asc' }))).toEqual([
      'CLOSE (not_accepted)',
    ]);
    env.advance(60_000);
    await expect(close()).rejects.toMatchObject({ code: 'not_accepted' });
    expect(engine.reads.log({ rejected: true }, { limit: 9, order: 'asc' })).toHaveLength(2);
    expect(engine.get('door', 'front')?.rev).toBe(1);
  });

  it('E2 that its state knows but a guard keeps out is not told to be accepted', async () => {
    const gate = define(
      setup({
        types: { events: {} as { type: 'OPEN' } | { type: 'LOOK' } },
        guards: { never: () => false },
        actions: { see: () => {} },
      }).createMachine({ id: 'gate', on: { OPEN: { guard: 'never', actions: 'see' }, LOOK: { actions: 'see' } } }),
    );
    const { engine, run } = await createWorld({ machines: { gate } });
    await run(engine.create('gate', 'west'));
    await expect(run(engine.send('gate', 'west', { type: 'OPEN' }))).rejects.toMatchObject({
      code: 'not_accepted',
      message: expect.stringMatching(
        /gate\/west in .* does not accept OPEN now, its condition does not hold; now it accepts LOOK$/,
      ),
    });
  });

  it.each([
    ['unknown_entity', { machine: 'lamp', id: 'nowhere' }, { type: 'PRESS' }, 'there is no lamp/nowhere'],
    ['invalid', { machine: 'lmap', id: 'hall' }, { type: 'PRESS' }, 'there are door, bell, lamp'],
    ['reserved_event', { machine: 'lamp', id: 'hall' }, { type: 'xstate.after.burning.lamp.on' }, "engine's own"],
    ['reserved_event', { machine: 'lamp', id: 'hall' }, { type: 'effect.x.succeeded' }, "engine's own"],
    ['reserved_event', { machine: 'lamp', id: 'hall' }, { type: '*' }, "engine's own"],
    ['invalid', { machine: 'lamp', id: 'hall' }, { type: '' }, 'has no type'],
    ['invalid', { machine: 'lamp', id: 'hall' }, { type: 'PRESS', at: new Map() as never }, 'Map'],
    ['too_large', { machine: 'lamp', id: 'hall' }, { type: 'PRESS', note: 'é'.repeat(33_000) }, '65536'],
  ])('E3 from outside is refused as %s with a sentence: %j', async (code, to, event, sentence) => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const refused = run(engine.deliver({ to, event, by: 'operator' }));
    await expect(refused).rejects.toMatchObject({ name: 'Refused', code, message: expect.stringContaining(sentence) });
    expect(engine.reads.lastSeq()).toBe(1);
  });

  it('E4 of large but allowed size is taken', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const event = { type: 'PRESS', note: 'x'.repeat(65_000) };
    expect((await run(engine.deliver({ to: { machine: 'lamp', id: 'hall' }, event, by: 'operator' }))).state).toBe(
      'on',
    );
  });

  it('E5 to an entity that has ended is refused, and its timers are gone', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    expect(engine.reads.timers({}, { limit: 9 }).items).toHaveLength(1);
    await run(engine.send('lamp', 'hall', { type: 'BREAK' }));
    expect(engine.reads.timers({}, { limit: 9 }).items).toEqual([]);
    expect(engine.get('lamp', 'hall')).toMatchObject({ status: 'done', state: 'broken', accepts: [] });
    await expect(run(engine.send('lamp', 'hall', { type: 'PRESS' }))).rejects.toThrow('accepts no event any more');
  });

  it('E6 whose step throws is told to its sender, and leaves the others of its commit alone', async () => {
    const { engine, run, store } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'front'), engine.create('lamp', 'hall')]));
    const commits = store.commits;
    const results = await run(
      Promise.allSettled([
        engine.send('lamp', 'hall', { type: 'PRESS' }),
        engine.send('door', 'front', { type: 'JAM' }),
        engine.send('lamp', 'hall', { type: 'PRESS' }),
      ]),
    );
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value.seq : String(result.reason)))).toEqual(
      [3, expect.stringContaining('the lock is jammed'), 4],
    );
    expect(store.commits).toBe(commits + 1);
    expect(engine.get('door', 'front')).toMatchObject({ state: 'closed', rev: 1 });
  });
});

describe('a birth', () => {
  it('E7 of an entity that exists is refused', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('bell', 'front', { watches: 'front' }));
    await expect(run(engine.create('bell', 'front'))).rejects.toMatchObject({ code: 'already_exists' });
    expect(engine.get('bell', 'front')).toMatchObject({ rev: 1, context: { watches: 'front' } });
  });

  it('E8 happens by itself when a machine allows it and somebody sends', async () => {
    const { engine, run } = await createWorld({ machines: { door, bell: readyBell } });
    await run(engine.create('door', 'front'));
    await run(engine.send('door', 'front', { type: 'OPEN' }));
    expect(engine.get('bell', 'front')).toMatchObject({ state: 'ringing', context: { watches: 'front' } });
    const rows = engine.reads.log({}, { limit: 9, order: 'asc' });
    expect(rows.map(({ event, by, cause }) => [event.type, by, cause])).toEqual([
      ['xstate.init', 'operator', null],
      ['OPEN', 'operator', null],
      ['xstate.init', 'door/front', 2],
      ['RING', 'door/front', 2],
    ]);
  });
});

describe('a message between entities', () => {
  it('E9 that must arrive and does not undoes the event that caused it', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'front'), engine.create('bell', 'front')]));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    await expect(run(engine.send('door', 'front', { type: 'OPEN' }))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('bell/front in ringing does not accept RING'),
      details: { sender: 'door/front', receiver: 'bell/front', state: 'ringing', event: 'RING' },
    });
    expect(engine.get('door', 'front')).toMatchObject({ state: 'closed', rev: 1, context: { opened: 0 } });
    await run(engine.send('bell', 'front', { type: 'SILENCE' }));
    expect((await run(engine.send('door', 'front', { type: 'OPEN' }))).state).toBe('open');
    expect(engine.get('bell', 'front')?.state).toBe('ringing');
  });

  it('E10 that must arrive at nobody undoes it too', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('door', 'front'));
    await expect(run(engine.send('door', 'front', { type: 'OPEN' }))).rejects.toThrow('there is no bell/front');
    expect(engine.get('door', 'front')?.state).toBe('closed');
  });

  it('E11 that need not arrive is dropped without a trace', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('door', 'front'));
    await run(engine.send('door', 'front', { type: 'KNOCK' }));
    await run(engine.create('bell', 'front'));
    await run(engine.send('bell', 'front', { type: 'RING' }));
    await run(engine.send('door', 'front', { type: 'KNOCK' }));
    expect(eventsOf(engine.reads.log({}, { limit: 9, order: 'asc' }))).toEqual([
      'xstate.init',
      'KNOCK',
      'xstate.init',
      'RING',
      'KNOCK',
    ]);
  });

  it('E12 that is published reaches all who are linked to the sender, in the same commit', async () => {
    const { engine, run, store } = await createWorld({ machines });
    await run(engine.create('door', 'front'));
    await run(
      Promise.all(['a', 'b', 'c'].map((id) => engine.create('bell', id, id === 'c' ? {} : { watches: 'front' }))),
    );
    const commits = store.commits;
    await run(engine.send('door', 'front', { type: 'LOOK' }));
    expect(store.commits).toBe(commits + 1);
    expect(['a', 'b', 'c'].map((id) => engine.get('bell', id)?.context.seen)).toEqual([1, 1, 0]);
  });

  it('E13 that causes messages without end is stopped, and nothing of it stays', async () => {
    const { engine, run } = await createWorld({ machines, limits: { sendsMax: 50 } });
    await run(engine.create('bell', 'echo'));
    await expect(run(engine.send('bell', 'echo', { type: 'ECHO' }))).rejects.toThrow('without end');
    expect(engine.reads.lastSeq()).toBe(1);
    expect(engine.get('bell', 'echo')?.rev).toBe(1);
  });

  it('E15 at which its receiver throws does not break its sender, and is a dead letter in the log', async () => {
    const { engine, run, env } = await createWorld({ machines });
    await run(engine.create('door', 'front'));
    await run(Promise.all(['a', 'b'].map((id) => engine.create('bell', id, { watches: 'front' }))));
    await run(engine.send('door', 'front', { type: 'SHAKE' }));
    expect(engine.get('door', 'front')?.rev).toBe(2);
    const rejected = engine.reads.log({ rejected: true }, { limit: 9, order: 'asc' });
    expect(rejected.map(({ entity, by }) => [entity.id, by])).toEqual([
      ['a', 'door/front'],
      ['b', 'door/front'],
    ]);
    expect(rejected[0]?.rejected).toContain('the bell is cracked');
    expect(env.logged.filter(({ message }) => message.startsWith('dead letter'))).toHaveLength(2);
  });

  it('E16 to an entity in quarantine undoes its sender only when it must arrive', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(Promise.all([engine.create('door', 'front'), engine.create('bell', 'front', { watches: 'front' })]));
    await run(engine.submit(({ tx }) => tx.quarantine({ machine: 'bell', id: 'front' }, 'a test')));
    expect(engine.get('bell', 'front')).toMatchObject({ status: 'quarantined', state: 'silent', accepts: [] });
    expect((await run(engine.send('door', 'front', { type: 'KNOCK' }))).state).toBe('closed');
    await expect(run(engine.send('door', 'front', { type: 'OPEN' }))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('quarantined'),
    });
  });

  it('E17 that changes what an entity listens to is heard by whom it should be', async () => {
    const { engine, run, store } = await createWorld({ machines });
    await run(engine.create('bell', 'front', { watches: 'front' }));
    expect(store.read.links({ machine: 'door', id: 'front' }, 'watches', 'in')).toEqual([
      { machine: 'bell', id: 'front' },
    ]);
    await run(engine.send('bell', 'front', { type: 'FORGET' }));
    expect(store.read.links({ machine: 'door', id: 'front' }, 'watches', 'in')).toEqual([]);
  });

  it('E18 behind whose back somebody wrote is refused once, and goes on from what is stored', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const event = { type: 'PRESS' };
    const log = {
      at: 0,
      entity: { machine: 'lamp', id: 'hall' },
      event,
      by: 'x',
      cause: null,
      before: 'off',
      after: 'off',
    };
    await run(
      engine.submit(({ tx }) =>
        tx.apply({
          entity: { ref: log.entity, rev: 2, definition: 1, status: 'active', state: null, snapshot: null },
          places: { left: [], entered: [] },
          timers: { clear: false, cancel: [], set: [] },
          effects: [],
          supersede: [],
          records: [],
          log: { ...log, taken: [], definition: 1, rejected: null },
        }),
      ),
    );
    const press = () => run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    await expect(press()).rejects.toThrow('revision');
    expect((await press()).state).toBe('on');
  });
});
