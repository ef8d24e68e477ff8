/**
 * Small machines that the scheduler's tests run: an errand with effects, a runner with a lease, an inquiry with a
 * promise.
 */
import { assign, fromPromise, setup } from 'xstate';
import { define } from '../../src/core/define.ts';

type Outcome = {
  type: string;
  reason?: string;
  permanent?: boolean;
  cause?: string;
  result?: string | null;
  key?: string;
};

/** Asks for `walk` when it is sent, remembers how that ended, and `ring`s on the way. */
export const errand = setup({
  types: {
    context: {} as { ends: string[]; last: Outcome | null; way: string },
    input: {} as { way?: string } | null | undefined,
    events: {} as { type: 'GO' } | { type: 'CALL_BACK' } | { type: 'RING' },
  },
  actions: {
    walk: (_, _params: { way: string }) => {},
    ring: (_, _params: { tune: string }) => {},
    note: assign(({ context, event }) => ({ ends: [...context.ends, event.type], last: event as Outcome })),
  },
}).createMachine({
  id: 'errand',
  context: ({ input }) => ({ ends: [], last: null, way: input?.way ?? 'north' }),
  initial: 'home',
  on: { RING: { actions: { type: 'ring', params: { tune: 'ding' } } } },
  states: {
    home: { on: { GO: 'away' } },
    away: {
      entry: { type: 'walk', params: ({ context }) => ({ way: context.way }) },
      on: {
        CALL_BACK: 'home',
        'effect.walk.*': { target: 'home', actions: 'note' },
      },
    },
  },
});

/** Lives as long as it beats; beats of an old epoch are refused. */
export const runner = define(
  setup({
    types: {
      context: {} as { epoch: number; lost: number },
      events: {} as { type: 'START' } | { type: 'BEAT'; epoch: number },
    },
    actions: {
      extend: (_, _params: { delay: string }) => {},
      begin: assign({ epoch: ({ context }) => context.epoch + 1 }),
      lose: assign({ lost: ({ context }) => context.lost + 1 }),
    },
    delays: { lease: 90_000 },
  }).createMachine({
    id: 'runner',
    context: { epoch: 0, lost: 0 },
    initial: 'idle',
    states: {
      idle: { on: { START: { target: 'running', actions: 'begin' } } },
      running: {
        on: { BEAT: { actions: { type: 'extend', params: { delay: 'lease' } } } },
        after: { lease: { target: 'idle', actions: 'lose' } },
      },
    },
  }),
  {
    liveness: ['lease'],
    fence: ({ epoch }, event) =>
      event.type === 'BEAT' && event.epoch !== epoch
        ? `a beat of epoch ${event.epoch}, the current one is ${epoch}`
        : null,
  },
);

/** Asks a promise, which the test answers. */
export function createInquiry(answer: (question: string) => Promise<string>) {
  return setup({
    types: {
      context: {} as { answer: string | null; asked: number },
      events: {} as { type: 'ASK' } | { type: 'DROP' },
    },
    actors: { ask: fromPromise<string, { question: string }>(({ input }) => answer(input.question)) },
    actions: { count: assign({ asked: ({ context }) => context.asked + 1 }) },
  }).createMachine({
    id: 'inquiry',
    context: { answer: null, asked: 0 },
    initial: 'idle',
    states: {
      idle: { on: { ASK: { target: 'asking', actions: 'count' } } },
      asking: {
        on: { DROP: 'idle' },
        invoke: {
          src: 'ask',
          id: 'asked',
          input: ({ context }) => ({ question: `question ${context.asked}` }),
          onDone: { target: 'idle', actions: assign({ answer: ({ event }) => event.output }) },
          onError: {
            target: 'idle',
            actions: assign({ answer: ({ event }) => `failed: ${(event.error as Error).message}` }),
          },
        },
      },
    },
  });
}

/** Its timer's step throws for ever; beside it, its state is unreadable for a machine that knows no `waiting`. */
export const mine = setup({
  types: { events: {} as { type: 'ARM' } },
  delays: { fuse: 1_000 },
  actions: {
    explode: assign(() => {
      throw new TypeError('boom');
    }),
  },
}).createMachine({
  id: 'mine',
  initial: 'safe',
  states: { safe: { on: { ARM: 'waiting' } }, waiting: { after: { fuse: { target: 'safe', actions: 'explode' } } } },
});

/** The same name, another structure. */
export const otherMine = setup({}).createMachine({ id: 'mine', initial: 'safe', states: { safe: {} } });
