/**
 * Machines of different shapes that the tests of the core step through.
 */
import { and, assign, cancel, enqueueActions, fromPromise, not, raise, setup } from 'xstate';

/** Timers, guards, an `always`, reenter, counters: the shape of an agent. */
export const worker = setup({
  types: {
    context: {} as { strikes: number; note: string | null; seenAt: number },
    events: {} as { type: 'GO' | 'BEAT' | 'FAIL' | 'RESTART' | 'STOP' | 'NOTE'; note?: string; at?: number },
    input: {} as { note?: string } | null,
  },
  delays: { lease: 90_000, backoff: ({ context }) => 1000 * 2 ** context.strikes },
  guards: { spent: ({ context }) => context.strikes >= 3, fresh: ({ context }) => context.strikes === 0 },
  actions: {
    begin: (_, _params: { strikes: number }) => undefined,
    report: () => undefined,
    strike: assign({ strikes: ({ context }) => context.strikes + 1 }),
    extend: (_, _params: { delay: string }) => undefined,
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({ strikes: 0, note: input?.note ?? null, seenAt: 0 }),
  initial: 'idle',
  on: { NOTE: { actions: assign({ note: ({ event }) => event.note ?? null }) } },
  states: {
    idle: { description: 'Waits for work.', on: { GO: 'working' } },
    working: {
      initial: 'starting',
      entry: { type: 'begin', params: ({ context }) => ({ strikes: context.strikes }) },
      exit: 'report',
      on: {
        STOP: 'gone',
        FAIL: { target: 'coolingDown', actions: 'strike' },
        RESTART: { target: 'working', reenter: true },
      },
      states: {
        starting: { on: { BEAT: 'running' } },
        running: {
          after: { lease: { target: '#worker.coolingDown', actions: 'strike' } },
          on: {
            BEAT: { actions: [{ type: 'extend', params: { delay: 'lease' } }] },
            NOTE: { guard: and(['fresh', not('spent')]), target: 'starting', actions: raise({ type: 'BEAT' }) },
          },
        },
      },
    },
    coolingDown: {
      always: { guard: 'spent', target: 'gone' },
      after: { backoff: 'idle', 600000: 'gone' },
    },
    gone: { type: 'final', entry: 'report' },
  },
});

/** Parallel regions, shallow and deep history, `onDone`, guards over states. */
export const house = setup({
  types: {
    context: {} as { turns: number },
    events: {} as { type: 'FLIP' | 'LOCK' | 'OPEN' | 'AWAY' | 'BACK' | 'END' },
  },
  delays: { dim: 5000 },
  guards: { often: ({ context }) => context.turns % 3 === 2 },
  actions: { chime: () => undefined, turn: assign({ turns: ({ context }) => context.turns + 1 }) },
}).createMachine({
  id: 'house',
  context: { turns: 0 },
  initial: 'inside',
  states: {
    inside: {
      type: 'parallel',
      onDone: 'closed',
      on: { AWAY: { target: 'outside', actions: 'turn' } },
      states: {
        lamp: {
          initial: 'off',
          states: {
            off: { on: { FLIP: { target: 'on', actions: 'turn' } } },
            on: {
              entry: 'chime',
              initial: 'bright',
              on: { FLIP: 'off', END: 'broken' },
              states: {
                bright: { after: { dim: 'low' } },
                low: { always: { guard: 'often', target: 'bright', actions: 'turn' } },
              },
            },
            broken: { type: 'final' },
            last: { type: 'history', history: 'deep' },
          },
        },
        door: {
          initial: 'open',
          states: {
            open: { on: { LOCK: 'locked' } },
            locked: { entry: raise({ type: 'FLIP' }), on: { OPEN: 'open', END: 'removed' } },
            removed: { type: 'final' },
          },
        },
        past: { type: 'history', history: 'deep' },
      },
    },
    outside: {
      on: { BACK: [{ guard: 'often', target: 'inside.past' }, { target: 'inside.lamp.last' }], FLIP: 'inside' },
    },
    closed: { type: 'final' },
  },
});

/** Invoked promises, a named timer, actions that are only known when they run. */
export const fetcher = setup({
  types: {
    context: {} as { url: string; tries: number; page: string | null },
    events: {} as { type: 'FETCH' | 'AGAIN' | 'QUIT' | 'REMIND'; url?: string },
  },
  actors: { load: fromPromise(async ({ input }: { input: { url: string } }) => `page of ${input.url}`) },
  actions: { show: (_, _params: { page: string | null }) => undefined },
  delays: { nag: 20_000 },
}).createMachine({
  id: 'fetcher',
  context: { url: 'about:blank', tries: 0, page: null },
  initial: 'idle',
  states: {
    idle: {
      on: {
        FETCH: { target: 'loading', actions: assign({ url: ({ event }) => event.url ?? 'home' }) },
        REMIND: { actions: raise({ type: 'FETCH' }, { id: 'reminder', delay: 'nag' }) },
        QUIT: { actions: cancel('reminder') },
      },
    },
    loading: {
      entry: assign({ tries: ({ context }) => context.tries + 1 }),
      invoke: {
        id: 'load',
        src: 'load',
        input: ({ context }) => ({ url: `${context.url}?${context.tries}` }),
        onDone: {
          target: 'shown',
          actions: enqueueActions(({ enqueue, event }) => {
            const page = String(event.output);
            enqueue.assign({ page });
            enqueue({ type: 'show', params: { page } });
          }),
        },
        onError: { target: 'idle' },
      },
      on: { AGAIN: { target: 'loading', reenter: true }, QUIT: 'idle' },
    },
    shown: { on: { AGAIN: 'loading' } },
  },
});
