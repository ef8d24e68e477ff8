/** Agents over HTTP: the operator's side of them, and the door for what their runs report. */
import type { AgentMessage } from '../../../machines/vocabulary.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { answerReceipt, sendAndAnswer, sendOptions } from '../sending.ts';
import { page, requireEntity } from '../views.ts';
import { commandRoutes } from './commands.ts';

const tag = 'agents';
const ATTEMPTS_MAX = 50;

export function agentRoutes(api: Api, parts: ApiParts): void {
  const { town, gates } = parts;
  const list = describeRoute({
    ...{ method: 'get', path: '/agents', summary: 'Lists agents in the order of their arrival', tag },
    ...{ gate: gates.operator, inputs: { query: requests.scopedList }, answer: answers.entities },
  });
  api.openapi(list, (context) => page(context, town.list('agent', context.req.valid('query'))));

  const add = describeRoute({
    ...{ method: 'post', path: '/agents', summary: 'Adds an agent to a rig', tag, gate: gates.operator },
    ...{ inputs: { body: requests.newAgent }, status: 201, answer: answers.receipt },
  });
  api.openapi(add, async (context) => {
    const receipt = await town.addAgent(context.req.valid('json'), await sendOptions(context));
    context.header('Location', `${context.req.path}/${encodeURIComponent(receipt.entity.id)}`);
    return answerReceipt(context, receipt, 201);
  });

  const show = describeRoute({
    ...{ method: 'get', path: '/agents/{id}', summary: 'Shows an agent with its latest attempts', tag },
    ...{ gate: gates.ownAgent, inputs: { params: requests.idPath }, answer: answers.agent },
  });
  api.openapi(show, (context) => {
    const ref = { machine: 'agent', id: context.req.valid('param').id };
    return answer(context, { ...requireEntity(town, ref), attempts: town.attempts(ref, ATTEMPTS_MAX) });
  });

  commandRoutes(api, parts, {
    machine: 'agent',
    path: '/agents',
    commands: [
      { name: 'reset-attempts', type: 'RESET', summary: 'Forgets failed starts, so that it may start at once' },
      { name: 'stop', type: 'STOP', summary: 'Ends its run' },
      { name: 'pause', type: 'PAUSE', summary: 'Gives it no more beads; its run goes on' },
      { name: 'resume', type: 'RESUME', summary: 'Gives it beads again' },
      { name: 'take-over', type: 'TAKE_OVER', summary: 'Takes the conversation of its run over from it' },
      { name: 'give-back', type: 'GIVE_BACK', summary: 'Gives the conversation back: the agent goes on by itself' },
    ],
  });
  runRoutes(api, parts);
}

function runRoutes(api: Api, { town, gates }: ApiParts): void {
  const report = describeRoute({
    ...{ method: 'post', path: '/agents/{id}/events', summary: 'Takes a report of a run, by its own token', tag },
    ...{
      gate: gates.ownReport,
      inputs: { params: requests.idPath, body: requests.runReport },
      answer: answers.receipt,
    },
  });
  api.openapi(report, (context) => {
    const to = { machine: 'agent', id: context.req.valid('param').id };
    return sendAndAnswer(town, context, { to, event: eventOf(context.req.valid('json')) });
  });
}

/** A report in the words of the chart. */
function eventOf(report: requests.RunReport): AgentMessage {
  const { epoch } = report;
  switch (report.type) {
    case 'heartbeat':
      return { type: 'HEARTBEAT', epoch, active: report.active };
    case 'progress':
      return { type: 'PROGRESS', epoch, note: report.note };
    case 'usage':
      return { type: 'USAGE', epoch, tokens: report.tokens, costUsd: report.costUsd };
    case 'done':
      return { type: 'DONE', epoch, summary: report.summary };
    case 'failed':
      return { type: 'FAILED', epoch, class: report.class, reason: report.reason };
    case 'message_taken':
      return { type: 'MESSAGE_TAKEN', epoch, id: report.id };
  }
}
