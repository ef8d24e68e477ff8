/** The API over a town on a virtual clock: requests without a socket, and callers of every kind. */
import { createApp } from '../../src/http/app.ts';
import type { Rate } from '../../src/http/limiter.ts';
import { type World, world } from '../town/world.ts';

export const OPERATOR = `ymo_${'o'.repeat(43)}`;
export const HOST = 'localhost:4680';
export const VERSION = '0.1.0';

export type Json = { readonly [key: string]: unknown };
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; empty when it is none. */
  readonly body: Json;
};
export type Ask = {
  /** A bearer token; the operator's when absent, none when null. */
  readonly token?: string | null;
  readonly body?: unknown;
  /** The body as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Harness = AsyncDisposable & {
  readonly world: World;
  readonly app: ReturnType<typeof createApp>;
  get(path: string, ask?: Ask): Promise<Answer>;
  post(path: string, body?: unknown, ask?: Ask): Promise<Answer>;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** The token of the latest start. */
  runToken(): string;
  /** Ends streams. */
  close(): void;
};

type Options = Parameters<typeof world>[0] & { rate?: Rate };

export async function harness({ rate, ...options }: Options = {}): Promise<Harness> {
  const made = await world(options);
  made.town.setApiUrl(`http://${HOST}`);
  const closing = new AbortController();
  const app = createApp(made.town, {
    ...{ operatorToken: OPERATOR, env: made.env, version: VERSION, closing: closing.signal },
    ...{ allowedHosts: new Set([HOST, '127.0.0.1:4680', '[::1]:4680']), ...(rate && { rate }) },
  });
  const ask = async (method: string, path: string, call: Ask = {}): Promise<Answer> => {
    const answer = await decided(made, app.request(new Request(`http://${HOST}/api/v1${path}`, init(method, call))));
    const text = await decided(made, answer.text());
    return { status: answer.status, headers: answer.headers, text, body: jsonOf(text) };
  };
  return {
    ...{ world: made, app, ask },
    get: (path, call) => ask('GET', path, call),
    post: (path, body = {}, call = {}) => ask('POST', path, { body, ...call }),
    runToken: () => made.latest().api?.token ?? '',
    close: () => closing.abort(),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await made[Symbol.asyncDispose]();
    },
  };
}

function init(method: string, { token = OPERATOR, body, text, headers }: Ask): RequestInit {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  return {
    method,
    headers: {
      host: HOST,
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content !== undefined && { body: content }),
  };
}

/** Lets the town and the request's own promises move until there is an answer. */
export async function decided<T>({ env }: Pick<World, 'env'>, promise: T | Promise<T>): Promise<T> {
  const waiting = Promise.resolve(promise);
  let isDecided = false;
  const mark = () => {
    isDecided = true;
  };
  waiting.then(mark, mark);
  for (let turns = 0; !isDecided && turns < 1_000; turns += 1) await env.settle();
  return waiting;
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}
