/**
 * The chart of a machine, and how it reads as text and as Mermaid.
 */
import { describe, expect, it } from 'vitest';
import { assign, createMachine, fromPromise, not, setup } from 'xstate';
import { chart } from '../../src/core/chart.ts';
import { define } from '../../src/core/define.ts';
import { mermaid } from '../../src/core/mermaid.ts';
import { outline } from '../../src/core/outline.ts';
import { fetcher, house, worker } from './machines.ts';

/** A small machine with one of each: nesting, delays, an effect with its outcomes, a promise, history, the end. */
const courier = setup({
  types: { context: {} as { tries: number } },
  delays: { backoff: 30_000 },
  guards: { 'is "fragile"; care': () => true, spent: ({ context }) => context.tries > 3 },
  actors: { route: fromPromise(async () => 'home') },
  actions: {
    pack: () => undefined,
    send: (_, _params: { event: { type: string } }) => undefined,
    count: assign({ tries: ({ context }) => context.tries + 1 }),
  },
}).createMachine({
  id: 'courier',
  context: { tries: 0 },
  description: 'Brings one parcel.',
  initial: 'waiting',
  on: { CANCEL: '.over', PING: {} },
  states: {
    waiting: { description: 'No parcel yet.', on: { PARCEL: { target: 'busy', actions: 'count' } } },
    busy: {
      initial: 'packing',
      exit: 'pack',
      on: { HOLD: 'held', AGAIN: { target: 'busy', reenter: true } },
      states: {
        packing: {
          description: 'The parcel is being packed.',
          entry: 'pack',
          on: {
            'effect.pack.succeeded': 'driving',
            'effect.pack.refused': [
              { guard: 'spent', target: '#courier.over' },
              { target: 'pausing', actions: 'count' },
            ],
            SHAKE: {
              guard: not('is "fragile"; care'),
              actions: { type: 'send', params: { event: { type: 'RATTLED' } } },
            },
          },
        },
        pausing: { after: { backoff: 'packing', 3600000: '#courier.over' } },
        driving: { invoke: { src: 'route', id: 'route', onDone: '#courier.over' } },
        past: { type: 'history' },
      },
    },
    held: { on: { RESUME: 'busy.past' }, always: { guard: 'spent', target: 'over' } },
    over: { type: 'final' },
  },
});

describe('chart', () => {
  const drawn = chart(define(courier));

  it('has every state, with its kind, its parent and where it begins', () => {
    expect(drawn.machine).toBe('courier');
    expect(drawn.nodes.map(({ id, kind, parent, initial }) => [id, kind, parent, initial])).toEqual([
      ['(root)', 'compound', null, 'waiting'],
      ['waiting', 'atomic', '(root)', undefined],
      ['busy', 'compound', '(root)', 'busy.packing'],
      ['busy.packing', 'atomic', 'busy', undefined],
      ['busy.pausing', 'atomic', 'busy', undefined],
      ['busy.driving', 'atomic', 'busy', undefined],
      ['busy.past', 'history', 'busy', undefined],
      ['held', 'atomic', '(root)', undefined],
      ['over', 'final', '(root)', undefined],
    ]);
    expect(drawn.nodes[1]?.description).toBe('No parcel yet.');
  });

  it('has every edge with an id that says it all, empty transitions left out', () => {
    expect(drawn.edges.map(({ id }) => id)).toEqual([
      '(root) -CANCEL-> over',
      'waiting -PARCEL-> busy',
      'busy -HOLD-> held',
      'busy -AGAIN-> busy',
      'busy.packing -effect.pack.succeeded-> busy.driving',
      'busy.packing -effect.pack.refused[spent]-> over',
      'busy.packing -effect.pack.refused-> busy.pausing',
      'busy.packing -SHAKE[not is "fragile"; care]-> busy.packing',
      'busy.pausing -after 3600000 ms-> over',
      'busy.pausing -after backoff-> busy.packing',
      'busy.driving -done route-> over',
      'held -RESUME-> busy.past',
      'held -always[spent]-> over',
    ]);
    expect(drawn.edges.find(({ event }) => event === 'after backoff')).toMatchObject({
      delay: 'backoff',
      eventType: 'xstate.after.backoff.courier.busy.pausing',
    });
    expect(drawn.edges.find(({ event }) => event === 'SHAKE')).toMatchObject({
      target: null,
      outgoing: ['send RATTLED'],
    });
    expect(drawn.edges.find(({ event }) => event === 'PARCEL')).toMatchObject({ actions: ['count'], outgoing: [] });
  });

  it('tells edges that look alike apart by a number, the same one each time', () => {
    const twins = createMachine({
      id: 'twins',
      initial: 'a',
      states: {
        a: {
          on: {
            GO: [
              { guard: () => false, target: 'b' },
              { guard: () => true, target: 'b' },
            ],
          },
        },
        b: {},
      },
    });
    const ids = () => chart(define(twins)).edges.map(({ id }) => id);
    expect(ids()).toEqual(['a -GO[inline]-> b', 'a -GO[inline]-> b#2']);
    expect(ids()).toEqual(ids());
  });

  it('reads well as an outline', async () => {
    await expect(outline(drawn)).toMatchFileSnapshot('golden/courier.outline.txt');
  });

  it('reads well as Mermaid', async () => {
    await expect(mermaid(drawn)).toMatchFileSnapshot('golden/courier.mmd');
  });

  it('draws arrows between states that are declared, for every shape of machine', () => {
    for (const machine of [worker, house, fetcher, courier]) {
      const source = mermaid(chart(define(machine)));
      const declared = new Set([...source.matchAll(/^\s*state ".*" as (\S+)/gm)].map((match) => match[1]));
      const used = [...source.matchAll(/(\S+) --> (\S+)/g)].flatMap((match) => [match[1], match[2]]);
      for (const alias of used.filter((name) => name !== '[*]')) expect(declared).toContain(alias);
    }
  });
});
