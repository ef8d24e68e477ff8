/**
 * What people say to a run: it looks by itself, or waits a while for something to come. Looking takes nothing: whoever
 * drives the run says so when its agent was told. The call `inbox` is for agents themselves, and takes what it tells.
 */
import { type EntityRef, refText } from '../core/types.ts';
import type { MessageView, RunName, Town } from '../town/api.ts';
import { type Caller, type Desk, nameOf, type Reply } from './caller.ts';

/** How long one look waits: shorter than what clients of MCP wait for an answer. */
const WAIT_MS = 25_000;

export type Inbox = {
  /** True: a person has the conversation, and the agent does nothing by itself. */
  readonly attended: boolean;
  /** What waits to be taken, oldest first. */
  readonly messages: readonly MessageView[];
};

export function inboxOf(town: Town, run: RunName): Inbox {
  const { attended, epoch } = town.get(agentOf(run))?.context ?? {};
  return { attended: attended === true && epoch === run.epoch, messages: town.inbox(run) };
}

/** Resolves when the condition holds, at once or after some commit; or after a while, or when nobody waits any more. */
export async function untilInbox(desk: Desk, run: RunName, isNews: (inbox: Inbox) => boolean): Promise<Inbox> {
  const { town, env, signal } = desk;
  const first = inboxOf(town, run);
  if (isNews(first) || signal.aborted) return first;
  const mine = refText(agentOf(run));
  await new Promise<void>((resolve) => {
    const end = () => {
      unwatch();
      alarm.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const unwatch = town.watch((rows) => {
      if (rows.some(({ entity }) => refText(entity) === mine) && isNews(inboxOf(town, run))) end();
    });
    const alarm = env.clock.at(env.clock.now() + WAIT_MS, end, { background: true });
    signal.addEventListener('abort', end, { once: true });
  });
  return inboxOf(town, run);
}

/** The messages in words, all of them taken. */
export async function readInbox(desk: Desk, caller: Caller, wait: boolean): Promise<Reply> {
  const { messages } = wait
    ? await untilInbox(desk, caller, (inbox) => inbox.messages.length > 0)
    : inboxOf(desk.town, caller);
  if (messages.length === 0) return { answer: 'Nobody has said anything new.' };
  for (const { id } of messages) {
    const event = { type: 'MESSAGE_TAKEN', epoch: caller.epoch, id };
    await desk.town.send(agentOf(caller), event, { by: nameOf(caller) });
  }
  const text = messages.map((message) => message.text).join('\n\n');
  return { answer: `A person says to you:\n\n${text}`, text };
}

function agentOf({ agent }: RunName): EntityRef {
  return { machine: 'agent', id: agent };
}
