/**
 * Snapshots through text and back, and what can be asked of one.
 */
import { describe, expect, it } from 'vitest';
import { createMachine, setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import { Bug } from '../../src/core/errors.ts';
import {
  acceptedEvents,
  contextOf,
  dehydrate,
  hears,
  hydrate,
  leavesOf,
  outputOf,
  stateValueOf,
  statusOf,
} from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import { fetcher, house, worker } from './machines.ts';

describe('a stored snapshot', () => {
  it('is small, readable JSON', () => {
    const definition = define(worker);
    const { snapshot } = take(definition, birth(definition, { note: 'hi' }, 0).snapshot, { type: 'GO' }, 1);
    expect(dehydrate(definition, snapshot)).toBe(
      '{"status":"active","value":{"working":"starting"},"context":{"strikes":0,"note":"hi","seenAt":0}}',
    );
  });

  it('comes back with its states, context and remembered history', () => {
    const definition = define(house);
    let { snapshot } = birth(definition, null, 0);
    for (const type of ['FLIP', 'LOCK', 'AWAY']) snapshot = take(definition, snapshot, { type }, 1).snapshot;
    const text = dehydrate(definition, snapshot);
    const back = hydrate(definition, text);
    expect(dehydrate(definition, back)).toBe(text);
    // Back to a locked door, whose entry flips the lamp that was off.
    const returned = take(definition, back, { type: 'BACK' }, 2);
    expect(leavesOf(returned.snapshot)).toEqual(['inside.lamp.on.bright', 'inside.door.locked']);
    expect(stateValueOf(back)).toBe('outside');
    expect(contextOf(back)).toEqual({ turns: 2 });
  });

  it('of before a field was added has it with its default, and keeps what it has', () => {
    const definition = define(worker, { defaults: { strikes: 7, note: 'none' } });
    const old = '{"status":"active","value":{"working":"starting"},"context":{"strikes":2,"seenAt":0}}';
    expect(contextOf(hydrate(definition, old))).toEqual({ strikes: 2, note: 'none', seenAt: 0 });
  });

  it('keeps a context that looks like XState’s own notes', () => {
    const definition = define(createMachine({ id: 'odd', context: { body: { xstate$$type: 1, id: 'x' } } }));
    const { snapshot } = birth(definition, null, 0);
    expect(contextOf(hydrate(definition, dehydrate(definition, snapshot)))).toEqual(contextOf(snapshot));
  });

  it('keeps the output of a machine that has ended', () => {
    const adder = createMachine({ id: 'adder', initial: 'z', states: { z: { type: 'final' } }, output: { sum: 3 } });
    const definition = define(adder);
    const back = hydrate(definition, dehydrate(definition, birth(definition, null, 0).snapshot));
    expect([statusOf(back), outputOf(back)]).toEqual(['done', { sum: 3 }]);
  });

  it.each([
    ['cut off', '{"status":"act'],
    ['no snapshot', '[1]'],
    ['of a state that is gone', '{"status":"active","value":"gone_for_good","context":{}}'],
    ['of a child state that is gone', '{"status":"active","value":{"working":"x"},"context":{}}'],
    [
      'with a history of a state that is gone',
      '{"status":"active","value":"idle","context":{},"history":{"h":["worker.x"]}}',
    ],
  ])('that is %s is a bug that names the machine', (_what, text) => {
    const definition = define(worker);
    expect(() => hydrate(definition, text)).toThrow(Bug);
    expect(() => hydrate(definition, text)).toThrow(
      `a stored snapshot does not fit machine 'worker' (${definition.hash})`,
    );
  });

  it.each([
    ['a Date', new Date(0), 'context.value is a Date'],
    ['a Map', new Map(), 'context.value is a Map'],
    ['a function', () => 1, 'context.value is a function'],
    ['a hole', [1, undefined], 'context.value[1] is undefined'],
    ['not a number', { deep: Number.NaN }, 'context.value.deep is NaN'],
    ['a BigInt', 1n, 'context.value is a bigint'],
  ])('can not be born with %s', (_what, value, sentence) => {
    const definition = define(createMachine({ id: 'm', context: { value } }));
    expect(() => birth(definition, null, 0)).toThrow(
      `machine 'm' was born with a context that is not JSON: ${sentence}`,
    );
  });

  it('may be stepped by a changed definition, whose settings then count', () => {
    const make = (limit: number) =>
      define(
        setup({ guards: { enough: () => limit > 1 } }).createMachine({
          id: 'm',
          initial: 'a',
          states: { a: { on: { GO: { guard: 'enough', target: 'b' } } }, b: {} },
        }),
        { settings: { limit } },
      );
    const { snapshot } = birth(make(1), null, 0);
    expect(take(make(1), snapshot, { type: 'GO' }, 1).step.accepted).toBe(false);
    expect(take(make(2), snapshot, { type: 'GO' }, 1).step.after).toEqual(['b']);
  });
});

describe('what can be asked of a snapshot', () => {
  it('is which outside events it may take, those of outer states too', () => {
    const definition = define(worker);
    const idle = birth(definition, null, 0).snapshot;
    expect(acceptedEvents(definition, idle)).toEqual(['GO', 'NOTE']);
    const working = take(definition, idle, { type: 'GO' }, 1).snapshot;
    expect(acceptedEvents(definition, working)).toEqual(['BEAT', 'FAIL', 'NOTE', 'RESTART', 'STOP']);
    expect(acceptedEvents(definition, take(definition, working, { type: 'STOP' }, 1).snapshot)).toEqual([]);
  });

  it('leaves out what is forbidden inside, and what is the engine’s', () => {
    const definition = define(
      createMachine({
        id: 'm',
        initial: 'a',
        on: { GO: '.b', STAY: '.a' },
        states: { a: { on: { GO: {}, 'effect.call.refused': 'b' } }, b: {} },
      }),
    );
    expect(acceptedEvents(definition, birth(definition, null, 0).snapshot)).toEqual(['STAY']);
  });

  it('is whether the machine listens to an event at all', () => {
    const definition = define(
      createMachine({
        id: 'm',
        on: { GO: { actions: 'x' }, 'effect.call.*': { actions: 'x' }, 'effect.mail.refused': { actions: 'x' } },
      }),
    );
    const heard = [
      'GO',
      'effect.call.succeeded',
      'effect.mail.refused',
      'effect.mail.succeeded',
      'effect.callback.x',
      'NO',
    ];
    expect(heard.filter((type) => hears(definition, type))).toEqual(heard.slice(0, 3));
    expect(hears(define(fetcher), 'xstate.done.actor.load')).toBe(true);
  });
});
