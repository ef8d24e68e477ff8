/**
 * A run's line to its town: calls and reports with the run's own capability. The town may be away, for it may restart
 * while its runs go on; what must arrive is repeated until it does, or until the town says that the run was replaced.
 */
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';

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

type Problem = { readonly code?: string; readonly detail?: string };

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
  async call(name: string, body: object): Promise<string> {
    const { answer } = (await this.#post(`calls/${name}`, body)) as { answer: string };
    return answer;
  }

  /** True when the town knows already that the run is done: the agent said so itself. */
  async isReported(): Promise<boolean> {
    const { url, agent, epoch } = this.#options;
    const view = await this.#ask(new Request(`${url}/api/v1/agents/${encodeURIComponent(agent)}`)).catch(() => null);
    const { substate, context } = (view ?? {}) as { substate?: string; context?: { epoch?: number } };
    return substate === 'exited.completed' && context?.epoch === epoch;
  }

  /** A report of usage or progress, once: the next one says more. */
  async tell(report: object): Promise<void> {
    await this.#post('events', { ...report, epoch: this.#options.epoch });
  }

  /**
   * A call that must arrive. Resolves `taken`; `refused` when the town will never take it, because the run was replaced
   * or its end is known already; `unheard` when the town did not answer until the deadline.
   */
  async insist(name: string, body: object, deadlineMs: number): Promise<'taken' | 'refused' | 'unheard'> {
    const { env } = this.#options;
    const until = env.clock.now() + deadlineMs;
    for (let waitMs = AGAIN_FIRST_MS; ; waitMs = Math.min(waitMs * 2, AGAIN_LONGEST_MS)) {
      try {
        await this.call(name, body);
        return 'taken';
      } catch (thrown) {
        if (!(thrown instanceof Retryable)) return 'refused';
        if (env.clock.now() + waitMs > until) return 'unheard';
        env.log('debug', `the town does not answer: ${thrown.message}`);
      }
      await this.#pause(waitMs);
    }
  }

  #address(path: string): string {
    const { url, agent } = this.#options;
    return `${url}/api/v1/agents/${encodeURIComponent(agent)}/${path}`;
  }

  #post(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask(new Request(this.#address(path), { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async #ask(request: Request): Promise<unknown> {
    let answer: Response;
    request.headers.set('authorization', `Bearer ${this.#options.token}`);
    try {
      answer = await fetch(request, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    } catch (thrown) {
      throw new Retryable(coerceError(thrown).message, AGAIN_FIRST_MS);
    }
    const said = (await answer.json().catch(() => ({}))) as Problem;
    if (answer.ok) return said;
    const detail = said.detail ?? `the town answered ${answer.status}`;
    if (answer.status >= 500 || answer.status === 429) throw new Retryable(detail, AGAIN_FIRST_MS);
    throw new Refused(answer.status === 409 ? 'conflict' : 'invalid', detail, { code: said.code });
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options.env;
    return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
  }
}
