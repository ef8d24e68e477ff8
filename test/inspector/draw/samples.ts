/** Charts to lay out and draw: a small one with one of everything, and random ones. */
import fc from 'fast-check';
import { setup } from 'xstate';
import { type Chart, type ChartEdge, type ChartNode, chart, rootId } from '../../../src/core/chart.ts';
import { define } from '../../../src/core/define.ts';

const machine = setup({
  guards: { isPaid: () => true },
  actions: { ship: () => undefined, tell: () => undefined },
  delays: { patience: 1000 },
}).createMachine({
  id: 'parcel',
  context: {},
  initial: 'packing',
  on: { LOSE: '.lost' },
  states: {
    packing: {
      entry: 'tell',
      initial: 'open',
      states: { open: { on: { TAPE: 'taped' } }, taped: { on: { CUT: 'open', WEIGH: {} } }, last: { type: 'history' } },
      on: { SEND: { guard: 'isPaid', target: 'travelling', actions: 'ship' }, NUDGE: { actions: 'tell' } },
    },
    travelling: {
      type: 'parallel',
      states: {
        place: { initial: 'road', states: { road: { on: { LOAD: 'sea' } }, sea: {} } },
        papers: {
          initial: 'missing',
          states: { missing: { tags: 'attention', on: { STAMP: 'stamped' } }, stamped: {} },
        },
      },
      on: { RETURN: 'packing.last', ARRIVE: 'home' },
      after: { patience: 'lost' },
    },
    lost: { tags: 'attention', on: { FIND: 'travelling' }, always: { guard: 'isPaid', target: 'home' } },
    home: { type: 'final', description: 'Where <it> & "all" end.' },
  },
});

export const parcel: Chart = chart(define(machine));

/** A chart of up to three levels with edges between any of its states. */
export const charts: fc.Arbitrary<Chart> = fc
  .record({
    shape: fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    ends: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('GO', 'STOP', 'effect.work.refused')), {
      maxLength: 14,
    }),
  })
  .map(({ shape, ends }) => chartOf(shape, ends));

function chartOf(shape: readonly (readonly number[])[], ends: readonly [number, number, string][]): Chart {
  const nodes: ChartNode[] = [nodeOf(rootId, null, 's0')];
  shape.forEach((children, top) => {
    const id = `s${top}`;
    nodes.push(nodeOf(id, rootId, children.length > 0 ? `${id}.c0` : undefined));
    children.forEach((leaves, middle) => {
      const child = `${id}.c${middle}`;
      nodes.push(nodeOf(child, id, leaves > 0 ? `${child}.l0` : undefined));
      for (let leaf = 0; leaf < leaves; leaf += 1) nodes.push(nodeOf(`${child}.l${leaf}`, child, undefined));
    });
  });
  const edges = ends.map(([from, to, event], index): ChartEdge => {
    const source = (nodes[from % nodes.length] as ChartNode).id;
    const target = (nodes[1 + (to % (nodes.length - 1))] as ChartNode).id;
    const id = `${source} -${event}-> ${target}#${index}`;
    const rest = { actions: [], outgoing: [], reenter: false };
    return { id, source, target, targets: [target], event, eventType: event, ...rest };
  });
  return { machine: 'random', nodes, edges };
}

function nodeOf(id: string, parent: string | null, initial: string | undefined): ChartNode {
  const kind = initial === undefined ? 'atomic' : 'compound';
  return {
    id,
    kind,
    parent,
    ...(initial === undefined ? {} : { initial }),
    entry: [],
    exit: [],
    invokes: [],
    tags: [],
  };
}
