/** Containers over HTTP. */
import type { EntityView, Town } from '../../town/api.ts';
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
    ...{ gate: gates.operator, inputs: { query: requests.entityList }, answer: answers.containers },
  });
  api.openapi(list, (context) => {
    const { items, next } = town.list('container', context.req.valid('query'));
    return page(context, { items: withHosting(town, items), next });
  });

  const show = describeRoute({
    ...{ method: 'get', path: '/containers/{id}', summary: 'Shows a container', tag },
    ...{ gate: gates.operator, inputs: { params: requests.idPath }, answer: answers.container },
  });
  api.openapi(show, (context) => {
    const view = requireEntity(town, { machine: 'container', id: context.req.valid('param').id });
    return answer(context, withHosting(town, [view])[0] ?? view);
  });

  commandRoutes(api, parts, {
    machine: 'container',
    path: '/containers',
    commands: [
      { name: 'drain', type: 'DRAIN', summary: 'Takes no more runs, and stops when the last has ended' },
      { name: 'reset', type: 'RESET', summary: 'Makes a broken container ready again' },
    ],
  });
}

/** Whose runs each hosts, and whether it can be reached. */
function withHosting(town: Town, views: readonly EntityView[]) {
  const known = new Map(town.status().containers.map((container) => [container.id, container]));
  return views.map((view) => {
    const { agents = [], connected = null } = known.get(view.id) ?? {};
    return { ...view, agents, connected };
  });
}
