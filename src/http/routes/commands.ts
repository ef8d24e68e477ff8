/** Routes that tell one entity one thing, with a reason. */
import { type Api, type ApiParts, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { sendAndAnswer } from '../sending.ts';
import { requireEntity } from '../views.ts';

export type Command = {
  /** Below the machine's path, `stop`. */
  readonly name: string;
  readonly type: string;
  readonly summary: string;
};

type Receivers = { readonly machine: string; readonly path: string; readonly commands: readonly Command[] };

/** `POST <path>/{id}/<name>` for each command. */
export function commandRoutes(api: Api, parts: ApiParts, { machine, path, commands }: Receivers): void {
  for (const { name, type, summary } of commands) {
    const route = describeRoute({
      ...{ method: 'post', path: `${path}/{id}/${name}`, summary, tag: path.slice(1), gate: parts.gates.operator },
      ...{ inputs: { params: requests.idPath, body: requests.because }, answer: answers.receipt },
    });
    api.openapi(route, (context) => {
      const to = { machine, id: context.req.valid('param').id };
      // Some machines come to life with their first message; a command is never that one.
      requireEntity(parts.town, to);
      return sendAndAnswer(parts.town, context, { to, event: { type, ...context.req.valid('json') } });
    });
  }
}

type Single = { readonly id: string; readonly machine: string; readonly tag: string };

/** The same for the only entity of its machine: `POST <path>/<name>`. */
export function singleCommandRoute(
  api: Api,
  parts: ApiParts,
  { id, machine, tag, ...command }: Single & Command,
): void {
  const { name, type, summary } = command;
  const route = describeRoute({
    ...{ method: 'post', path: `/${tag}/${name}`, summary, tag, gate: parts.gates.operator },
    ...{ inputs: { body: requests.because }, answer: answers.receipt },
  });
  api.openapi(route, (context) =>
    sendAndAnswer(parts.town, context, { to: { machine, id }, event: { type, ...context.req.valid('json') } }),
  );
}
