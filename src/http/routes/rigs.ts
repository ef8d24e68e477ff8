/** Rigs over HTTP: look at, configure, pause. */
import { toRuntime } from '../../town/workfile.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { answerReceipt, sendOptions } from '../sending.ts';
import { page, requireEntity } from '../views.ts';
import { commandRoutes } from './commands.ts';

const tag = 'rigs';

export function rigRoutes(api: Api, parts: ApiParts): void {
  const { town, gates } = parts;
  const list = describeRoute({
    ...{ method: 'get', path: '/rigs', summary: 'Lists rigs', tag },
    ...{ gate: gates.operator, inputs: { query: requests.entityList }, answer: answers.entities },
  });
  api.openapi(list, (context) => page(context, town.list('rig', context.req.valid('query'))));

  const show = describeRoute({
    ...{ method: 'get', path: '/rigs/{id}', summary: 'Shows a rig with its configuration', tag },
    ...{ gate: gates.operator, inputs: { params: requests.idPath }, answer: answers.entity },
  });
  api.openapi(show, (context) =>
    answer(context, requireEntity(town, { machine: 'rig', id: context.req.valid('param').id })),
  );

  const configure = describeRoute({
    ...{ method: 'put', path: '/rigs/{id}', summary: 'Configures a rig; makes it when it is new', tag },
    ...{
      gate: gates.operator,
      inputs: { params: requests.rigPath, body: requests.rigConfig },
      answer: answers.receipt,
    },
  });
  api.openapi(configure, async (context) => {
    const { id } = context.req.valid('param');
    const { runtime, ...rest } = context.req.valid('json');
    const config = { ...rest, ...(runtime && { runtime: toRuntime(runtime) }) };
    const receipt = await town.addRig(id, config, await sendOptions(context));
    return answerReceipt(context, receipt);
  });

  commandRoutes(api, parts, {
    machine: 'rig',
    path: '/rigs',
    commands: [
      { name: 'pause', type: 'PAUSE', summary: 'Starts nothing more on it; what runs goes on' },
      { name: 'resume', type: 'RESUME', summary: 'Starts runs on it again' },
      { name: 'reset', type: 'RESET', summary: 'Starts runs on it again that were refused as it was configured' },
    ],
  });
}
