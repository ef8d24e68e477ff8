/** What runs ask of the town: each call as a plain request, and all of them over the Model Context Protocol. */
import { z } from '@hono/zod-openapi';
import { type Caller, type Desk, settlements } from '../../callbacks/caller.ts';
import { calls } from '../../callbacks/calls.ts';
import { createMcpAnswerer } from '../../callbacks/mcp.ts';
import { Refused } from '../../core/errors.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import { readBody } from '../body.ts';
import type { ApiContext } from '../context.ts';
import * as requests from '../schemas/requests.ts';
import { sendOptions } from '../sending.ts';

const answered = z
  .object({
    answer: z.string().openapi({ description: 'In words, for the agent.' }),
    settled: z.enum(settlements).optional().openapi({ description: 'Of `ask`: how the question stands.' }),
    text: z.string().optional().openapi({ description: 'Of `ask`: what a person answered.' }),
    bead: z.string().optional().openapi({ description: 'Of `create_bead`: its id.' }),
  })
  .openapi('CallAnswer');

export function callRoutes(api: Api, parts: ApiParts): void {
  const { gates, version } = parts;
  for (const [name, call] of Object.entries(calls)) {
    const route = describeRoute({
      ...{ method: 'post', path: `/agents/{id}/calls/${name}`, summary: call.summary, tag: 'agents' },
      ...{ gate: gates.ownRun, inputs: { params: requests.idPath, body: call.input }, answer: answered },
    });
    api.openapi(route, async (context) => {
      const { caller, desk } = callerOf(parts, context, context.req.valid('param').id);
      const { idempotency } = await sendOptions(context);
      const named = { ...desk, ...(idempotency && { idempotency }) };
      return answer(context, await call.answer(context.req.valid('json'), caller, named));
    });
  }

  const answerMcp = createMcpAnswerer({ version });
  // Its bodies are described by its own protocol, so it is no route of the OpenAPI document.
  api.post('/agents/:id/mcp', gates.ownRun.middleware, async (context) => {
    const { value } = await readBody(context);
    return answerMcp(context.req.raw, value, callerOf(parts, context, context.req.param('id')));
  });
}

/** The run whose token opened the gate: the current one of the agent. Nobody speaks for a run but itself. */
export function callerOf(parts: ApiParts, context: ApiContext, agent: string): { caller: Caller; desk: Desk } {
  const { town, env, closing } = parts;
  if (context.get('principal') === 'operator') {
    throw new Refused('forbidden', 'calls are made by runs, with their own tokens: the operator has routes of its own');
  }
  const { epoch, bead } = town.get({ machine: 'agent', id: agent })?.context ?? {};
  if (typeof epoch === 'number' && typeof bead === 'string') {
    // A town that closes does not wait for those who wait for something to happen in it.
    const signal = AbortSignal.any([context.req.raw.signal, closing]);
    return { caller: { agent, epoch, bead }, desk: { town, env, signal } };
  }
  throw new Refused('conflict', `agent ${agent} has no bead at the moment: its run is over`);
}
