/** Effects: done after the commit, at least once, and always ending in an event. */

import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { Refused, Retryable, Terminal } from '../../src/core/errors.ts';
import type { EffectOutcome } from '../../src/core/types.ts';
import type { DeadLetter } from '../../src/scheduler/dead-letters.ts';
import type { EffectCall } from '../../src/scheduler/effect-handler.ts';
import { createWorld } from '../engine/world.ts';
import { createInquiry, errand } from './machines.ts';

const succeeded: EffectOutcome = { kind: 'succeeded' };
const machines = { errand };

/** A handler whose answers the test gives one by one. */
function createWalker() {
  const calls: (EffectCall & { answer: (answer: unknown) => void; fail: (error: unknown) => void })[] = [];
  const run = (call: EffectCall) =>
    new Promise<EffectOutcome>((resolve, reject) => {
      calls.push({ ...call, answer: (answer) => resolve(answer as EffectOutcome), fail: reject });
    });
  return { calls, run };
}

describe('an effect', () => {
  it('O1 runs after its commit with a key of its own, and its outcome is an event', async () => {
    const walker = createWalker();
    const { engine, run, env } = await createWorld({ machines, effects: { walk: walker } });
    await run(engine.create('errand', 'e1', { way: 'west' }));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    expect(walker.calls).toMatchObject([
      { key: 'errand/e1#2#0', entity: { machine: 'errand', id: 'e1' }, params: { way: 'west' }, attempt: 1 },
    ]);
    walker.calls[0]?.answer({ kind: 'succeeded', result: 'bread' });
    await env.settle();
    expect(engine.get('errand', 'e1')).toMatchObject({
      state: 'home',
      context: {
        last: { type: 'effect.walk.succeeded', result: 'bread', params: { way: 'west' }, key: 'errand/e1#2#0' },
      },
    });
    expect(engine.reads.log({}, { limit: 1, order: 'desc' })).toMatchObject([{ by: 'outbox', cause: 2 }]);
    expect(engine.reads.effects({}, { limit: 9 }).items).toMatchObject([
      { status: 'done', note: 'succeeded', attempt: 1 },
    ]);
  });

  it.each([
    ['false', async () => false, { type: 'effect.walk.refused', reason: 'handler answered false', permanent: false }],
    ['nothing', async () => undefined, { type: 'effect.walk.refused', reason: 'handler answered undefined' }],
    ['null', async () => null, { type: 'effect.walk.refused', reason: 'handler answered null' }],
    ['{ ok: false }', async () => ({ ok: false }), { type: 'effect.walk.unanswered' }],
    ['half a refusal', async () => ({ kind: 'refused', reason: 'no' }), { type: 'effect.walk.unanswered' }],
    [
      'a success that is no JSON',
      async () => ({ kind: 'succeeded', result: new Map() }),
      { type: 'effect.walk.unanswered' },
    ],
    [
      'a refusal',
      async () => ({ kind: 'refused', reason: 'rain', permanent: true }),
      { type: 'effect.walk.refused', reason: 'rain', permanent: true },
    ],
    [
      'an error',
      async () => {
        throw new TypeError('fell');
      },
      { type: 'effect.walk.unanswered', cause: 'fell' },
    ],
    [
      'an error at once',
      () => {
        throw new TypeError('fell');
      },
      { type: 'effect.walk.unanswered', cause: 'fell' },
    ],
    [
      'what is no error',
      async () => {
        throw 'fell';
      },
      { type: 'effect.walk.unanswered', cause: expect.stringContaining('fell') },
    ],
    [
      'Terminal',
      async () => {
        throw new Terminal('no legs');
      },
      { type: 'effect.walk.refused', reason: 'no legs', permanent: true },
    ],
    [
      'Refused',
      async () => {
        throw new Refused('forbidden', 'a fence');
      },
      { type: 'effect.walk.refused', reason: 'a fence', permanent: false, details: { code: 'forbidden' } },
    ],
  ])('O2 whose handler answers %s is no success unless it says so', async (_, answer, event) => {
    const handler = { run: answer as () => Promise<EffectOutcome> };
    const { engine, run } = await createWorld({ machines, effects: { walk: handler } });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    expect(engine.get('errand', 'e1')).toMatchObject({ state: 'home', context: { last: event } });
  });

  it('O3 that is not answered in time is unanswered, is aborted, and what it says later is dropped', async () => {
    const walker = createWalker();
    const { engine, run, env } = await createWorld({ machines, effects: { walk: { ...walker, deadlineMs: 10_000 } } });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    await env.pass(9_999);
    expect(engine.get('errand', 'e1')?.state).toBe('away');
    await env.pass(1);
    expect(engine.get('errand', 'e1')?.context.last).toMatchObject({
      type: 'effect.walk.unanswered',
      cause: 'no answer within 10000 ms',
    });
    expect(walker.calls[0]?.signal.aborted).toBe(true);
    const { rev } = engine.get('errand', 'e1') ?? {};
    walker.calls[0]?.answer(succeeded);
    await env.settle();
    expect(engine.get('errand', 'e1')?.rev).toBe(rev);
    expect(env.logged).toContainEqual(expect.objectContaining({ level: 'debug', fields: { key: 'errand/e1#2#0' } }));
  });

  it('O4 without a handler is refused for good', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    expect(engine.get('errand', 'e1')?.context.last).toMatchObject({
      type: 'effect.walk.refused',
      permanent: true,
      reason: expect.stringContaining('no handler for effect walk'),
    });
  });

  it('O5 whose outcome no state of the machine hears of is settled without an event', async () => {
    const rings: string[] = [];
    const ring = {
      run: async ({ key }: EffectCall) => {
        rings.push(key);
        return succeeded;
      },
    };
    const { engine, run } = await createWorld({ machines, effects: { ring } });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'RING' }));
    expect(rings).toEqual(['errand/e1#2#0']);
    expect(engine.reads.lastSeq()).toBe(2);
    expect(engine.reads.effects({ status: 'done' }, { limit: 9 }).items).toHaveLength(1);
  });

  it('O6 is dropped when its state was left before it was claimed', async () => {
    const walker = createWalker();
    const { engine, run, env } = await createWorld({ machines, effects: { walk: walker } });
    await run(engine.create('errand', 'e1'));
    await run(
      Promise.all([engine.send('errand', 'e1', { type: 'GO' }), engine.send('errand', 'e1', { type: 'CALL_BACK' })]),
    );
    await env.settle();
    expect(walker.calls).toEqual([]);
    expect(engine.reads.effects({}, { limit: 9 }).items).toMatchObject([{ status: 'superseded' }]);
  });

  it('O7 that says to come back later is done again with the same key, as often as it may be', async () => {
    const keys: string[] = [];
    const walk = {
      run: async ({ key, attempt }: EffectCall): Promise<EffectOutcome> => {
        keys.push(`${key} ${attempt}`);
        throw new Retryable('the bridge is up', 10_000);
      },
      attemptsMax: 3,
    };
    const { engine, run, env } = await createWorld({ machines, effects: { walk } });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    await env.pass(9_999);
    expect(keys).toEqual(['errand/e1#2#0 1']);
    await env.pass(10_001);
    expect(keys).toEqual(['errand/e1#2#0 1', 'errand/e1#2#0 2', 'errand/e1#2#0 3']);
    expect(engine.get('errand', 'e1')?.context.last).toMatchObject({
      type: 'effect.walk.unanswered',
      cause: 'given up after 3 attempts: the bridge is up',
    });
  });

  it('O8 that was running when the process died is done again with the same key', async () => {
    const walker = createWalker();
    const world = await createWorld({ machines, effects: { walk: walker } });
    await world.run(world.engine.create('errand', 'e1'));
    await world.run(world.engine.send('errand', 'e1', { type: 'GO' }));
    const { engine, env } = await world.crash();
    expect(walker.calls.map(({ key, attempt }) => [key, attempt])).toEqual([
      ['errand/e1#2#0', 1],
      ['errand/e1#2#0', 2],
    ]);
    walker.calls[1]?.answer(succeeded);
    await env.settle();
    expect(engine.get('errand', 'e1')?.state).toBe('home');
  });

  it('O9 that ends while the store is down is settled when it is up again', async () => {
    const walker = createWalker();
    const { engine, run, env, store } = await createWorld({ machines, effects: { walk: walker } });
    await run(engine.create('errand', 'e1'));
    await run(engine.send('errand', 'e1', { type: 'GO' }));
    store.broken = 'the disk is full';
    walker.calls[0]?.answer(succeeded);
    await env.pass(60_000);
    expect(engine.get('errand', 'e1')?.state).toBe('away');
    store.broken = null;
    await env.pass(5_000);
    expect(engine.get('errand', 'e1')?.context.ends).toEqual(['effect.walk.succeeded']);
    expect(walker.calls).toHaveLength(1);
  });
});

describe('many effects', () => {
  it('O10 of one type run no more at a time than they may, and none is forgotten', async () => {
    const walker = createWalker();
    const { engine, run, env } = await createWorld({ machines, effects: { walk: { ...walker, concurrency: 3 } } });
    const ids = Array.from({ length: 100 }, (_, index) => `e${index}`);
    await run(Promise.all(ids.map((id) => engine.create('errand', id))));
    await run(Promise.all(ids.map((id) => engine.send('errand', id, { type: 'GO' }))));
    for (let answered = 0; answered < 100; answered += 1) {
      expect(walker.calls.length - answered).toBe(Math.min(3, 100 - answered));
      walker.calls[answered]?.answer(succeeded);
      await env.settle();
    }
    expect(engine.reads.census('errand')).toMatchObject([{ state: 'home', count: 100 }]);
  });

  it('O11 of other types are not kept waiting by a type that is full', async () => {
    const walker = createWalker();
    const rings: string[] = [];
    const ring = {
      run: async ({ key }: EffectCall) => {
        rings.push(key);
        return succeeded;
      },
    };
    const { engine, run } = await createWorld({ machines, effects: { walk: { ...walker, concurrency: 1 }, ring } });
    const ids = Array.from({ length: 300 }, (_, index) => `e${index}`);
    await run(Promise.all(ids.map((id) => engine.create('errand', id))));
    await run(Promise.all(ids.map((id) => engine.send('errand', id, { type: 'GO' }))));
    await run(engine.send('errand', 'e0', { type: 'RING' }));
    expect(walker.calls).toHaveLength(1);
    expect(rings).toHaveLength(1);
  });

  it('O12 in one lane run one at a time and in order, other lanes go on', async () => {
    const walker = createWalker();
    const lane = (params: unknown) => (params as { way: string }).way;
    const { engine, run, env } = await createWorld({ machines, effects: { walk: { ...walker, lane } } });
    const ways = { a: 'north', b: 'north', c: 'south', d: 'north' };
    for (const [id, way] of Object.entries(ways)) await run(engine.create('errand', id, { way }));
    for (const id of ['a', 'b', 'c', 'd'] as const) await run(engine.send('errand', id, { type: 'GO' }));
    const walking = () => walker.calls.map(({ entity }) => entity.id).join('');
    expect(walking()).toBe('ac');
    walker.calls[1]?.answer(succeeded);
    await env.settle();
    expect(walking()).toBe('ac');
    walker.calls[0]?.answer(succeeded);
    await env.settle();
    expect(walking()).toBe('acb');
    walker.calls[2]?.answer(succeeded);
    await env.settle();
    expect(walking()).toBe('acbd');
  });
});

describe('an end', () => {
  it('O13 aborts what runs, keeps what it still answers, and leaves the rest to the next process', async () => {
    const walker = createWalker();
    const world = await createWorld({ machines, effects: { walk: walker } });
    const ids = ['polite', 'deaf', 'angry'];
    for (const id of ids) await world.run(world.engine.create('errand', id));
    for (const id of ids) await world.run(world.engine.send('errand', id, { type: 'GO' }));
    const stopped = world.engine.stop();
    expect(walker.calls.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    walker.calls[0]?.answer(succeeded);
    walker.calls[2]?.fail(new DOMException('aborted', 'AbortError'));
    await world.env.pass(5_000);
    await stopped;
    const { engine } = await world.crash();
    expect(ids.map((id) => engine.get('errand', id)?.state)).toEqual(['home', 'away', 'away']);
    expect(walker.calls.slice(3).map(({ entity, attempt }) => [entity.id, attempt])).toEqual([
      ['deaf', 2],
      ['angry', 2],
    ]);
  });
});

describe('an outcome that can not be taken', () => {
  const grave = setup({
    types: { events: {} as { type: 'GO' } | { type: 'effect.walk.succeeded' } },
    actions: { walk: () => {} },
    guards: {
      explode: () => {
        throw new TypeError('boom');
      },
    },
  }).createMachine({
    id: 'grave',
    initial: 'home',
    states: {
      home: { on: { GO: 'away' } },
      away: { entry: 'walk', on: { 'effect.walk.succeeded': { guard: 'explode', target: 'home' } } },
    },
  });

  it('O14 is a dead letter after five tries', async () => {
    const letters: DeadLetter[] = [];
    const { engine, run, env } = await createWorld({
      machines: { grave },
      effects: { walk: { run: async () => succeeded } },
      onDeadLetter: (letter) => letters.push(letter),
    });
    await run(engine.create('grave', 'g1'));
    await run(engine.send('grave', 'g1', { type: 'GO' }));
    await env.pass(14_999);
    expect(letters).toEqual([]);
    await env.pass(1);
    expect(letters).toMatchObject([
      { event: { type: 'effect.walk.succeeded' }, by: 'outbox', reason: expect.stringContaining('boom') },
    ]);
    expect(engine.reads.effects({}, { limit: 9 }).items).toMatchObject([{ status: 'dead' }]);
    await run(engine.idle());
  });
});

describe('an invoked promise', () => {
  function createOracle() {
    const questions: { question: string; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
    const ask = (question: string) =>
      new Promise<string>((resolve, reject) => questions.push({ question, answer: resolve, fail: reject }));
    return { questions, inquiry: createInquiry(ask) };
  }

  it('O15 comes back as the event of its end', async () => {
    const { questions, inquiry } = createOracle();
    const { engine, run, env } = await createWorld({ machines: { inquiry } });
    await run(engine.create('inquiry', 'i1'));
    await run(engine.send('inquiry', 'i1', { type: 'ASK' }));
    questions[0]?.answer('forty-two');
    await env.settle();
    expect(engine.get('inquiry', 'i1')).toMatchObject({ state: 'idle', context: { answer: 'forty-two' } });
    await run(engine.send('inquiry', 'i1', { type: 'ASK' }));
    questions[1]?.fail(new TypeError('no idea'));
    await env.settle();
    expect(engine.get('inquiry', 'i1')).toMatchObject({ state: 'idle', context: { answer: 'failed: no idea' } });
  });

  it('O16 of a state that was left means nothing to the next one of the same name', async () => {
    const { questions, inquiry } = createOracle();
    const { engine, run, env } = await createWorld({ machines: { inquiry } });
    await run(engine.create('inquiry', 'i1'));
    await run(engine.send('inquiry', 'i1', { type: 'ASK' }));
    await run(engine.send('inquiry', 'i1', { type: 'DROP' }));
    await run(engine.send('inquiry', 'i1', { type: 'ASK' }));
    expect(questions.map(({ question }) => question)).toEqual(['question 1', 'question 2']);
    questions[0]?.answer('late');
    await env.settle();
    expect(engine.get('inquiry', 'i1')).toMatchObject({ state: 'asking', context: { answer: null } });
    questions[1]?.answer('right');
    await env.settle();
    expect(engine.get('inquiry', 'i1')).toMatchObject({ state: 'idle', context: { answer: 'right' } });
  });

  it('O17 is asked again by the next process when this one dies', async () => {
    const { questions, inquiry } = createOracle();
    const world = await createWorld({ machines: { inquiry } });
    await world.run(world.engine.create('inquiry', 'i1'));
    await world.run(world.engine.send('inquiry', 'i1', { type: 'ASK' }));
    const { engine, env } = await world.crash();
    expect(questions).toHaveLength(2);
    questions[1]?.answer('again');
    await env.settle();
    expect(engine.get('inquiry', 'i1')).toMatchObject({ context: { answer: 'again' } });
  });
});
