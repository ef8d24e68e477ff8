/** Small machines that the engine's tests run: doors that ring bells, and a lamp. */
import { assign, setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import type { EntityRef } from '../../src/core/types.ts';

type SendParams = { to: EntityRef; event: { type: string }; must?: boolean };

const actions = {
  send: (_: unknown, _params: SendParams) => {},
  publish: (_: unknown, _params: { link: string; event: { type: string } }) => {},
};

/** Rings `bell/<bell>` in several ways. */
export const door = setup({
  types: {
    context: {} as { bell: string; opened: number },
    input: {} as { bell?: string } | null | undefined,
    events: {} as
      | { type: 'OPEN' }
      | { type: 'CLOSE' }
      | { type: 'KNOCK' }
      | { type: 'LOOK' }
      | { type: 'JAM' }
      | { type: 'SHAKE' },
  },
  actions: {
    ...actions,
    count: assign({ opened: ({ context }) => context.opened + 1 }),
    jam: assign(() => {
      throw new TypeError('the lock is jammed');
    }),
  },
}).createMachine({
  id: 'door',
  context: ({ input }) => ({ bell: input?.bell ?? 'front', opened: 0 }),
  initial: 'closed',
  states: {
    closed: {
      on: {
        OPEN: {
          target: 'open',
          actions: [
            'count',
            {
              type: 'send',
              params: ({ context }) => ({
                to: { machine: 'bell', id: context.bell },
                event: { type: 'RING' },
                must: true,
              }),
            },
          ],
        },
        KNOCK: {
          actions: {
            type: 'send',
            params: ({ context }) => ({ to: { machine: 'bell', id: context.bell }, event: { type: 'RING' } }),
          },
        },
        LOOK: { actions: { type: 'publish', params: { link: 'watches', event: { type: 'SEEN' } } } },
        SHAKE: { actions: { type: 'publish', params: { link: 'watches', event: { type: 'BREAK' } } } },
        JAM: { actions: 'jam' },
      },
    },
    open: { on: { CLOSE: 'closed' } },
  },
});

/** Rings once, until it is silenced. It can listen to a door. */
const bellMachine = setup({
  types: {
    context: {} as { watches: string | null; seen: number },
    input: {} as { watches?: string; rings?: boolean } | null | undefined,
    events: {} as
      | { type: 'RING' }
      | { type: 'SILENCE' }
      | { type: 'SEEN' }
      | { type: 'ECHO' }
      | { type: 'BREAK' }
      | { type: 'FORGET' },
  },
  actions: { ...actions, forget: assign({ watches: null }), see: assign({ seen: ({ context }) => context.seen + 1 }) },
  guards: {
    broken: () => {
      throw new TypeError('the bell is cracked');
    },
  },
}).createMachine({
  id: 'bell',
  context: ({ input }) => ({ watches: input?.watches ?? null, seen: 0 }),
  initial: 'silent',
  on: {
    SEEN: { actions: 'see' },
    FORGET: { actions: 'forget' },
    BREAK: { guard: 'broken', actions: 'see' },
    ECHO: { actions: { type: 'send', params: { to: { machine: 'bell', id: 'echo' }, event: { type: 'ECHO' } } } },
  },
  states: { silent: { on: { RING: 'ringing' } }, ringing: { on: { SILENCE: 'silent' } } },
});

export const bell = define(bellMachine, {
  index: ({ watches }) => ({
    links: watches === null ? [] : [{ kind: 'watches', to: { machine: 'door', id: watches } }],
  }),
});

/** A bell that comes to be when somebody rings it. */
export const readyBell = define(bellMachine, { autoCreate: (id) => ({ watches: id }) });

/** Goes out by itself; ends for good when it breaks. */
export const lamp = setup({
  types: { events: {} as { type: 'PRESS' } | { type: 'BREAK' } },
  delays: { burning: 60_000, warming: 1_000 },
}).createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { PRESS: 'on', BREAK: 'broken' } },
    on: { on: { PRESS: 'off', BREAK: 'broken' }, after: { burning: 'off' } },
    broken: { type: 'final' },
  },
});
