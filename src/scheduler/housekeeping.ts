/**
 * What is done when the engine has been quiet for a moment: old rows go, the store rests. Without commits it never
 * wakes.
 */
import { coerceError } from '../core/errors.ts';
import { LAST_AT } from '../engine/health.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Alarm } from '../env/env.ts';

export class Housekeeping {
  readonly #kernel: Kernel;
  #alarm: Alarm | null = null;
  #committedAt = 0;
  #prunedAt: number | null = null;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** To be called after each commit. */
  committed(): void {
    const { env, limits } = this.#kernel;
    this.#committedAt = env.clock.now();
    if (this.#alarm === null) this.#wakeAt(this.#committedAt + limits.restAfterMs);
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = null;
  }

  #wakeAt(atMs: number): void {
    this.#alarm = this.#kernel.env.clock.at(atMs, () => this.#wake(), { background: true });
  }

  #wake(): void {
    const { env, limits, store, health } = this.#kernel;
    const quietAt = this.#committedAt + limits.restAfterMs;
    this.#alarm = null;
    if (env.clock.now() < quietAt) {
      this.#wakeAt(quietAt);
      return;
    }
    if (!health.report.ok) return;
    try {
      if (this.#prune()) return;
      store.rest();
    } catch (thrown) {
      env.log('warn', `housekeeping was put off: ${coerceError(thrown).message}`);
    }
  }

  /** True when it wrote: the commit comes back here when it is quiet again. */
  #prune(): boolean {
    const { env, limits, commits } = this.#kernel;
    const now = env.clock.now();
    if (this.#prunedAt !== null && now - this.#prunedAt < limits.pruneEveryMs) return false;
    const pruned = commits.submitNow(({ tx, at }) => {
      tx.setMeta(LAST_AT, at);
      return tx.prune(at - limits.keepMs, limits.pruneRowsMax);
    });
    if (pruned < limits.pruneRowsMax) this.#prunedAt = now;
    return true;
  }
}
