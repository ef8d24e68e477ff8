/**
 * What people say to a run: it looks by itself, or waits a while for something to come. Looking takes nothing: whoever
 * drives the run says so when its agent was told. The call `inbox` is for agents themselves, and takes what it tells.
 */
import { type EntityRef, refText } from '../core/types.ts';
import type { MessageView, RunName, Town } from '../town/api.ts';
import { type Caller, type Desk, nameOf, type Reply } from './caller.ts';

/** How long one look waits: shorter than what clients of MCP wait for an answer. */
const WAIT_MS = 25_000;
const LOOK_BACK = 50;

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

/** The messages in words, all of them taken. A call that is made again under its name is told the same again. */
export async function readInbox(desk: Desk, caller: Caller, wait: boolean): Promise<Reply> {
  const { town, idempotency } = desk;
  const reason = idempotency && `inbox ${idempotency.key}`;
  const told = reason === undefined ? [] : toldBefore(town, caller, reason);
  const isWaiting = wait && told.length === 0;
  const inbox = isWaiting ? await untilInbox(desk, caller, (now) => now.messages.length > 0) : inboxOf(town, caller);
  const messages = [...told, ...inbox.messages];
  if (messages.length === 0) return { answer: 'Nobody has said anything new.' };
  for (const { id } of inbox.messages) {
    const event = { type: 'MESSAGE_TAKEN', epoch: caller.epoch, id };
    await town.send(agentOf(caller), event, { by: nameOf(caller), ...(reason !== undefined && { reason }) });
  }
  const text = messages.map((message) => message.text).join('\n\n');
  return { answer: `A person says to you:\n\n${text}`, text };
}

/** What was taken by a call of this name whose answer may have been lost on its way, oldest first. */
function toldBefore(town: Town, run: RunName, reason: string): readonly MessageView[] {
  const entity = agentOf(run);
  const rows = town.log({ entity, type: 'MESSAGE_TAKEN', rejected: false }, { limit: LOOK_BACK, order: 'desc' });
  const own = rows.filter((row) => row.reason === reason && row.event.epoch === run.epoch);
  const ids = new Set(own.map(({ event }) => event.id));
  return town
    .messages(entity)
    .filter(({ id, epoch }) => epoch === run.epoch && ids.has(id))
    .reverse();
}

function agentOf({ agent }: RunName): EntityRef {
  return { machine: 'agent', id: agent };
}
