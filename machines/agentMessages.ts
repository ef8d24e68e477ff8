/**
 * What a person says to a run, and the conversation that a person takes over. A message waits until the run has taken
 * it; what no run took when the run ends is told to a person, and to the next run of the bead.
 */
import type { AgentContext } from './agentContext.ts';
import type { AgentEvent } from './vocabulary.ts';
import { type Plan, type Queued, raise, settle } from './wiring.ts';

/** Messages that may wait for a run to take them. */
const UNHEARD_MAX = 20;
const CAUSE = 'undelivered';

type AgentPlan = Plan<AgentContext>;

/** The ids of what the run was told and has not taken, oldest first. */
export const unheardOf = (context: AgentContext): readonly string[] => context.unheard ?? [];

export const hasRoom = (context: AgentContext) => unheardOf(context).length < UNHEARD_MAX;

export const isUnheard = (context: AgentContext, event: AgentEvent) =>
  event.type === 'MESSAGE_TAKEN' && unheardOf(context).includes(event.id);

/** The row of one message: later rows of the same id merge into it. */
function messageRecord(context: AgentContext, id: string, body: Record<string, string | number>): Queued {
  const about = [
    { machine: 'agent', id: context.id },
    { machine: 'bead', id: context.bead ?? '' },
  ];
  return { type: 'record', params: { kind: 'message', id: `${context.id}:${id}`, about, body: { id, ...body } } };
}

function keepMessage(context: AgentContext, event: AgentEvent): AgentPlan {
  if (event.type !== 'MESSAGE') return {};
  const number = (context.messages ?? 0) + 1;
  const id = event.id ?? String(number);
  const { epoch, bead } = context;
  const said = { number, epoch, bead: bead ?? '', text: event.text, by: event.by ?? 'operator', at: event.at };
  return {
    context: { messages: number, unheard: [...unheardOf(context), id] },
    queue: [messageRecord(context, id, said)],
  };
}

function noteHeard(context: AgentContext, event: AgentEvent): AgentPlan {
  if (event.type !== 'MESSAGE_TAKEN') return {};
  return {
    context: { unheard: unheardOf(context).filter((id) => id !== event.id) },
    queue: [messageRecord(context, event.id, { takenAt: event.at })],
  };
}

/** At the end of a run: what it never took is told to a person. */
export function undelivered(context: AgentContext): Queued[] {
  const { id, bead } = context;
  const { length: count } = unheardOf(context);
  if (count === 0) return [];
  const what = count === 1 ? 'a message' : `${count} messages`;
  const why = `the run of agent ${id} ended before it took ${what}; another run of bead ${bead ?? ''} would be told`;
  return [raise(`agent/${id}`, CAUSE, why)];
}

/** The run is back: it may take them yet. */
export function deliverable(context: AgentContext): Queued[] {
  return unheardOf(context).length === 0 ? [] : [settle(`agent/${context.id}`, CAUSE)];
}

/** At the next dispatch: nothing of the earlier run waits any more. */
export function forgetMessages(context: AgentContext): { context: Partial<AgentContext>; queue: Queued[] } {
  const queue = deliverable(context);
  return {
    context: { ...(queue.length > 0 && { unheard: [] }), ...(context.attended && { attended: false }) },
    queue,
  };
}

/** Named actions of the agent, as plans. */
export const messagePlans = {
  keepMessage,
  noteHeard,
  takeOver: (): AgentPlan => ({ context: { attended: true } }),
  giveBack: (): AgentPlan => ({ context: { attended: false } }),
};
