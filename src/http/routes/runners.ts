/** The door for runners: processes that host agents for the town, here or on other machines. */
import { Readable } from 'node:stream';
import { z } from '@hono/zod-openapi';
import { Refused } from '../../core/errors.ts';
import * as protocol from '../../runners/protocol.ts';
import { idPattern, idRule } from '../../town/identifiers.ts';
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';

const tag = 'runners';
const name = z.string().regex(idPattern, { error: `is no id — ${idRule}` });
const runnerPath = z.strictObject({ id: name });
const rigPath = z.strictObject({ id: name, rig: name });
const attemptPath = z.strictObject({ id: name, bead: name, epoch: z.coerce.number().int().min(1) });
const taken = z.object({ taken: z.boolean() }).openapi('Taken');

export function runnerRoutes(api: Api, parts: ApiParts): void {
  const { gates, hub, closing } = parts;
  const common = { tag, gate: gates.ownRunner, takesKey: false } as const;

  const register = describeRoute({
    ...{ method: 'post', path: '/runners/{id}/register', summary: 'Registers a process as this runner', ...common },
    ...{ inputs: { params: runnerPath, body: protocol.registerRequest }, answer: protocol.registered },
  });
  api.openapi(register, async (context) =>
    answer(context, await hub.register(context.req.valid('param').id, context.req.valid('json'))),
  );

  const orders = describeRoute({
    ...{ method: 'get', path: '/runners/{id}/orders', summary: 'Waits for orders after a number', ...common },
    ...{ inputs: { params: runnerPath, query: protocol.ordersQuery }, answer: protocol.orders },
  });
  api.openapi(orders, async (context) => {
    const signal = AbortSignal.any([context.req.raw.signal, closing]);
    return answer(context, await hub.orders(context.req.valid('param').id, context.req.valid('query'), signal));
  });

  const answers = describeRoute({
    ...{ method: 'post', path: '/runners/{id}/answers', summary: 'Takes answers to orders', ...common },
    ...{ inputs: { params: runnerPath, body: protocol.answersRequest }, answer: taken },
  });
  api.openapi(answers, (context) => {
    const { registration, answers } = context.req.valid('json');
    hub.answer(context.req.valid('param').id, { registration, answers: answers as protocol.OrderAnswer[] });
    return answer(context, { taken: true });
  });

  const reports = describeRoute({
    ...{ method: 'post', path: '/runners/{id}/reports', summary: 'Takes heartbeats and ends of its runs', ...common },
    ...{ inputs: { params: runnerPath, body: protocol.reportsRequest }, answer: protocol.reported },
  });
  api.openapi(reports, async (context) =>
    answer(context, await hub.report(context.req.valid('param').id, context.req.valid('json'))),
  );

  const drain = describeRoute({
    ...{
      method: 'post',
      path: '/runners/{id}/drain',
      summary: 'Takes no more runs; now: gives up those it has',
      ...common,
    },
    ...{ inputs: { params: runnerPath, body: protocol.drainRequest }, answer: taken },
  });
  api.openapi(drain, async (context) => {
    await hub.drain(context.req.valid('param').id, context.req.valid('json'));
    return answer(context, { taken: true });
  });

  bundleRoutes(api, parts);
}

/** What a run begins with, and what it left. */
function bundleRoutes(api: Api, { gates, hub }: ApiParts): void {
  const common = { tag, gate: gates.ownRunner, takesKey: false } as const;
  const bring = describeRoute({
    ...{ method: 'get', path: '/runners/{id}/repositories/{rig}/bundle', ...common },
    ...{ summary: 'Gives what a run needs of a repository', answer: protocol.BUNDLE_TYPE },
    inputs: { params: rigPath, query: protocol.registrationQuery.extend(protocol.bundleQuery.shape) },
  });
  api.openapi(bring, async (context) => {
    const { id, rig } = context.req.valid('param');
    const { stream, bytes } = await hub.bundle(id, rig, context.req.valid('query'));
    const headers = { 'content-type': protocol.BUNDLE_TYPE, 'content-length': String(bytes) };
    return context.body(Readable.toWeb(stream) as ReadableStream<Uint8Array>, 200, headers);
  });

  const take = describeRoute({
    ...{ method: 'put', path: '/runners/{id}/attempts/{bead}/{epoch}/bundle', ...common },
    ...{ summary: 'Takes what an attempt left', answer: taken, upload: protocol.BUNDLE_TYPE },
    inputs: { params: attemptPath, query: protocol.attemptQuery },
  });
  api.openapi(take, async (context) => {
    const { id, ...attempt } = context.req.valid('param');
    const body = context.req.raw.body as (ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) | null;
    if (body === null) throw new Refused('invalid', 'the body is empty: send a bundle of git');
    await hub.takeAttempt(id, { ...attempt, ...context.req.valid('query') }, body);
    return answer(context, { taken: true });
  });
}
