/** Any entity of any machine: its state now and then, its history, why it waits, and events for it. */
import { Refused } from '../../core/errors.ts';
import { type EngineEvent, refText } from '../../core/types.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import { answerLog } from '../log-page.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { sendAndAnswer } from '../sending.ts';
import { requireEntity } from '../views.ts';

const tag = 'entities';

export function entityRoutes(api: Api, { town, gates }: ApiParts): void {
  const params = requests.entityPath;
  const gate = gates.operator;
  const path = '/entities/{machine}/{id}';

  const show = describeRoute({
    ...{ method: 'get', path, summary: 'Shows an entity', tag, gate, inputs: { params } },
    answer: answers.entity,
  });
  api.openapi(show, (context) => answer(context, requireEntity(town, context.req.valid('param'))));

  const history = describeRoute({
    ...{ method: 'get', path: `${path}/history`, summary: 'Lists all that happened to an entity', tag, gate },
    ...{ inputs: { params, query: requests.historyList }, answer: answers.log },
  });
  api.openapi(history, (context) => {
    const entity = context.req.valid('param');
    requireEntity(town, entity);
    return answerLog(context, town, { filter: { entity }, range: context.req.valid('query') });
  });

  const moment = describeRoute({
    ...{ method: 'get', path: `${path}/state`, summary: 'Shows the state right after a log row, by replay', tag, gate },
    ...{ inputs: { params, query: requests.momentQuery }, answer: answers.stateAt },
  });
  api.openapi(moment, (context) => {
    const ref = context.req.valid('param');
    const { seq } = context.req.valid('query');
    requireEntity(town, ref);
    const state = town.stateAt(ref, seq);
    if (state === null) throw new Refused('not_found', `${refText(ref)} did not exist yet at log row ${seq}`, { seq });
    return answer(context, { entity: refText(ref), seq, ...state });
  });

  const send = describeRoute({
    ...{ method: 'post', path: `${path}/events`, summary: 'Sends any event to an entity', tag, gate },
    ...{ inputs: { params, body: requests.anyEvent }, answer: answers.receipt },
  });
  api.openapi(send, (context) => {
    // It was read as JSON, so JSON is what its other keys hold.
    const event = context.req.valid('json') as EngineEvent;
    return sendAndAnswer(town, context, { to: context.req.valid('param'), event });
  });
}

/** Why an entity is where it is. */
export function whyRoutes(api: Api, { town, gates }: ApiParts): void {
  const exact = describeRoute({
    ...{ method: 'get', path: '/why/{machine}/{id}', summary: 'Says what an entity waits for', tag: 'why' },
    ...{ gate: gates.operator, inputs: { params: requests.entityPath }, answer: answers.why },
  });
  api.openapi(exact, (context) => {
    const ref = context.req.valid('param');
    requireEntity(town, ref);
    return answer(context, town.why(ref));
  });

  const short = describeRoute({
    ...{ method: 'get', path: '/why/{id}', summary: 'Says what a bead waits for, or an agent of that id', tag: 'why' },
    ...{ gate: gates.operator, inputs: { params: requests.idPath }, answer: answers.why },
  });
  api.openapi(short, (context) => {
    const { id } = context.req.valid('param');
    const ref = ['bead', 'agent'].map((machine) => ({ machine, id })).find((candidate) => town.get(candidate));
    if (ref === undefined)
      throw new Refused('unknown_entity', `there is no bead and no agent ${id} in this town`, { id });
    return answer(context, town.why(ref));
  });
}
