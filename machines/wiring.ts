/**
 * How charts speak to the engine: the four reserved actions (`send`, `publish`, `extend`, `record`) and the effects are
 * named actions with JSON parameters whose implementations are never called; the engine reads their parameters.
 */
import { enqueueActions } from 'xstate';
import type { EngineEvent, EntityRef, JsonObject } from '../src/core/types.ts';
import type { Message } from './vocabulary.ts';

export type SendParams = { to: EntityRef; event: EngineEvent; must?: boolean };
export type RecordParams = { kind: string; id: string; about: EntityRef[]; body: JsonObject };

/** An action as a chart queues it. */
export type Queued = { type: string; params: unknown };

/** The reserved actions, to be spread into a machine's `setup({ actions })`. */
export const reservedActions = {
  send: (_: unknown, _params: SendParams) => {},
  publish: (_: unknown, _params: { link: string; event: EngineEvent }) => {},
  extend: (_: unknown, _params: { delay: string }) => {},
  record: (_: unknown, _params: RecordParams) => {},
};

/** A message to another entity of the town. `must`: when it is not accepted there, nothing happens at all. */
export function tell<M extends Message['to']['machine']>(
  machine: M,
  id: string,
  event: Extract<Message, { to: { machine: M } }>['event'],
  options: { must?: boolean } = {},
): Queued {
  return { type: 'send', params: { to: { machine, id }, event, must: options.must === true } };
}

/** A message to everyone who links to the sender. */
export function publish(link: string, event: Message['event']): Queued {
  return { type: 'publish', params: { link, event } };
}

/** The history row of one run: its id is the epoch; later rows merge into it. */
export function attemptRecord(run: { agent: string; bead: string; epoch: number }, body: JsonObject): Queued {
  return {
    type: 'record',
    params: {
      kind: 'attempt',
      id: String(run.epoch),
      about: [
        { machine: 'agent', id: run.agent },
        { machine: 'bead', id: run.bead },
      ],
      body: { epoch: run.epoch, agent: run.agent, bead: run.bead, ...body },
    },
  };
}

/** One escalation for each (subject, cause): the pair is its id. */
export function escalationId(subject: string, cause: string): string {
  return `${subject}:${cause}`;
}

export function raise(subject: string, cause: string, message: string): Queued {
  return tell('escalation', escalationId(subject, cause), { type: 'RAISE', subject, cause, message });
}

export function settle(subject: string, cause: string): Queued {
  return tell('escalation', escalationId(subject, cause), { type: 'RESOLVE', reason: `${subject} moved on` });
}

/** The tag of states in which something waits for a person: the inspector lists who is there. */
export const ATTENTION = 'attention';

/** The one town of a database, and its one breaker. */
export const TOWN = 'town';
export const BREAKER = 'town';

/** What a named action does: a change of the context, and what it queues. */
export type Plan<TContext> = { context?: Partial<TContext>; queue?: readonly Queued[] };

type Deciding<TContext, TEvent> = { context: TContext; event: TEvent; enqueue: ((action: Queued) => void) & Assigning };
type Assigning = { assign(change: object): void };

/**
 * A named action as a pure function of context and event. XState flattens what it queues into the step, in order.
 * The cast hides `enqueueActions`' own type, which cannot name its sibling actions inside `setup`.
 */
export function plan<TContext, TEvent>(decide: (context: TContext, event: TEvent) => Plan<TContext>) {
  const collect = ({ context, event, enqueue }: Deciding<TContext, TEvent>) => {
    const decided = decide(context, event);
    if (decided.context) enqueue.assign(decided.context);
    for (const action of decided.queue ?? []) enqueue(action);
  };
  return enqueueActions(collect as never) as unknown as (args: { context: TContext; event: TEvent }) => void;
}
