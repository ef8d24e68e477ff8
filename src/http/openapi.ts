/** The API's description of itself: OpenAPI 3.1, made from the schemas that judge the requests. */
import { type Api, type ApiParts, answer, describeRoute } from './api.ts';
import { PREFIX } from './prefix.ts';
import { anyObject } from './schemas/answers.ts';

const information = {
  title: 'Yardmaster',
  description: 'A durable statechart engine that runs a town of coding agents. Instants are milliseconds since 1970.',
};

export function openApiRoutes(api: Api, { gates, version }: ApiParts): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'operator', {
    ...{
      type: 'http',
      scheme: 'bearer',
      description: 'The token of the operator, from its file in the state directory.',
    },
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'run', {
    ...{ type: 'http', scheme: 'bearer', description: 'The token of one run of an agent, from its environment.' },
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'runner', {
    ...{ type: 'http', scheme: 'bearer', description: 'The token of one runner, from `yardmaster runner-token`.' },
  });
  const route = describeRoute({
    ...{ method: 'get', path: '/openapi.json', summary: 'Describes this API', tag: 'health', gate: gates.anyone },
    answer: anyObject,
  });
  api.openapi(route, (context) => answer(context, describeApi(api, version)));
}

/** The whole document. */
export function describeApi(api: Api, version: string) {
  return api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { ...information, version },
    servers: [{ url: PREFIX }],
  });
}
