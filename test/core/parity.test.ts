/**
 * Holds our stepping of XState to its public functions: same states, context and actions, on any path.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition, transition } from 'xstate';
import { define } from '../../src/core/define.ts';
import { dehydrate, hydrate, leavesOf, unwrap } from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import type { EngineEvent, Step } from '../../src/core/types.ts';
import { fetcher, house, worker } from './machines.ts';

type PublicAction = { type: string; params: unknown };

/** What a public step asked for, in the words of our steps: timers that stay set, and everything custom or invoked. */
function publicWishes(actions: readonly PublicAction[]) {
  const timers = new Map<string, number>();
  const cancelled = new Set<string>();
  const asked: string[] = [];
  for (const { type, params } of actions) {
    const given = params as { id: string; delay?: number; sendId: string; src: string; input: unknown };
    if (type === 'xstate.raise' && given.delay !== undefined) {
      timers.set(given.id, given.delay);
      cancelled.delete(given.id);
    } else if (type === 'xstate.cancel') {
      timers.delete(given.sendId);
      cancelled.add(given.sendId);
    } else if (type === 'xstate.spawnChild') {
      asked.push(JSON.stringify(['invoke', { id: given.id, src: given.src, input: given.input }]));
    } else if (!type.startsWith('xstate.')) {
      asked.push(JSON.stringify([type, params ?? null]));
    }
  }
  return { timers: Object.fromEntries(timers), cancelled: [...cancelled], asked };
}

function ourWishes(step: Step) {
  return {
    timers: Object.fromEntries(step.timers.set.map((timer) => [timer.id, timer.delayMs])),
    cancelled: step.timers.cancel,
    asked: [
      ...step.extend.map((delay) => JSON.stringify(['extend', { delay }])),
      ...step.effects.map((effect) => JSON.stringify([effect.type, effect.params])),
    ],
  };
}

function essence(snapshot: AnyMachineSnapshot) {
  const { status, value, context, output } = snapshot;
  const history = Object.entries(snapshot.historyValue as Record<string, { id: string }[]>);
  return {
    status,
    value: JSON.stringify(value),
    context,
    output,
    history: history.map(([id, nodes]) => [id, nodes.map((node) => node.id).sort()]),
  };
}

const done = (id: string, output: unknown) => ({ type: `xstate.done.actor.${id}`, output }) as EngineEvent;

const cases: { machine: AnyStateMachine; input: unknown; events: EngineEvent[] }[] = [
  {
    machine: worker,
    input: { note: 'first' },
    events: [
      ...['GO', 'BEAT', 'FAIL', 'RESTART', 'STOP', 'NOTE', 'UNKNOWN'].map((type) => ({ type, note: type })),
      { type: 'xstate.after.lease.worker.working.running' },
      { type: 'xstate.after.backoff.worker.coolingDown' },
    ],
  },
  {
    machine: house,
    input: null,
    events: [
      ...['FLIP', 'LOCK', 'OPEN', 'AWAY', 'BACK', 'END', 'UNKNOWN'].map((type) => ({ type })),
      { type: 'xstate.after.dim.house.inside.lamp.on.bright' },
    ],
  },
  {
    machine: fetcher,
    input: null,
    events: [
      ...['FETCH', 'AGAIN', 'QUIT', 'REMIND'].map((type) => ({ type })),
      done('load', 'text'),
      { type: 'xstate.error.actor.load', error: 'no answer' },
    ],
  },
];

describe('stepping XState by its inner functions', () => {
  it.each(cases)('agrees with the public transition() on every path of $machine.id', ({ machine, input, events }) => {
    const definition = define(machine);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 20 }), (path) => {
        let at = 1000;
        const first = birth(definition, input as null, at);
        let [theirs, actions] = initialTransition(machine, input) as [AnyMachineSnapshot, PublicAction[]];
        let ours = first.snapshot;
        expect(essence(unwrap(ours))).toEqual(essence(theirs));
        expect(ourWishes(first.step)).toEqual({ ...publicWishes(actions), cancelled: [] });
        for (const event of path) {
          if (theirs.status !== 'active') return;
          at += 10;
          const taken = take(definition, hydrate(definition, dehydrate(definition, ours)), event, at);
          [theirs, actions] = transition(machine, theirs, { ...event, at }) as [AnyMachineSnapshot, PublicAction[]];
          ours = taken.snapshot;
          expect(essence(unwrap(ours))).toEqual(essence(theirs));
          expect(ourWishes(taken.step)).toEqual(publicWishes(actions));
          expect(taken.step.after).toEqual(leavesOf(ours));
        }
      }),
      { seed: 20_26, numRuns: 150 },
    );
  });
});
