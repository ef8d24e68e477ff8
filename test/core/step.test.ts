/**
 * What one step tells: timers, effects and their scopes, sends, records, states and edges.
 */
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, assign, createMachine, raise, setup } from 'xstate';
import { chart } from '../../src/core/chart.ts';
import { type Definition, define } from '../../src/core/define.ts';
import { contextOf, dehydrate, type Hydrated, hydrate, leavesOf, statusOf } from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import type { Step } from '../../src/core/types.ts';
import { fetcher, house, worker } from './machines.ts';

/** Takes the events one after another, through stored text each time, and gives the last step. */
function follow(definition: Definition, ...types: string[]): { step: Step; snapshot: Hydrated } {
  let taken = birth(definition, null, 1000);
  for (const type of types) {
    taken = take(definition, hydrate(definition, dehydrate(definition, taken.snapshot)), { type }, 2000);
  }
  return taken;
}

const backoff = 'xstate.after.backoff.worker.coolingDown';
const lease = 'xstate.after.lease.worker.working.running';

describe('timers', () => {
  const definition = define(worker, { jitter: { backoff: 0.2 }, liveness: ['lease'] });

  it('sets one for each delay of an entered state, with the delay’s name', () => {
    const { step } = follow(definition, 'GO', 'FAIL');
    expect(step.timers.set).toEqual([
      {
        id: 'xstate.after.600000.worker.coolingDown',
        name: '600000',
        delayMs: 600_000,
        jitter: 0,
        liveness: false,
        event: { type: 'xstate.after.600000.worker.coolingDown' },
      },
      { id: backoff, name: 'backoff', delayMs: 2000, jitter: 0.2, liveness: false, event: { type: backoff } },
    ]);
  });

  it('marks those that watch for life and cancels them when their state is left', () => {
    expect(follow(definition, 'GO', 'BEAT').step.timers.set).toMatchObject([
      { id: lease, liveness: true, delayMs: 90_000 },
    ]);
    expect(follow(definition, 'GO', 'BEAT', 'STOP').step.timers).toEqual({ set: [], cancel: [lease] });
  });

  it('fires by its event, which takes the edge of that delay', () => {
    const { step } = follow(definition, 'GO', 'BEAT', lease);
    expect(step).toMatchObject({
      accepted: true,
      after: ['coolingDown'],
      taken: ['working.running -after lease-> coolingDown'],
    });
  });

  it('makes one setting of a cancel and a set in the same step', () => {
    const again = setup({ delays: { pause: 10 } }).createMachine({
      id: 'again',
      initial: 'a',
      states: { a: { after: { pause: 'b' }, on: { RETRY: { target: 'a', reenter: true } } }, b: {} },
    });
    const { step } = follow(define(again), 'RETRY');
    expect(step.timers.cancel).toEqual([]);
    expect(step.timers.set.map(({ id }) => id)).toEqual(['xstate.after.pause.again.a']);
    expect(step).toMatchObject({ changed: false, left: ['a'], entered: ['a'], before: ['a'], after: ['a'] });
  });

  it('knows raised events with a delay by their id, until they are cancelled', () => {
    const definition = define(fetcher);
    expect(follow(definition, 'REMIND').step.timers.set).toEqual([
      { id: 'reminder', name: 'nag', delayMs: 20_000, jitter: 0, liveness: false, event: { type: 'FETCH' } },
    ]);
    expect(follow(definition, 'REMIND', 'QUIT').step.timers.cancel).toEqual(['reminder']);
  });
});

const desk = setup({
  types: { events: {} as { type: string; at?: number; note?: string; n?: number } },
  delays: { lease: 1000 },
  actions: {
    call: (_, _params: { who: string }) => undefined,
    send: (_, _params: object) => undefined,
    publish: (_, _params: object) => undefined,
    extend: (_, _params: object) => undefined,
    record: (_, _params: object) => undefined,
  },
}).createMachine({
  id: 'desk',
  context: { at: 0 },
  initial: 'closed',
  entry: { type: 'call', params: { who: 'root' } },
  states: {
    closed: { on: { OPEN: { target: 'open', actions: { type: 'call', params: { who: 'transition' } } } } },
    open: {
      entry: { type: 'call', params: { who: 'entry' } },
      exit: { type: 'call', params: { who: 'exit' } },
      after: { lease: 'closed' },
      initial: 'quiet',
      on: {
        CLOSE: 'closed',
        SKIP: 'passing',
        PING: { actions: { type: 'extend', params: { delay: 'lease' } } },
        STAMP: { actions: assign({ at: ({ event }) => event.at ?? -1 }) },
        TELL: {
          actions: [
            { type: 'send', params: { to: { machine: 'bin', id: '1' }, event: { type: 'FILL' }, must: true } },
            { type: 'publish', params: { link: 'rig', event: { type: 'NEWS' } } },
            {
              type: 'record',
              params: { kind: 'note', id: 'n1', about: [{ machine: 'bin', id: '1' }], body: { text: 'x' } },
            },
          ],
        },
        WRONG: { actions: { type: 'send', params: { event: { type: 'FILL' } } } },
        LOST: { actions: { type: 'call', params: { who: undefined as never, since: new Date(0) } as never } },
      },
      states: { quiet: { on: { CALL: 'busy' } }, busy: { entry: { type: 'call', params: { who: 'busy' } } } },
    },
    passing: { entry: { type: 'call', params: { who: 'nobody' } }, always: 'closed' },
  },
});

describe('effects', () => {
  const definition = define(desk);

  it('have the state as scope when its entry asked, and none on transitions, exits and the root', () => {
    expect(follow(definition).step.effects).toEqual([{ type: 'call', params: { who: 'root' }, scope: null }]);
    expect(follow(definition, 'OPEN').step.effects).toEqual([
      { type: 'call', params: { who: 'transition' }, scope: null },
      { type: 'call', params: { who: 'entry' }, scope: 'open' },
    ]);
    const { step } = follow(definition, 'OPEN', 'CALL', 'CLOSE');
    expect(step.effects).toEqual([{ type: 'call', params: { who: 'exit' }, scope: null }]);
    expect(step.supersede).toEqual(['open.busy', 'open']);
  });

  it('are not asked for by a state that is left again in the same step', () => {
    const { step } = follow(definition, 'OPEN', 'SKIP');
    expect(step.effects).toEqual([{ type: 'call', params: { who: 'exit' }, scope: null }]);
    expect(step).toMatchObject({ left: ['open.quiet', 'open'], entered: ['closed'], supersede: ['open'] });
    expect(step.taken).toEqual(['open -SKIP-> passing', 'passing -always-> closed']);
  });

  it('become sends, records and leases under the reserved names', () => {
    const { step } = follow(definition, 'OPEN', 'TELL');
    expect(step.sends).toEqual([
      { to: { machine: 'bin', id: '1' }, event: { type: 'FILL' }, must: true },
      { to: { linked: 'rig' }, event: { type: 'NEWS' }, must: false },
    ]);
    expect(step.records).toEqual([
      { kind: 'note', id: 'n1', about: [{ machine: 'bin', id: '1' }], body: { text: 'x' } },
    ]);
    expect(step).toMatchObject({ effects: [], changed: false, accepted: true });
    expect(follow(definition, 'OPEN', 'PING').step).toMatchObject({ extend: ['lease'], changed: false, effects: [] });
  });

  it('are refused when they are malformed or not JSON', () => {
    expect(() => follow(definition, 'OPEN', 'WRONG')).toThrow(
      "machine 'desk' sent without { to: { machine, id }, event }",
    );
    expect(() => follow(definition, 'OPEN', 'LOST')).toThrow(
      "machine 'desk' gave the params of 'call' what is not JSON: it.since is a Date; give plain values",
    );
  });

  it('of an invoke carry the resolved input, and are superseded when the state is left', () => {
    const definition = define(fetcher);
    const { step } = follow(definition, 'FETCH');
    expect(step.effects).toEqual([
      { type: 'invoke', params: { id: 'load', src: 'load', input: { url: 'home?1' } }, scope: 'loading' },
    ]);
    const again = follow(definition, 'FETCH', 'AGAIN').step;
    expect(again).toMatchObject({ supersede: ['loading'], left: ['loading'], entered: ['loading'] });
    expect(again.effects).toMatchObject([{ params: { input: { url: 'home?2' } } }]);
    expect(follow(definition, 'FETCH', 'QUIT').step).toMatchObject({ supersede: ['loading'], effects: [] });
  });

  it('of an invoke end the machine when their failure is not handled', () => {
    const careless = setup({ actors: fetcher.implementations.actors as never }).createMachine({
      id: 'careless',
      initial: 'a',
      states: { a: { invoke: { src: 'load', id: 'load' } as never } },
    });
    const definition = define(careless);
    const { step, snapshot } = take(
      definition,
      birth(definition, null, 0).snapshot,
      { type: 'xstate.error.actor.load', error: 'no answer' },
      1,
    );
    expect(step).toMatchObject({ accepted: true, changed: true, status: 'error', after: ['a'], supersede: ['a'] });
    expect(statusOf(hydrate(definition, dehydrate(definition, snapshot)))).toBe('error');
  });
});

describe('a step', () => {
  it('shows the machine when it happens', () => {
    const definition = define(desk);
    const { snapshot } = follow(definition, 'OPEN', 'STAMP');
    expect(contextOf(snapshot)).toEqual({ at: 2000 });
  });

  it('shows entry actions the time of birth', () => {
    const dated = setup({ types: { events: {} as { type: 'xstate.init'; at: number } } }).createMachine({
      id: 'dated',
      context: ({ input }) => ({ input: input ?? null, bornAt: 0 }),
      entry: assign({ bornAt: ({ event }) => event.at }),
    });
    expect(contextOf(birth(define(dated), { size: 2 }, 1234).snapshot)).toEqual({ input: { size: 2 }, bornAt: 1234 });
  });

  it('that is not accepted gives back the very snapshot', () => {
    const definition = define(worker);
    const { snapshot } = birth(definition, null, 0);
    for (const type of ['BEAT', 'UNKNOWN', 'xstate.stop', 'xstate.init', '*', backoff]) {
      const taken = take(definition, snapshot, { type }, 1);
      expect(taken.step).toMatchObject({
        accepted: false,
        changed: false,
        before: ['idle'],
        after: ['idle'],
        taken: [],
      });
      expect(taken.snapshot).toBe(snapshot);
    }
  });

  it('is not accepted by an empty transition, nor by a machine that has ended', () => {
    const quiet = define(
      createMachine({ id: 'quiet', initial: 'a', on: { SHH: {}, END: '.z' }, states: { a: {}, z: { type: 'final' } } }),
    );
    expect(follow(quiet, 'SHH').step.accepted).toBe(false);
    expect(follow(quiet, 'END').step).toMatchObject({ status: 'done', after: ['z'], entered: ['z'], left: ['a'] });
    expect(follow(quiet, 'END', 'END').step).toMatchObject({ accepted: false, status: 'done' });
  });

  it('that ends the machine runs the exits without leaving what stays', () => {
    const { step } = follow(define(house), 'FLIP', 'END', 'LOCK', 'END');
    expect(step).toMatchObject({ status: 'done', after: ['closed'], entered: ['closed'] });
    expect(step.left).toContain('inside.lamp.broken');
  });

  it('tells all states left and entered, the outer ones too', () => {
    const { step } = follow(define(house), 'FLIP', 'AWAY');
    expect(step.before).toEqual(['inside.lamp.on.bright', 'inside.door.open']);
    expect(step.left).toEqual([
      'inside.door.open',
      'inside.door',
      'inside.lamp.on.bright',
      'inside.lamp.on',
      'inside.lamp',
      'inside',
    ]);
    expect(step.entered).toEqual(['outside']);
    const born = birth(define(house), null, 0).step;
    expect(born.before).toEqual([]);
    expect(born.entered).toEqual(['inside', 'inside.lamp', 'inside.lamp.off', 'inside.door', 'inside.door.open']);
  });

  it('tells edges by the ids that the chart has', () => {
    for (const machine of [worker, house]) {
      const definition = define(machine);
      const known = new Set(chart(definition).edges.map((edge) => edge.id));
      for (const path of [
        ['GO', 'BEAT', 'NOTE', 'FAIL', backoff],
        ['FLIP', 'LOCK', 'AWAY', 'BACK'],
      ]) {
        for (const edge of follow(definition, ...path).step.taken) expect(known).toContain(edge);
      }
    }
    expect(follow(define(worker), 'GO', 'BEAT', 'NOTE').step.taken).toEqual([
      'working.running -NOTE[fresh and not spent]-> working.starting',
      'working.starting -BEAT-> working.running',
    ]);
  });

  it('tells only the edge that won when parallel regions disagree', () => {
    const rivals = createMachine({
      id: 'rivals',
      initial: 'race',
      states: {
        race: {
          type: 'parallel',
          states: { one: { on: { GO: '#rivals.first' } }, two: { on: { GO: '#rivals.second' } } },
        },
        first: {},
        second: {},
      },
    });
    expect(follow(define(rivals), 'GO').step).toMatchObject({ after: ['first'], taken: ['race.one -GO-> first'] });
  });

  it('lets what guards and actions throw come through, and is not hurt by it', () => {
    const fragile = setup({
      types: { context: {} as { n: number } },
      guards: {
        broken: () => {
          throw new RangeError('off by one');
        },
      },
    }).createMachine({
      id: 'fragile',
      context: { n: 0 },
      on: {
        ASK: { guard: 'broken', actions: raise({ type: 'X' }) },
        NAN: { actions: assign({ n: Number.NaN }) },
        ADD: { actions: assign({ n: 1 }) },
      },
    });
    const definition = define(fragile);
    const { snapshot } = birth(definition, null, 0);
    expect(() => take(definition, snapshot, { type: 'ASK' }, 1)).toThrow('off by one');
    expect(() => take(definition, snapshot, { type: 'NAN' }, 1)).toThrow('context.n is NaN');
    expect(contextOf(take(definition, snapshot, { type: 'ADD' }, 1).snapshot)).toEqual({ n: 1 });
    expect(contextOf(snapshot)).toEqual({ n: 0 });
  });

  it('runs the actions of parallel regions in the same order from a stored and from a cached snapshot', () => {
    const region = (name: string) => ({
      initial: 'off',
      states: {
        off: { on: { [name]: 'on' } },
        on: { always: { guard: 'open', target: 'end', actions: `end${name}` } },
        end: {},
      },
    });
    const twins = setup({
      guards: { open: ({ context }) => context.open },
      actions: { endA: () => undefined, endB: () => undefined },
    }).createMachine({
      id: 'twins',
      type: 'parallel',
      context: { open: false },
      on: { ALL: { actions: assign({ open: true }) } },
      states: { a: region('A'), b: region('B') },
    } as never) as unknown as AnyStateMachine;
    const definition = define(twins);
    const path = ['B', 'A', 'ALL'];
    let cached = birth(definition, null, 0);
    for (const type of path) cached = take(definition, cached.snapshot, { type }, 1);
    expect(cached.step.effects.map(({ type }) => type)).toEqual(['endA', 'endB']);
    expect(follow(definition, ...path).step.effects).toEqual(cached.step.effects);
    expect(leavesOf(cached.snapshot)).toEqual(['a.end', 'b.end']);
  });
});
