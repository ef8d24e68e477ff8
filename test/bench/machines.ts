/** The machines of the workloads: a piece of work and who does it, in the shape of the town's but much smaller. */
import { assign, setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import type { EntityRef } from '../../src/core/types.ts';

type Send = { to: EntityRef; event: { type: string }; must: boolean };

/** About as wide as a real one: its text is what a row carries. */
const body = 'Make the parser accept trailing commas, and add a test that fails without the change.'.repeat(2);

export const item = define(
  setup({
    types: {
      context: {} as { title: string; body: string; claims: number; by: string | null },
      input: {} as { title: string },
      events: {} as { type: 'CLAIM'; by: string } | { type: 'CLOSE' },
    },
    actions: {
      claim: assign({ claims: ({ context }) => context.claims + 1, by: ({ event }) => (event as { by: string }).by }),
    },
  }).createMachine({
    id: 'item',
    context: ({ input }) => ({ title: input?.title ?? '', body, claims: 0, by: null }),
    initial: 'open',
    states: {
      open: { on: { CLAIM: { target: 'in_progress', actions: 'claim' } } },
      in_progress: { on: { CLOSE: 'closed' } },
      closed: { type: 'final' },
    },
  }),
);

export const worker = define(
  setup({
    types: {
      context: {} as { epoch: number; item: string | null; done: number },
      events: {} as
        | { type: 'START'; item: string }
        | { type: 'BEAT'; epoch: number }
        | { type: 'EXIT' }
        | { type: 'RESET' },
    },
    actions: {
      send: (_, _params: Send) => {},
      extend: (_, _params: { delay: string }) => {},
      launch: (_, _params: { epoch: number }) => {},
      take: assign({
        epoch: ({ context }) => context.epoch + 1,
        item: ({ event }) => (event as { item: string }).item,
      }),
      finish: assign({ item: null, done: ({ context }) => context.done + 1 }),
    },
    delays: { lease: 90_000 },
  }).createMachine({
    id: 'worker',
    context: { epoch: 0, item: null, done: 0 },
    initial: 'idle',
    states: {
      idle: {
        on: {
          START: {
            target: 'working',
            actions: [
              'take',
              {
                type: 'send',
                params: ({ event }) => ({
                  to: { machine: 'item', id: event.item },
                  event: { type: 'CLAIM', by: 'worker' },
                  must: true,
                }),
              },
            ],
          },
        },
      },
      working: {
        entry: { type: 'launch', params: ({ context }) => ({ epoch: context.epoch }) },
        after: { lease: 'exited' },
        on: {
          BEAT: { actions: { type: 'extend', params: { delay: 'lease' } } },
          EXIT: {
            target: 'exited',
            actions: [
              {
                type: 'send',
                params: ({ context }) => ({
                  to: { machine: 'item', id: context.item ?? '' },
                  event: { type: 'CLOSE' },
                  must: true,
                }),
              },
              'finish',
            ],
          },
        },
      },
      exited: { on: { RESET: 'idle' } },
    },
  }),
  {
    liveness: ['lease'],
    fence: ({ epoch }, event) => (event.type === 'BEAT' && event.epoch !== epoch ? `of epoch ${event.epoch}` : null),
  },
);

/** Waits as long as it is told. */
export const sleeper = define(
  setup({
    types: { context: {} as { ms: number }, input: {} as { ms: number }, events: {} as { type: 'WAKE' } },
    delays: { sleep: ({ context }) => context.ms },
  }).createMachine({
    id: 'sleeper',
    context: ({ input }) => ({ ms: input?.ms ?? 0 }),
    initial: 'asleep',
    states: { asleep: { after: { sleep: 'awake' } }, awake: {} },
  }),
);

/** Two states and a timer. */
export const lantern = define(
  setup({ types: { events: {} as { type: 'DIM' } | { type: 'SHINE' } }, delays: { burning: 3_600_000 } }).createMachine(
    {
      id: 'lantern',
      initial: 'bright',
      states: {
        bright: { on: { DIM: 'dim' }, after: { burning: 'dim' } },
        dim: { on: { SHINE: 'bright' } },
      },
    },
  ),
);
