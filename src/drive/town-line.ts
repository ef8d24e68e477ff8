/**
 * A run's line to its town: calls and reports with the run's own capability. The town may be away, for it may restart
 * while its runs go on; what must arrive is repeated until it does, or until the town says that the run was replaced.
 */
import { coerceError, type RefusalCode, Refused, Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { pause } from '../env/waiting.ts';

export type TownLineOptions = {
  readonly env: Env;
  readonly url: string;
  readonly token: string;
  readonly agent: string;
  readonly epoch: number;
};

const ANSWER_TIMEOUT_MS = 60_000;
const AGAIN_FIRST_MS = 500;
const AGAIN_LONGEST_MS = 15_000;
const KEY_DIGITS = 32;

/** What the town answers a call: in words, and what programs read beside them. */
export type CallReply = {
  readonly answer: string;
  /** Of a question: how it stands. */
  readonly settled?: 'answered' | 'closed' | 'waiting';
  /** What a person said to a question. */
  readonly text?: string;
  /** Of a bead that was made: its id. */
  readonly bead?: string;
};

/** `key`: under the same one the town takes it once. `signal`: ends the wait for the answer. */
type SendOptions = { readonly key?: string; readonly signal?: AbortSignal };

/** What people say to the run, and whether one has its conversation. */
export type InboxReply = {
  readonly attended: boolean;
  readonly messages: readonly { readonly id: string; readonly text: string }[];
};

type Problem = { readonly code?: RefusalCode; readonly detail?: string };

export class TownLine {
  readonly #options: TownLineOptions;

  constructor(options: TownLineOptions) {
    this.#options = options;
  }

  /** Where the town answers the Model Context Protocol, and with which token. */
  get mcp(): { readonly url: string; readonly token: string } {
    return { url: this.#address('mcp'), token: this.#options.token };
  }

  /** A call, once. Rejects Refused with the town's words, or Retryable when it did not answer. */
  async call(name: string, body: object, options: SendOptions = {}): Promise<CallReply> {
    return (await this.#post(`calls/${name}`, body, options)) as CallReply;
  }

  /** True when the town knows already that the run is done: the agent said so itself. */
  async isReported(): Promise<boolean> {
    const { url, agent, epoch } = this.#options;
    const view = await this.#ask(new Request(`${url}/api/v1/agents/${encodeURIComponent(agent)}`)).catch(() => null);
    const { substate, context } = (view ?? {}) as { substate?: string; context?: { epoch?: number } };
    return substate === 'exited.completed' && context?.epoch === epoch;
  }

  /** A report of usage or progress, once. Under the same key the town counts it once, however often it comes. */
  async tell(report: object, key?: string): Promise<void> {
    await this.#post('events', { ...report, epoch: this.#options.epoch }, key === undefined ? {} : { key });
  }

  /** Resolves when the town knows something else than we do, or after a while. Rejects like `call`. */
  async inbox(ours: { known: readonly string[]; attended: boolean }, signal: AbortSignal): Promise<InboxReply> {
    const query = new URLSearchParams({ known: ours.known.join(','), attended: String(ours.attended) });
    return (await this.#ask(new Request(`${this.#address('inbox')}?${query}`, { signal }))) as InboxReply;
  }

  /**
   * A call that must arrive: made again, under one name, while the town does not answer.
   * Rejects Refused when the town will never take it, because the run was replaced or its end is known already;
   * Retryable when it did not answer until the deadline, which `ms` or the signal is.
   */
  async insist(
    name: string,
    body: object,
    { ms = Number.POSITIVE_INFINITY, signal }: { ms?: number; signal?: AbortSignal },
  ): Promise<CallReply> {
    const { env } = this.#options;
    const until = env.clock.now() + ms;
    const key = env.hex(KEY_DIGITS);
    for (let waitMs = AGAIN_FIRST_MS; ; waitMs = Math.min(waitMs * 2, AGAIN_LONGEST_MS)) {
      try {
        return await this.call(name, body, { key, ...(signal && { signal }) });
      } catch (thrown) {
        const isOver = signal?.aborted || env.clock.now() + waitMs > until;
        if (!(thrown instanceof Retryable) || isOver) throw thrown;
        env.log('debug', `the town does not answer: ${thrown.message}`);
      }
      await pause(env, waitMs);
    }
  }

  #address(path: string): string {
    const { url, agent } = this.#options;
    return `${url}/api/v1/agents/${encodeURIComponent(agent)}/${path}`;
  }

  #post(path: string, body: object, { key, signal }: SendOptions): Promise<unknown> {
    const headers = { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) };
    const request = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
    return this.#ask(new Request(this.#address(path), request));
  }

  async #ask(request: Request): Promise<unknown> {
    let answer: Response;
    request.headers.set('authorization', `Bearer ${this.#options.token}`);
    try {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
      answer = await fetch(request, { signal });
    } catch (thrown) {
      const { message, cause } = coerceError(thrown);
      throw new Retryable(cause instanceof Error && cause.message ? cause.message : message, AGAIN_FIRST_MS);
    }
    const said = (await answer.json().catch(() => ({}))) as Problem;
    if (answer.ok) return said;
    const detail = said.detail ?? `the town answered ${answer.status}`;
    if (answer.status >= 500 || answer.status === 429) throw new Retryable(detail, AGAIN_FIRST_MS);
    throw new Refused(said.code ?? 'invalid', detail);
  }
}
