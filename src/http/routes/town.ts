/** The town as a whole: its status, its policy, its breaker, its pause, and what asks for a person. */

import { policyPatchSchema, policySchema } from '../../../machines/policy.ts';
import { BREAKER } from '../../../machines/wiring.ts';
import { toRuntime } from '../../town/workfile.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';
import * as requests from '../schemas/requests.ts';
import { answerReceipt, markReplayed, sendOptions } from '../sending.ts';
import { page, requireEntity } from '../views.ts';
import { commandRoutes, singleCommandRoute } from './commands.ts';

const breaker = { machine: 'breaker', id: BREAKER };

export function townRoutes(api: Api, parts: ApiParts): void {
  const { town, gates } = parts;
  const status = describeRoute({
    ...{ method: 'get', path: '/town', summary: 'Shows what the town is doing', tag: 'town' },
    ...{ gate: gates.operator, answer: answers.townStatus },
  });
  api.openapi(status, (context) => answer(context, town.status()));
  const pause = { name: 'pause', type: 'PAUSE', summary: 'Starts no more runs in the town; what runs goes on' };
  const resume = { name: 'resume', type: 'RESUME', summary: 'Starts runs again' };
  singleCommandRoute(api, parts, { ...breaker, ...pause, tag: 'town' });
  singleCommandRoute(api, parts, { ...breaker, ...resume, tag: 'town' });

  const show = describeRoute({
    ...{ method: 'get', path: '/breaker', summary: 'Shows the circuit breaker over failed starts', tag: 'breaker' },
    ...{ gate: gates.operator, answer: answers.entity },
  });
  api.openapi(show, (context) => answer(context, requireEntity(town, breaker)));
  const reset = { name: 'reset', type: 'RESET', summary: 'Closes the breaker and forgets its failures' };
  singleCommandRoute(api, parts, { ...breaker, ...reset, tag: 'breaker' });

  policyRoutes(api, parts);
  runtimeRoutes(api, parts);
  escalationRoutes(api, parts);
}

function policyRoutes(api: Api, { town, gates }: ApiParts): void {
  const show = describeRoute({
    ...{ method: 'get', path: '/policy', summary: 'Shows every setting', tag: 'policy' },
    ...{ gate: gates.operator, answer: policySchema },
  });
  api.openapi(show, (context) => answer(context, town.policy()));

  const patch = describeRoute({
    ...{ method: 'patch', path: '/policy', summary: 'Changes some settings; attempts are reset', tag: 'policy' },
    ...{ gate: gates.operator, inputs: { body: policyPatchSchema }, answer: policySchema },
  });
  api.openapi(patch, async (context) => {
    const receipt = await town.patchPolicy(context.req.valid('json'), await sendOptions(context));
    markReplayed(context, [receipt]);
    return answer(context, receipt.policy);
  });
}

function runtimeRoutes(api: Api, { town, gates }: ApiParts): void {
  const show = describeRoute({
    ...{ method: 'get', path: '/runtime', summary: 'Shows what rigs that drive a runtime share', tag: 'policy' },
    ...{ gate: gates.operator, answer: answers.runtime },
  });
  api.openapi(show, (context) => answer(context, { runtime: town.runtime() }));

  const replace = describeRoute({
    ...{ method: 'put', path: '/runtime', summary: 'Replaces it; {} takes it away', tag: 'policy' },
    ...{ gate: gates.operator, inputs: { body: requests.runtime }, answer: answers.receipt },
  });
  api.openapi(replace, async (context) => {
    const given = toRuntime(context.req.valid('json'));
    const runtime = Object.keys(given).length === 0 ? null : given;
    return answerReceipt(context, await town.setRuntime(runtime, await sendOptions(context)));
  });
}

function escalationRoutes(api: Api, parts: ApiParts): void {
  const { town, gates } = parts;
  const list = describeRoute({
    ...{ method: 'get', path: '/escalations', summary: 'Lists what asks or asked for a person', tag: 'escalations' },
    ...{ gate: gates.operator, inputs: { query: requests.entityList }, answer: answers.entities },
  });
  api.openapi(list, (context) => page(context, town.list('escalation', context.req.valid('query'))));
  commandRoutes(api, parts, {
    machine: 'escalation',
    path: '/escalations',
    commands: [
      { name: 'acknowledge', type: 'ACKNOWLEDGE', summary: 'Ends its reminders' },
      { name: 'resolve', type: 'RESOLVE', summary: 'Closes it' },
    ],
  });
}
