/** What a request carries through its checks to its route. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { Principal } from '../town/api.ts';

/** A body as it was sent, and as JSON. */
export type Body = { readonly text: string; readonly value: unknown };

export type ApiEnv = {
  /** Nothing without a real server. */
  Bindings: Partial<HttpBindings> | undefined;
  Variables: { principal: Principal; body: Body };
};
export type ApiContext = Context<ApiEnv>;
export type ApiMiddleware = MiddlewareHandler<ApiEnv>;
