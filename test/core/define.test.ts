/**
 * What define() takes in, and the sentence with which it refuses each thing that can not be made durable.
 */
import { describe, expect, it } from 'vitest';
import {
  type AnyStateMachine,
  assign,
  createMachine,
  enqueueActions,
  fromCallback,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate';
import { define } from '../../src/core/define.ts';
import { Refused } from '../../src/core/errors.ts';
import { acceptedEvents } from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import { fetcher, house, worker } from './machines.ts';

/** A machine 'm' whose state 'a' is `state`. The types are loosened, because the wrong is what is tested. */
function machineWith(state: object, implementations: object = {}): AnyStateMachine {
  return createMachine({ id: 'm', initial: 'a', states: { a: state, b: {} } } as never).provide(
    implementations as never,
  );
}

const load = fromPromise(async () => 1);

type Case = [what: string, machine: () => AnyStateMachine, problem: string, remedy: string];

const nameIt = 'it would be lost in a crash: name it in setup({ actions }) and refer to it by name, as an effect';
const sendIt =
  "entities have no parents and no actor references: use { type: 'send', params: { to: { machine, id }, event } }";
const noChildren = 'children do not outlive a restart: send to an entity of its own, or invoke a promise';

/** Refusals of the state 'a' of machine 'm'. */
const refusals: Case[] = [
  ['an inline action', () => machineWith({ entry: () => undefined }), 'it has an inline action', nameIt],
  ['sendParent', () => machineWith({ exit: sendParent({ type: 'UP' }) }), 'it uses sendParent', sendIt],
  [
    'sendTo, also under a name',
    () => machineWith({ on: { GO: { actions: 'tell' } } }, { actions: { tell: sendTo('x', { type: 'HI' }) } }),
    'it uses sendTo',
    sendIt,
  ],
  ['spawnChild', () => machineWith({ entry: spawnChild(load) }), 'it uses spawnChild', noChildren],
  ['stopChild', () => machineWith({ entry: stopChild('x') }), 'it uses stopChild', noChildren],
  [
    'an invoked machine',
    () => machineWith({ invoke: { src: 'child' } }, { actors: { child: createMachine({ id: 'child' }) } }),
    "it invokes the machine 'child'",
    'make that machine an entity of its own and talk to it with the send action',
  ],
  [
    'an invoked callback',
    () => machineWith({ invoke: { src: 'listen' } }, { actors: { listen: fromCallback(() => undefined) } }),
    "it invokes 'listen', which is no promise",
    'only fromPromise(…) can be invoked: use an effect',
  ],
  [
    'an inline actor',
    () => machineWith({ invoke: { src: load } }),
    'it invokes an inline actor',
    "name it: setup({ actors: { fetchIt: fromPromise(…) } }) and src: 'fetchIt'",
  ],
  [
    'an actor that is not there',
    () => machineWith({ invoke: { src: 'load' } }),
    "it invokes 'load', which is not implemented",
    'add it: setup({ actors: { load: fromPromise(…) } })',
  ],
  [
    'a systemId',
    () => machineWith({ invoke: { src: 'load', systemId: 'x' } }, { actors: { load } }),
    "the invoke of 'load' has a systemId",
    'remove it: names do not outlive a restart',
  ],
  [
    'onSnapshot',
    () => machineWith({ invoke: { src: 'load', onSnapshot: 'b' } }, { actors: { load } }),
    "the invoke of 'load' has onSnapshot",
    'remove it: a promise has no snapshots',
  ],
  [
    'a wildcard',
    () => machineWith({ on: { '*': 'b' } }),
    "it listens to '*'",
    'late timers and outcomes would be taken too: name the events',
  ],
  [
    'an event of XState',
    () => machineWith({ on: { 'xstate.done.actor.x': 'b' } }),
    "it listens to 'xstate.done.actor.x'",
    "types that begin with 'xstate.' are reserved: use onDone, onError, after or a name of yours",
  ],
  [
    'a delay that is not there',
    () => machineWith({ after: { pause: 'b' } }),
    "its delay 'pause' is not implemented",
    'add it: setup({ delays: { pause: 1000 } })',
  ],
  [
    'a delayed raise without an id',
    () => machineWith({ entry: raise({ type: 'NAG' }, { delay: 10 }) }),
    'it raises an event with a delay and without an id',
    "give the timer a name: raise(event, { delay, id: 'reminder' })",
  ],
  [
    'a guard that is not there',
    () => machineWith({ on: { GO: { guard: 'ready', target: 'b' } } }),
    "its guard 'ready' is not implemented",
    'add it: setup({ guards: { ready: ({ context }) => … } })',
  ],
];

/** What define() threw. */
function refusalOf(machine: AnyStateMachine): Refused {
  try {
    define(machine);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Refused);
    return thrown as Refused;
  }
  return expect.fail('it was not refused');
}

describe('define', () => {
  it.each(refusals)('refuses %s and says where and what to do', (_what, machine, problem, remedy) => {
    const refused = refusalOf(machine());
    expect(refused.message).toBe(`machine 'm', state 'a': ${problem}; ${remedy}`);
    expect(refused.code).toBe('invalid');
    expect(refused.details).toEqual({ machine: 'm', state: 'a' });
  });

  it('refuses the root’s inline action by its name, and names that can not be stored', () => {
    const ringing = createMachine({ id: 'm', on: { GO: { actions: [function ring() {}] } } });
    expect(refusalOf(ringing).message).toBe(`machine 'm': it has an inline action 'ring'; ${nameIt}`);
    const nameless = "machine '(machine)' has no name to be stored under: give it an id of letters, digits,";
    expect(refusalOf(createMachine({})).message).toContain(nameless);
    const spaced = createMachine({ id: 'm', initial: 'on hold', states: { 'on hold': {} } });
    expect(refusalOf(spaced).message).toBe(
      "machine 'm', state 'on hold': the name 'on hold' can not be stored; name states without spaces, '.', ',' and '#'",
    );
  });

  it('refuses options about delays that the machine has not', () => {
    expect(() => define(worker, { jitter: { bakcoff: 0.2 } })).toThrow(
      "machine 'worker' has no delay 'bakcoff' that jitter or liveness name; it has: lease, 600000, backoff",
    );
    expect(() => define(worker, { liveness: ['leese'] })).toThrow("has no delay 'leese'");
    expect(() => define(worker, { jitter: { backoff: 20 } })).toThrow('use a fraction from 0 to below 1');
    expect(() => define(worker, { settings: { since: new Date(0) } as never })).toThrow('settings.since is a Date');
  });

  it('takes machines of every shape and names them by their id', () => {
    expect([define(worker), define(house), define(fetcher)].map(({ name }) => name)).toEqual([
      'worker',
      'house',
      'fetcher',
    ]);
  });

  it('keeps what makes an entity findable and fenced, typed by the machine’s context', () => {
    const { options } = define(worker, {
      index: (context) => ({ rank: context.strikes, labels: context.note === null ? [] : [context.note] }),
      fence: (context, event) => (event.epoch === context.strikes ? null : 'of an old epoch'),
      autoCreate: (id) => ({ note: id }),
    });
    expect(options.index?.({ strikes: 2, note: 'x', seenAt: 0 })).toEqual({ rank: 2, labels: ['x'] });
    expect(options.fence?.({ strikes: 2 }, { type: 'BEAT', epoch: 1 })).toBe('of an old epoch');
    expect(options.autoCreate?.('w1')).toEqual({ note: 'w1' });
  });

  it('leaves the author’s machine as it was', () => {
    const before = worker.getStateNodeById('worker.working').entry.length;
    define(worker);
    expect(define(worker).machine).toBe(worker);
    expect(worker.getStateNodeById('worker.working').entry.length).toBe(before);
    expect(fetcher.getStateNodeById('fetcher.loading').invoke).toHaveLength(1);
  });

  it('gives the same hash for the same structure and settings, and another for others', () => {
    const hash = (states: object, settings?: number) =>
      define(createMachine({ id: 'm', initial: 'a', states } as never), { settings: settings ?? 1 }).hash;
    const plain = hash({ a: { on: { GO: 'b' } }, b: {} });
    expect(plain).toMatch(/^[0-9a-f]{16}$/);
    expect(hash({ a: { on: { GO: 'b' } }, b: {} })).toBe(plain);
    expect(hash({ a: { on: { GO: 'b' }, description: 'The first.' }, b: {} })).toBe(plain);
    expect(hash({ a: { on: { GO: 'b' } }, b: {} }, 2)).not.toBe(plain);
    expect(hash({ a: { on: { GO: { target: 'b', actions: 'ring' } } }, b: {} })).not.toBe(plain);
    expect(hash({ a: { on: { GO: 'b' } }, b: { entry: 'ring' } })).not.toBe(plain);
    expect(hash({ a: { on: { GO: { target: 'b', guard: stateIn('a') } } }, b: {} })).not.toBe(plain);
  });

  it('stops a loop of always transitions instead of hanging', () => {
    const loop = createMachine({
      id: 'loop',
      initial: 'rest',
      states: { rest: { on: { GO: 'a' } }, a: { always: 'b' }, b: { always: 'a' } },
    });
    const definition = define(loop);
    const { snapshot } = birth(definition, null, 0);
    expect(() => take(definition, snapshot, { type: 'GO' }, 1)).toThrow('Infinite loop');
    expect(acceptedEvents(definition, snapshot)).toEqual(['GO']);
  });

  it('catches what only shows itself while a list of actions is made', () => {
    const sneaky = setup({ actors: { load } }).createMachine({
      id: 'sneaky',
      on: {
        SPAWN: { actions: enqueueActions(({ enqueue }) => enqueue.spawnChild('load')) },
        INLINE: { actions: enqueueActions(({ enqueue }) => enqueue(() => undefined)) },
        NAG: { actions: enqueueActions(({ enqueue }) => enqueue.raise({ type: 'X' }, { delay: 5 })) },
        REF: { actions: assign({ child: ({ spawn }) => spawn('load') }) },
      },
    });
    const definition = define(sneaky);
    const { snapshot } = birth(definition, null, 0);
    const taking = (type: string) => () => take(definition, snapshot, { type }, 1);
    expect(taking('SPAWN')).toThrow("machine 'sneaky' enqueued xstate.spawnChild, which no restart survives");
    expect(taking('INLINE')).toThrow("machine 'sneaky' enqueued the inline action");
    expect(taking('NAG')).toThrow("machine 'sneaky' raised 'X' with a delay and no id");
    expect(taking('REF')).toThrow("machine 'sneaky' assigned what is not JSON: context.child is");
  });
});
