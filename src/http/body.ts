/**
 * The body of a request: bounded in bytes and depth, JSON, and without the keys that reach into prototypes.
 */
import { Refused } from '../core/errors.ts';
import type { ApiContext, ApiMiddleware, Body } from './context.ts';
import { Malformed } from './problems.ts';

const BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 32;
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads the body once; an empty one counts as `{}`.
 * Refused `too_large` or `invalid`; Malformed when it is not JSON.
 */
export async function readBody(context: ApiContext): Promise<Body> {
  const known = context.get('body');
  if (known) return known;
  const text = await readText(context);
  const body = { text, value: parse(text) };
  context.set('body', body);
  return body;
}

/** The same of a request that nobody reads after this. */
export async function bodyOf(request: Request): Promise<Body> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > BYTES_MAX) throw tooLarge();
  const text = (request.body === null ? '' : await readStream(request.body)) || '{}';
  return { text, value: parse(text) };
}

/** Makes sure that the body was read and judged before a schema sees it. */
export const requireBody: ApiMiddleware = async (context, next) => {
  await readBody(context);
  await next();
};

async function readText(context: ApiContext): Promise<string> {
  const declared = Number(context.req.header('content-length') ?? 0);
  if (declared > BYTES_MAX) throw tooLarge();
  if (declared > 0) return context.req.text();
  const stream = context.req.raw.body;
  const text = (stream === null ? '' : await readStream(stream)) || '{}';
  // Whoever reads it after us, the schemas do, finds it in a request that can still be read.
  const { method } = context.req.raw;
  const headers = new Headers(context.req.raw.headers);
  headers.set('content-type', 'application/json');
  context.req.raw = new Request(context.req.url, { method, headers, body: text });
  return text;
}

async function readStream(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length;
    if (bytes > BYTES_MAX) {
      await reader.cancel();
      throw tooLarge();
    }
    parts.push(part.value);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tooLarge(): Refused {
  return new Refused('too_large', 'the body is larger than 1 MiB: send less at a time', { bytesMax: BYTES_MAX });
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed('the body is not JSON');
  }
  inspect(value);
  return value;
}

/** Walks without recursion: what is too deep is refused before anything recursive sees it. */
function inspect(root: unknown): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) {
      throw new Refused('invalid', `the body is nested more than ${DEPTH_MAX} deep: make it flatter`, {
        depthMax: DEPTH_MAX,
      });
    }
    level = level.flatMap(children);
  }
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.filter(isObject);
  if (!isObject(value)) return [];
  const key = Object.keys(value).find((name) => forbiddenKeys.has(name));
  if (key !== undefined) {
    throw new Refused('invalid', `the body has a key "${key}", which is never a name here: remove it`, { key });
  }
  return Object.values(value).filter(isObject);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
