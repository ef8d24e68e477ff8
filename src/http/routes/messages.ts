/** What people say to runs, and how a run hears of it: a message, the conversation taken over, and the run's inbox. */
import { z } from '@hono/zod-openapi';
import { type Inbox, inboxOf, untilInbox } from '../../callbacks/inbox.ts';
import { coerceError, Refused } from '../../core/errors.ts';
import type { EntityRef } from '../../core/types.ts';
import type { Town } from '../../town/api.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { markReplayed, sendOptions } from '../sending.ts';
import { receiptView, requireEntity } from '../views.ts';
import { callerOf } from './calls.ts';

const tag = 'agents';
const ID_DIGITS = 8;
/** So many connections are held by runs that wait; more are answered at once, and come back after a while. */
const WAITING_MAX = 128;

export function messageRoutes(api: Api, parts: ApiParts): void {
  sayRoute(api, parts);
  listRoute(api, parts);
  inboxRoute(api, parts);
}

function sayRoute(api: Api, { town, env, gates }: ApiParts): void {
  const say = describeRoute({
    ...{ method: 'post', path: '/agents/{id}/messages', summary: 'Says something to the run of an agent', tag },
    ...{ gate: gates.operator, inputs: { params: requests.idPath, body: requests.newMessage }, status: 201 },
    answer: answers.saidMessage,
  });
  api.openapi(say, async (context) => {
    const to = { machine: 'agent', id: context.req.valid('param').id };
    requireEntity(town, to);
    const { text } = context.req.valid('json');
    const options = await sendOptions(context);
    const event = { type: 'MESSAGE', id: env.hex(ID_DIGITS), text, by: options.by ?? 'operator' };
    const receipt = await town.send(to, event, options).catch((thrown: unknown) => {
      throw inWords(town, to, thrown);
    });
    markReplayed(context, [receipt]);
    // A repetition is answered with the message that was said the first time.
    const [row] = town.log({ entity: to }, { from: receipt.seq - 1, limit: 1, order: 'asc' });
    const message = town.messages(to).find(({ id }) => id === row?.event.id) ?? null;
    return answer(context, { ...receiptView(receipt), message }, 201);
  });
}

/** Why a message has nobody to hear it. */
function inWords(town: Town, to: EntityRef, thrown: unknown): Error {
  const error = coerceError(thrown);
  const view = town.get(to);
  if (!(error instanceof Refused) || error.code !== 'not_accepted' || view === null) return error;
  const why =
    view.state === 'working'
      ? 'as many messages as may wait are waiting for its run to take them'
      : `it is ${view.substate}, and no run of it is there to hear a message: say it in the text of a bead`;
  return new Refused('not_accepted', `agent ${to.id} takes no message: ${why}`, { state: view.substate });
}

function listRoute(api: Api, { town, gates }: ApiParts): void {
  const list = describeRoute({
    ...{ method: 'get', path: '/agents/{id}/messages', summary: 'Lists what was said to an agent, newest first', tag },
    ...{ gate: gates.operator, inputs: { params: requests.idPath }, answer: answers.messages },
  });
  api.openapi(list, (context) => {
    const ref = { machine: 'agent', id: context.req.valid('param').id };
    requireEntity(town, ref);
    return answer(context, { items: town.messages(ref) });
  });
}

function inboxRoute(api: Api, parts: ApiParts): void {
  let waiting = 0;
  const inbox = describeRoute({
    ...{ method: 'get', path: '/agents/{id}/inbox', summary: 'Waits for what is said to the run that asks', tag },
    ...{ gate: parts.gates.ownRun, inputs: { params: requests.idPath, query: inboxQuery }, answer: answers.inbox },
  });
  api.openapi(inbox, async (context) => {
    const { caller, desk } = callerOf(parts, context, context.req.valid('param').id);
    const { known, attended } = context.req.valid('query');
    const seen = known === '' ? [] : known.split(',');
    const isNews = (now: Inbox) => {
      const ids = now.messages.map(({ id }) => id);
      return String(now.attended) !== attended || ids.some((id) => !seen.includes(id)) || ids.length < seen.length;
    };
    if (waiting >= WAITING_MAX) return answer(context, { ...inboxOf(parts.town, caller) });
    waiting += 1;
    const found = await untilInbox(desk, caller, isNews).finally(() => {
      waiting -= 1;
    });
    return answer(context, { ...found });
  });
}

const inboxQuery = z.strictObject({
  known: z
    .string()
    .max(1_024)
    .regex(/^[\w,-]*$/)
    .default('')
    .openapi({ description: 'Ids of messages that the caller knows of and has not taken, with commas.' }),
  attended: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'Whether the caller believes that a person has its conversation.' }),
});
