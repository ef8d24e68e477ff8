/** What the engine keeps: the log of every event, the timers that run, and the effects that leave. */
import { type Api, type ApiParts, describeRoute } from '../api.ts';
import { answerLog } from '../log-page.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { page, refOf, timerView } from '../views.ts';

const tag = 'log';

export function logRoutes(api: Api, { town, gates }: ApiParts): void {
  const gate = gates.operator;
  const log = describeRoute({
    ...{ method: 'get', path: '/log', summary: 'Lists what happened, the newest first', tag, gate },
    ...{ inputs: { query: requests.logList }, answer: answers.log },
  });
  api.openapi(log, (context) => {
    const { entity, machine, type, rejected, ...range } = context.req.valid('query');
    const filter = { machine, type, rejected, ...(entity !== undefined && { entity: refOf(entity) }) };
    return answerLog(context, town, { filter, range });
  });

  const timers = describeRoute({
    ...{ method: 'get', path: '/timers', summary: 'Lists timers, the next to ring first', tag, gate },
    ...{ inputs: { query: requests.timerList }, answer: answers.timers },
  });
  api.openapi(timers, (context) => {
    const { entity, ...range } = context.req.valid('query');
    const { items, next } = town.timers({ ...range, ...(entity !== undefined && { entity: refOf(entity) }) });
    return page(context, { items: items.map(timerView), next });
  });

  const outbox = describeRoute({
    ...{ method: 'get', path: '/outbox', summary: 'Lists effects and how they ended', tag, gate },
    ...{ inputs: { query: requests.outboxList }, answer: answers.effects },
  });
  api.openapi(outbox, (context) => {
    const { entity, ...query } = context.req.valid('query');
    return page(context, town.outbox({ ...query, ...(entity !== undefined && { entity: refOf(entity) }) }));
  });
}
