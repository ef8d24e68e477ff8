/**
 * Whether the store takes commits. After a failure nothing is written until a trial commit, repeated at intervals,
 * goes through.
 */
import { coerceError, Retryable } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { Store } from '../store/port.ts';

export type HealthReport = {
  readonly ok: boolean /** Why nothing is written at present. */;
  readonly degraded?: string;
};

/** Name under which the last known instant of engine time is stored. */
export const LAST_AT = 'engine.last_at';

type Parts = { readonly env: Env; readonly store: Store; readonly recoverMs: number };

export class Health {
  readonly #parts: Parts;
  readonly #listeners = new Set<() => void>();
  #reason: string | null = null;
  #alarm: Alarm | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get report(): HealthReport {
    return this.#reason === null ? { ok: true } : { ok: false, degraded: this.#reason };
  }

  /** What a caller is told while nothing can be written; null when all is well. */
  get refusal(): Retryable | null {
    if (this.#reason === null) return null;
    return new Retryable(`nothing can be written at present, and nothing was: ${this.#reason}`, this.#parts.recoverMs);
  }

  /** Called after each recovery. Returns the unsubscriber. */
  onRecovered(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fail(reason: string): void {
    if (this.#reason === null) this.#parts.env.log('error', `the store does not take commits: ${reason}`);
    this.#reason = reason;
    this.#alarm?.cancel();
    const { env, recoverMs } = this.#parts;
    this.#alarm = env.clock.at(env.clock.now() + recoverMs, () => this.#try());
  }

  /** Forgets a failure: nothing is tried again, and the next commit is taken for a first one. */
  reset(): void {
    this.#alarm?.cancel();
    this.#reason = null;
  }

  #try(): void {
    const { env, store } = this.#parts;
    try {
      store.commit((tx) => tx.setMeta(LAST_AT, env.clock.now()));
    } catch (thrown) {
      this.fail(coerceError(thrown).message);
      return;
    }
    this.#reason = null;
    env.log('warn', 'the store takes commits again');
    for (const listener of [...this.#listeners]) listener();
  }
}
