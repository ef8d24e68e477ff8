/** The calls of the server's API that a run needs. Each has a deadline: a server that boots may swallow a request. */
import { coerceError, Retryable } from '../../core/errors.ts';
import { within } from '../deadline.ts';
import { shorten } from '../failures.ts';
import type { DriverHost } from '../host.ts';
import { valueAt } from '../json.ts';

export type ServerAddress = { readonly url: string; readonly username: string; readonly password: string };

export type Answer = { readonly status: number; readonly body: unknown };

const callMs = 20_000;
/** Short, because it is repeated. */
const probeMs = 1_000;

export class ServeClient {
  readonly #host: DriverHost;
  readonly #address: ServerAddress;
  readonly #directory: string;

  constructor(host: DriverHost, address: ServerAddress, directory: string) {
    this.#host = host;
    this.#address = address;
    this.#directory = directory;
  }

  /** Answers with any status. Rejects with Retryable when there is no answer in time. */
  async call(method: 'GET' | 'POST', path: string, rest: { body?: object; ms?: number } = {}): Promise<Answer> {
    const abort = new AbortController();
    const promise = this.#send(method, path, { signal: abort.signal, body: rest.body });
    const late = (): never => {
      abort.abort();
      throw new Retryable(`${method} ${path} was not answered within ${rest.ms ?? callMs} ms`, 0);
    };
    return within<Answer>(this.#host, rest.ms ?? callMs, { promise, late });
  }

  async #send(method: string, path: string, rest: { signal: AbortSignal; body?: object | undefined }): Promise<Answer> {
    try {
      const response = await this.#host.fetch(this.#url(path), {
        method,
        headers: { authorization: this.#authorization(), 'content-type': 'application/json' },
        signal: rest.signal,
        ...(rest.body === undefined ? {} : { body: JSON.stringify(rest.body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : parse(text) };
    } catch (thrown) {
      const error = coerceError(thrown);
      const cause = valueAt(error, 'cause', 'code');
      throw new Retryable(`${method} ${path} failed: ${error.message}${cause ? ` (${String(cause)})` : ''}`, 0);
    }
  }

  /** Body of a good answer. Rejects with Retryable for every other. */
  async good(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const answer = await this.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new Retryable(`${method} ${path} answered ${answer.status}: ${shorten(JSON.stringify(answer.body))}`, 0);
  }

  /** True when a server answers that takes our password. */
  async healthy(): Promise<boolean> {
    try {
      const { status, body } = await this.call('GET', '/global/health', { ms: probeMs });
      return status === 200 && valueAt(body, 'healthy') === true;
    } catch {
      return false;
    }
  }

  /** The stream of the directory's events. */
  events(signal: AbortSignal): Promise<Response> {
    return this.#host.fetch(this.#url('/event'), { headers: { authorization: this.#authorization() }, signal });
  }

  #url(path: string): string {
    return `${this.#address.url}${path}?directory=${encodeURIComponent(this.#directory)}`;
  }

  #authorization(): string {
    return `Basic ${btoa(`${this.#address.username}:${this.#address.password}`)}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
