/**
 * A runner's way to its town: each request once, with the runner's token. What to do when the town does not answer is
 * the caller's affair.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { coerceError, type RefusalCode, Refused, Retryable } from '../../core/errors.ts';
import {
  BUNDLE_TYPE,
  numbered,
  type OrderAnswer,
  type Registered,
  type RegisterRequest,
  type Reported,
  type ReportsRequest,
  registered,
  reported,
} from '../protocol.ts';

export type TownLinkOptions = {
  /** Of the town, without a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly id: string;
};

type Call = {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  readonly file?: string;
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
};

const answerMs = 30_000;
/** Longer than a town holds a poll. */
const pollMs = 40_000;
const bundleMs = 30 * 60_000;

export class TownLink {
  readonly #options: TownLinkOptions;

  constructor(options: TownLinkOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  async register(body: RegisterRequest): Promise<Registered> {
    return registered.parse(await this.#json({ method: 'POST', path: '/register', body }));
  }

  async orders(registration: string, after: number, signal: AbortSignal) {
    const path = `/orders?registration=${registration}&after=${after}`;
    return numbered.parse(await this.#json({ method: 'GET', path, withinMs: pollMs, signal })).orders;
  }

  async answer(registration: string, answers: readonly OrderAnswer[]): Promise<void> {
    await this.#json({ method: 'POST', path: '/answers', body: { registration, answers } });
  }

  /** Resolves when the town has it. */
  async report(body: ReportsRequest): Promise<Reported> {
    // A report of an end is answered when the town has dealt with it.
    return reported.parse(await this.#json({ method: 'POST', path: '/reports', body, withinMs: 2 * answerMs }));
  }

  async drain(registration: string, now: boolean): Promise<void> {
    await this.#json({ method: 'POST', path: '/drain', body: { registration, now } });
  }

  /** Writes what a run of a bead needs of a rig into a file. */
  async download(
    rig: string,
    asked: { registration: string; bead: string; have: readonly string[] },
    file: string,
  ): Promise<void> {
    const query = new URLSearchParams({ ...asked, have: asked.have.join(',') });
    const path = `/repositories/${encodeURIComponent(rig)}/bundle?${query}`;
    const answer = await this.#fetch({ method: 'GET', path, withinMs: bundleMs });
    if (answer.body === null) throw new Retryable('the town sent no bundle', 0);
    try {
      await pipeline(Readable.fromWeb(answer.body as WebStream), createWriteStream(file, { mode: 0o600 }));
    } catch (thrown) {
      throw new Retryable(`the bundle of rig ${rig} did not come whole: ${coerceError(thrown).message}`, 0);
    }
  }

  /** Brings home what an attempt left. */
  async upload(left: { bead: string; epoch: number; base: string; head: string }, file: string): Promise<void> {
    const { bead, epoch, base, head } = left;
    const path = `/attempts/${encodeURIComponent(bead)}/${epoch}/bundle?base=${base}&head=${head}`;
    await this.#json({ method: 'PUT', path, file, withinMs: bundleMs });
  }

  async #json(call: Call): Promise<unknown> {
    const answer = await this.#fetch(call);
    try {
      return await answer.json();
    } catch (thrown) {
      throw new Retryable(`the answer of the town did not come whole: ${coerceError(thrown).message}`, 0);
    }
  }

  async #fetch({ method, path, body, file, withinMs = answerMs, signal }: Call): Promise<Response> {
    const { url, token, id } = this.#options;
    const late = AbortSignal.timeout(withinMs);
    const request: RequestInit & { duplex?: 'half' } = {
      ...{ method, signal: signal ? AbortSignal.any([signal, late]) : late },
      // A token goes to the address that was given, and is led nowhere else.
      redirect: 'error',
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...(await typeOf(body, file)) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(file !== undefined && { body: Readable.toWeb(createReadStream(file)) as WebStream, duplex: 'half' }),
    };
    const answer = await this.#reached(fetch(`${url}/api/v1/runners/${encodeURIComponent(id)}${path}`, request));
    if (!answer.ok) throw await refusalOf(answer, url);
    return answer;
  }

  async #reached(call: Promise<Response>): Promise<Response> {
    try {
      return await call;
    } catch (thrown) {
      const { message, cause } = coerceError(thrown);
      const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
      throw new Retryable(`the town at ${this.#options.url} does not answer (${why})`, 0, { cause: thrown });
    }
  }
}

async function typeOf(body: unknown, file: string | undefined): Promise<Record<string, string>> {
  if (file !== undefined) return { 'content-type': BUNDLE_TYPE, 'content-length': String((await stat(file)).size) };
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

type Problem = { readonly code?: unknown; readonly detail?: unknown };

async function refusalOf(answer: Response, url: string): Promise<Error> {
  const { code, detail } = (await answer.json().catch(() => ({}))) as Problem;
  const message = typeof detail === 'string' ? detail : `${url} answered ${answer.status}: is it a town of yardmaster?`;
  if (answer.status >= 500 || answer.status === 429) return new Retryable(message, 0);
  const byStatus: Readonly<Record<number, RefusalCode>> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found' };
  return new Refused(
    typeof code === 'string' ? (code as RefusalCode) : (byStatus[answer.status] ?? 'invalid'),
    message,
  );
}
