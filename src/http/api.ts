/**
 * What the routes are made of: the types of a request in this API, and how a route is described once for the router,
 * its checks and the OpenAPI document.
 */
import type { OpenAPIHono, RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Env } from '../env/env.ts';
import type { Hub } from '../runners/hub.ts';
import type { Town } from '../town/api.ts';
import { requireBody } from './body.ts';
import type { ApiEnv } from './context.ts';
import type { Gate, Gates } from './gates.ts';
import { problem } from './schemas/answers.ts';

export type Api = OpenAPIHono<ApiEnv>;

/** What routes are given. */
export type ApiParts = {
  readonly town: Town;
  readonly env: Env;
  readonly gates: Gates;
  readonly hub: Hub;
  readonly version: string;
  /** Aborts when the server closes: streams end. */
  readonly closing: AbortSignal;
};

type Inputs = { readonly params?: z.ZodType; readonly query?: z.ZodType; readonly body?: z.ZodType };
type JsonBody<B extends z.ZodType> = { content: { 'application/json': { schema: B } }; required: true };
type RequestOf<I extends Inputs> = (I['params'] extends z.ZodType ? { params: I['params'] } : object) &
  (I['query'] extends z.ZodType ? { query: I['query'] } : object) &
  (I['body'] extends z.ZodType ? { body: JsonBody<I['body']> } : object);

export type RouteShape<P extends string, I extends Inputs> = {
  readonly method: 'get' | 'post' | 'put' | 'patch';
  readonly path: P;
  readonly summary: string;
  readonly tag: string;
  readonly gate: Gate;
  readonly inputs?: I;
  readonly status?: 200 | 201;
  /** What a good answer holds: a schema for JSON, or a media type. */
  readonly answer: z.ZodType | string;
  /** Headers that it reads, beside those of every route of its kind: name and meaning. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media type of a body that is read as it comes, and is not JSON. */
  readonly upload?: string;
  /** False: a repetition is recognised by what it says, and needs no key. */
  readonly takesKey?: boolean;
};

const changing = {
  'Idempotency-Key': 'names the request: a repetition gets the first answer again and changes nothing',
};

type Described<P extends string, I extends Inputs> = Omit<RouteConfig, 'path' | 'request' | 'middleware'> & {
  path: P;
  request: RequestOf<I>;
};

/** A route whose checks run in this order: who asks, the body, the schemas. */
export function describeRoute<const P extends string, I extends Inputs = Record<never, never>>(
  shape: RouteShape<P, I>,
): Described<P, I> {
  const { method, path, summary, tag, gate, answer, status = 200 } = shape;
  const inputs: Inputs = shape.inputs ?? {};
  const isUnsafe = method !== 'get';
  const headers = Object.entries({ ...(isUnsafe && shape.takesKey !== false && changing), ...shape.headers });
  const upload = shape.upload && { [shape.upload]: { schema: { type: 'string', format: 'binary' } } };
  const content =
    typeof answer === 'string'
      ? { [answer]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: answer } };
  const described = {
    ...{ method, path, summary, tags: [tag], security: gate.security.map((name) => ({ [name]: [] })) },
    middleware: isUnsafe && !upload ? [gate.middleware, requireBody] : [gate.middleware],
    parameters: headers.map(([name, description]) => ({ name, in: 'header', description, schema: { type: 'string' } })),
    request: {
      ...(inputs.params && { params: inputs.params }),
      ...(inputs.query && { query: inputs.query }),
      ...(upload && { body: { content: upload, required: true } }),
      ...(inputs.body && { body: { content: { 'application/json': { schema: inputs.body } }, required: true } }),
    },
    responses: {
      [status]: { description: 'Done.', content },
      default: { description: 'Not done: why.', content: { 'application/problem+json': { schema: problem } } },
    },
  };
  return described as unknown as Described<P, I>;
}

/** A JSON answer. */
export function answer(context: Context, value: object, status: 200 | 201 | 503 = 200): Response {
  return context.json(value, status);
}
