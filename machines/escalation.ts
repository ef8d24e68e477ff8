/**
 * The escalation: a question or alarm for a person; one for each (subject, cause). It ends with what caused it.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import type { Policy } from './policy.ts';
import type { EscalationEvent, EscalationInput } from './vocabulary.ts';
import { ATTENTION, type Plan, plan, reservedActions } from './wiring.ts';

export type EscalationContext = {
  id: string;
  subject: string;
  cause: string;
  message: string;
  /** Reminders sent since it was raised. */
  reminders: number;
};

export type AnnounceParams = { subject: string; cause: string; message: string; reminders: number };

const act = (decide: (context: EscalationContext, event: EscalationEvent) => Plan<EscalationContext>) => plan(decide);

export const escalationMachine = (policy: Policy) =>
  setup({
    types: {} as { context: EscalationContext; events: EscalationEvent; input: EscalationInput },
    delays: { remind: ({ context }) => policy.remindMs * (context.reminders + 1) },
    guards: {
      hasRemindersLeft: ({ context }) => context.reminders < policy.remindersMax,
      saysMore: ({ context, event }) => event.type === 'RAISE' && event.message !== context.message,
    },
    actions: {
      ...reservedActions,
      note: act((_, event) => {
        if (event.type !== 'RAISE') return {};
        const { subject, cause, message } = event;
        return { context: { subject, cause, message, reminders: 0 } };
      }),
      noteAgain: act((_, event) => (event.type === 'RAISE' ? { context: { message: event.message } } : {})),
      countReminder: act((context) => ({ context: { reminders: context.reminders + 1 } })),
      announce: (_, _params: AnnounceParams) => {},
    },
  }).createMachine({
    id: 'escalation',
    description: 'A question or alarm for a person.',
    context: ({ input }) => ({ id: input?.id ?? '', subject: '', cause: '', message: '', reminders: 0 }),
    initial: 'resolved',
    states: {
      raised: {
        description: 'A person is asked for.',
        tags: ATTENTION,
        entry: {
          type: 'announce',
          params: ({ context: { subject, cause, message, reminders } }) => ({ subject, cause, message, reminders }),
        },
        after: {
          remind: { guard: 'hasRemindersLeft', target: 'raised', reenter: true, actions: 'countReminder' },
        },
        on: { RAISE: { guard: 'saysMore', actions: 'noteAgain' }, ACKNOWLEDGE: 'acknowledged', RESOLVE: 'resolved' },
      },
      acknowledged: {
        description: 'A person knows; no more reminders.',
        on: { RAISE: { guard: 'saysMore', actions: 'noteAgain' }, RESOLVE: 'resolved' },
      },
      resolved: {
        description: 'Its cause is gone.',
        on: { RAISE: { target: 'raised', actions: 'note' } },
      },
    },
  });

export const escalationDefinition = (policy: Policy) =>
  define(escalationMachine(policy), {
    settings: { remindMs: policy.remindMs, remindersMax: policy.remindersMax },
    autoCreate: (id) => ({ id }),
    index: (context: EscalationContext) => ({ scope: context.subject, labels: context.cause ? [context.cause] : [] }),
  });
