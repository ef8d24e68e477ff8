/** Containers over HTTP. */
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { page, requireEntity } from '../views.ts';
import { commandRoutes } from './commands.ts';

const tag = 'containers';

export function containerRoutes(api: Api, parts: ApiParts): void {
  const { town, gates } = parts;
  const list = describeRoute({
    ...{ method: 'get', path: '/containers', summary: 'Lists containers', tag },
    ...{ gate: gates.operator, inputs: { query: requests.entityList }, answer: answers.entities },
  });
  api.openapi(list, (context) => page(context, town.list('container', context.req.valid('query'))));

  const show = describeRoute({
    ...{ method: 'get', path: '/containers/{id}', summary: 'Shows a container', tag },
    ...{ gate: gates.operator, inputs: { params: requests.idPath }, answer: answers.entity },
  });
  api.openapi(show, (context) =>
    answer(context, requireEntity(town, { machine: 'container', id: context.req.valid('param').id })),
  );

  commandRoutes(api, parts, {
    machine: 'container',
    path: '/containers',
    commands: [
      { name: 'drain', type: 'DRAIN', summary: 'Takes no more runs, and stops when the last has ended' },
      { name: 'reset', type: 'RESET', summary: 'Makes a broken container ready again' },
    ],
  });
}
