/**
 * Failures as answers: RFC 9457 problem documents with a code that programs act on and a sentence that people read.
 */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { coerceError, type RefusalCode, Refused, Retryable } from '../core/errors.ts';
import { Unreadable } from '../engine/entity.ts';
import type { Env } from '../env/env.ts';

/** A refusal's code, or one of the border's own. */
export type ProblemCode =
  | RefusalCode
  | 'malformed'
  | 'unsupported_media_type'
  | 'misdirected'
  | 'rate_limited'
  | 'internal';

/** What went wrong, before it is dressed for the wire. */
export type Problem = {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** When to try again; becomes `Retry-After`. */
  readonly retryAfterMs?: number;
};

type Kind = { readonly status: ContentfulStatusCode; readonly title: string };

/** Every code with its status: the table of docs/HTTP.md. */
export const problemKinds: Readonly<Record<ProblemCode, Kind>> = {
  malformed: { status: 400, title: 'Malformed request' },
  unauthorized: { status: 401, title: 'Not authenticated' },
  forbidden: { status: 403, title: 'Not allowed' },
  unknown_entity: { status: 404, title: 'No such entity' },
  not_found: { status: 404, title: 'Not found' },
  already_exists: { status: 409, title: 'It exists already' },
  conflict: { status: 409, title: 'Conflict' },
  not_accepted: { status: 409, title: 'Not accepted in this state' },
  quarantined: { status: 409, title: 'The entity is in quarantine' },
  stale_epoch: { status: 409, title: 'The run was replaced' },
  too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Not JSON' },
  misdirected: { status: 421, title: 'Unknown host' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used for another request' },
  invalid: { status: 422, title: 'Invalid request' },
  reserved_event: { status: 422, title: 'Reserved event' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  busy: { status: 503, title: 'Busy' },
  unavailable: { status: 503, title: 'Not available' },
};

/** A request that can not be read at all: answered with 400. */
export class Malformed extends Refused {
  constructor(message: string) {
    super('invalid', message);
  }
}

const RETRY_MS = 1_000;
const DEPTH_MAX = 8;

export class Problems {
  readonly #env: Env;
  readonly #mask: (text: string) => string;

  constructor({ env, mask }: { env: Env; mask: (text: string) => string }) {
    this.#env = env;
    this.#mask = mask;
  }

  /** The answer; every text of it is masked. */
  answer(context: Context, { code, detail, details, retryAfterMs }: Problem): Response {
    const { status, title } = problemKinds[code];
    const instance = context.req.path;
    const body = { ...details, type: `urn:yardmaster:${code}`, title, status, detail, instance, code };
    if (status === 401) context.header('WWW-Authenticate', 'Bearer realm="yardmaster"');
    const wait = retryAfterMs ?? (status === 503 ? RETRY_MS : undefined);
    if (wait !== undefined) context.header('Retry-After', String(Math.max(1, Math.ceil(wait / 1_000))));
    context.header('Content-Type', 'application/problem+json');
    return context.body(JSON.stringify(this.#masked(body, 0)), status);
  }

  /** The answer to anything that was thrown. What nobody foresaw shows an id only; its story is in the log under it. */
  answerThrown(context: Context, thrown: unknown): Response {
    const error = coerceError(thrown);
    if (error instanceof Refused) {
      const { message, details } = error;
      const code = error instanceof Malformed ? 'malformed' : error.code;
      return this.answer(context, { code, detail: message, details });
    }
    if (error instanceof Retryable) {
      return this.answer(context, { code: 'unavailable', detail: error.message, retryAfterMs: error.afterMs });
    }
    if (error instanceof Unreadable) {
      this.#env.log('error', `an entity is damaged: ${this.#mask(error.message)}`);
      const detail = 'what is stored of the entity can not be read: `yardmaster verify` tells more; the rest goes on';
      return this.answer(context, { code: 'quarantined', detail });
    }
    const id = this.#env.hex(16);
    const { method, path } = context.req;
    const story = { id, method, path: this.#mask(path), error: this.#mask(error.stack ?? error.message) };
    this.#env.log('error', 'a request failed for a reason that nobody foresaw', story);
    const detail = `something broke here; the log of the town tells what, under the id ${id}`;
    return this.answer(context, { code: 'internal', detail, details: { id } });
  }

  #masked(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#mask(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === DEPTH_MAX) return null;
    if (Array.isArray(value)) return value.map((item) => this.#masked(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.#mask(key), this.#masked(item, depth + 1)]),
    );
  }
}
