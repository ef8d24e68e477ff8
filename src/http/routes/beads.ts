/** Beads over HTTP: create, look at, and what a person may tell one. */
import type { EngineEvent } from '../../core/types.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { answerReceipt, markReplayed, sendAndAnswer, sendOptions } from '../sending.ts';
import { page, receiptView, requireEntity } from '../views.ts';

const tag = 'beads';
const ATTEMPTS_MAX = 50;

export function beadRoutes(api: Api, { town, gates }: ApiParts): void {
  const create = describeRoute({
    ...{ method: 'post', path: '/beads', summary: 'Creates one bead, or up to 1,000 together or not at all', tag },
    ...{ gate: gates.operator, inputs: { body: requests.newBeads }, status: 201 },
    answer: answers.receipt.or(answers.receipts),
  });
  api.openapi(create, async (context) => {
    const wanted = context.req.valid('json');
    const isMany = Array.isArray(wanted);
    const receipts = await town.createBeads(isMany ? wanted : [wanted], await sendOptions(context));
    const [only] = receipts;
    if (isMany || only === undefined) {
      markReplayed(context, receipts);
      return answer(context, { items: receipts.map(receiptView) }, 201);
    }
    context.header('Location', `${context.req.path}/${encodeURIComponent(only.entity.id)}`);
    return answerReceipt(context, only, 201);
  });

  const list = describeRoute({
    ...{ method: 'get', path: '/beads', summary: 'Lists beads in the order of their creation', tag },
    ...{ gate: gates.operator, inputs: { query: requests.scopedList }, answer: answers.entities },
  });
  api.openapi(list, (context) => page(context, town.list('bead', context.req.valid('query'))));

  const show = describeRoute({
    ...{ method: 'get', path: '/beads/{id}', summary: 'Shows a bead with its text and its latest attempts', tag },
    ...{ gate: gates.ownBead, inputs: { params: requests.idPath }, answer: answers.bead },
  });
  api.openapi(show, (context) => {
    const ref = { machine: 'bead', id: context.req.valid('param').id };
    const view = requireEntity(town, ref);
    return answer(context, { ...view, brief: town.brief(ref.id), attempts: town.attempts(ref, ATTEMPTS_MAX) });
  });
  commands(api, { town, gates });
}

function commands(api: Api, { town, gates }: Pick<ApiParts, 'town' | 'gates'>): void {
  /** Given up for good is reopened; what only waits is allowed to go at once. */
  const retry = (id: string) =>
    requireEntity(town, { machine: 'bead', id }).accepts.includes('REOPEN') ? 'REOPEN' : 'RESET';
  const verbs = [
    { path: '/beads/{id}/cancel', summary: 'Gives a bead up', type: () => 'CANCEL' },
    { path: '/beads/{id}/hold', summary: 'Holds a bead back; its run is ended', type: () => 'HOLD' },
    { path: '/beads/{id}/release', summary: 'Lets a held or blocked bead go on', type: () => 'RELEASE' },
    { path: '/beads/{id}/retry', summary: 'Tries again what failed or waits', type: retry },
    { path: '/beads/{id}/reset', summary: 'Resets the attempts of a bead', type: () => 'RESET' },
  ];
  for (const { path, summary, type } of verbs) {
    const route = describeRoute({
      ...{ method: 'post', path, summary, tag, gate: gates.operator },
      ...{ inputs: { params: requests.idPath, body: requests.because }, answer: answers.receipt },
    });
    api.openapi(route, (context) => {
      const { id } = context.req.valid('param');
      const event: EngineEvent = { type: type(id), ...context.req.valid('json') };
      return sendAndAnswer(town, context, { to: { machine: 'bead', id }, event });
    });
  }
}
