/** The config JSON of a machine: XState reads it as the same machine. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, createMachine, transition } from 'xstate';
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import type { Chart } from '../../src/core/chart.ts';
import { type Definition, define } from '../../src/core/define.ts';
import { fingerprint } from '../../src/core/json.ts';
import { surveyMachine } from '../../src/core/survey.ts';
import { inlineAction, xstateConfig } from '../../src/core/xstate-config.ts';
import { house, worker } from './machines.ts';

const definitions: Record<string, Definition> = {
  ...townMachines(defaultPolicy),
  worker: define(worker),
  house: define(house),
};

/** What a reader of JSON gets, as XState makes a machine of it. */
function copyOf(definition: Definition): AnyStateMachine {
  return createMachine(JSON.parse(JSON.stringify(xstateConfig(definition))) as object) as AnyStateMachine;
}

/** Which actions leave the entity is only known with their implementations. */
function comparable({ nodes, edges }: Chart): unknown {
  const named = (actions: readonly string[]) => actions.filter((name) => name !== inlineAction);
  return {
    nodes: nodes.map((node) => ({ ...node, entry: named(node.entry), exit: named(node.exit) })),
    edges: edges.map(({ outgoing: _outgoing, ...edge }) => ({ ...edge, actions: named(edge.actions) })),
  };
}

/** The answer of a guard by its name, composed ones included. */
function answer(name: string, roll: number): boolean {
  if (name.includes(' or ')) return name.split(' or ').some((part) => answer(part, roll));
  if (name.includes(' and ')) return name.split(' and ').every((part) => answer(part, roll));
  if (name.startsWith('not ')) return !answer(name.slice('not '.length), roll);
  return Number.parseInt(fingerprint(`${name}${roll}`).slice(-2), 16) % 2 === 0;
}

/** Guards that answer by the roll of the event, so that both machines are told the same. */
function withStubs(machine: AnyStateMachine, { survey, machine: original }: Definition): AnyStateMachine {
  const { edges } = survey.chart;
  const atoms = edges.flatMap(({ guard }) => (guard === undefined ? [] : [guard, ...guard.split(/ and | or |not /)]));
  const names = [...new Set([...atoms, ...Object.keys(original.implementations.guards)])];
  const guards = names
    .filter((name) => name !== '')
    .map((name) => [name, ({ event }: { event: { roll?: number } }) => answer(name, event.roll ?? 0)] as const);
  const nothing = Object.keys(machine.implementations.actions).map((name) => [name, () => undefined] as const);
  return machine.provide({
    guards: Object.fromEntries(guards),
    actions: Object.fromEntries(nothing),
    delays: Object.fromEntries(edges.flatMap(({ delay }) => (delay === undefined ? [] : [[delay, 1000] as const]))),
  } as never);
}

describe('config for XState', () => {
  it.each(Object.entries(definitions))('of the %s makes the same chart', (_, definition) => {
    expect(comparable(surveyMachine(copyOf(definition)).chart)).toEqual(comparable(definition.survey.chart));
  });

  it.each(Object.entries(townMachines(defaultPolicy)))('of the %s goes the same ways', (_, definition) => {
    const types = [...definition.survey.hears];
    const original = withStubs(definition.machine, definition);
    const copy = withStubs(copyOf(definition), definition);
    const step = fc.record({ type: fc.constantFrom(...types), roll: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (events) => {
        const start = copy.resolveState({ value: {}, context: {} }).value;
        let one = original.resolveState({ value: start, context: {} as never });
        let other = copy.resolveState({ value: start, context: {} });
        for (const event of events) {
          one = transition(original, one, event as never)[0] as typeof one;
          other = transition(copy, other, event)[0] as typeof other;
          expect(other.value).toEqual(one.value);
        }
      }),
      { numRuns: 20, seed: 11 },
    );
  });
});
