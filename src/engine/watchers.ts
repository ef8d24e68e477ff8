/** Those who are told of commits, after them. A watcher that throws is logged and never reaches the engine. */
import { coerceError } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';

export type Watcher = (committed: { readonly rows: readonly LogRow[] }) => void;

export class Watchers {
  readonly #env: Env;
  readonly #watchers = new Set<Watcher>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Returns the unsubscriber. */
  add(watcher: Watcher): () => void {
    const own: Watcher = (committed) => watcher(committed);
    this.#watchers.add(own);
    return () => this.#watchers.delete(own);
  }

  tell(rows: readonly LogRow[]): void {
    if (rows.length === 0) return;
    for (const watcher of [...this.#watchers]) {
      try {
        watcher({ rows });
      } catch (thrown) {
        this.#env.log('error', `a watcher threw: ${coerceError(thrown).message}`);
      }
    }
  }
}
