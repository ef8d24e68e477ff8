/** A machine with everything that the inspector shows: waits, effects, failures, a state that asks for a person. */
import { assign, setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import type { MachineDescription } from '../../src/inspector/source.ts';

type JobContext = { name: string; tries: number; after: string[]; secret: string; reason: string | null };
type JobEvent =
  | { type: 'GO' }
  | { type: 'HOLD'; reason?: string }
  | { type: 'RESET' }
  | { type: 'BEAT' }
  | { type: 'CLOSE' }
  | { type: 'effect.build.succeeded' }
  | { type: 'effect.build.refused'; reason: string };

const jobMachine = setup({
  types: {} as {
    context: JobContext;
    events: JobEvent;
    input: { name: string; after?: string[] } | null;
  },
  delays: { patience: 60_000, rest: 5_000 },
  guards: { isLastTry: ({ context }) => context.tries >= 2 },
  actions: {
    build: (_, _params: { name: string }) => {},
    extend: (_, _params: { delay: string }) => {},
    countTry: assign(({ context, event }) => ({
      ...{ tries: context.tries + 1, reason: event.type === 'effect.build.refused' ? event.reason : null },
    })),
    forgetTries: assign({ tries: 0 }),
    noteReason: assign(({ event }) => ({ reason: (event.type === 'HOLD' && event.reason) || null })),
  },
}).createMachine({
  id: 'job',
  context: ({ input }) => ({
    ...{ name: input?.name ?? '', tries: 0, after: input?.after ?? [], secret: 'hunter2', reason: null },
  }),
  initial: 'open',
  states: {
    open: {
      initial: 'ready',
      on: { CLOSE: 'closed' },
      states: {
        ready: {
          on: {
            GO: '#job.working',
            HOLD: { target: 'held', actions: 'noteReason' },
            RESET: { actions: 'forgetTries' },
          },
        },
        held: { description: 'Somebody holds it.', tags: 'attention', on: { GO: 'ready' } },
        resting: { after: { rest: 'ready' }, on: { RESET: { target: 'ready', actions: 'forgetTries' } } },
      },
    },
    working: {
      entry: { type: 'build', params: ({ context }) => ({ name: context.name }) },
      after: { patience: 'failed' },
      on: {
        BEAT: { actions: { type: 'extend', params: { delay: 'patience' } } },
        'effect.build.succeeded': 'closed',
        'effect.build.refused': [
          { guard: 'isLastTry', target: 'failed', actions: 'countTry' },
          { target: 'open.resting', actions: 'countTry' },
        ],
      },
    },
    failed: { description: 'It did not work.', tags: 'attention', on: { GO: 'open' } },
    closed: { type: 'final' },
  },
});

export const job = define(jobMachine);

export const jobDescription: MachineDescription = {
  ...{ machine: 'job', label: 'Job', plural: 'Jobs', form: 'waves', resetEvent: 'RESET' },
  title: ({ context }) => String(context.name),
  attempts: ({ context }) => ({ value: Number(context.tries), max: 3 }),
  facts: ({ context }) => [
    { label: 'tries', kind: 'counter', value: Number(context.tries), max: 3, reset: 'RESET' },
    ...(context.after as string[]).map((id) => ({ label: 'after', kind: 'ref' as const, ref: `job/${id}`, title: '' })),
  ],
  dependencies: ({ context }) => (context.after as string[]).map((id) => `job/${id}`),
  attention: ({ state, context }) => `It is ${state}${context.reason ? `: ${context.reason}` : ''}.`,
  redact: ({ secret: _, ...context }) => context,
  actions: [
    { event: 'GO', label: 'Go', description: 'Lets it go on.' },
    { event: 'HOLD', label: 'Hold', description: 'Holds it back.', reasonField: 'reason' },
    { event: 'RESET', label: 'Reset', description: 'Forgets its tries.' },
    { event: 'CLOSE', label: 'Close', description: 'Ends it.', destroys: true },
  ],
};
