/** Says at most once in a while for each key: so that a repeated event can not fill the log. */
import type { EpochMs } from '../core/types.ts';
import { RecentMap } from './recent-map.ts';

const KEYS_MAX = 10_000;

export class Sampler {
  readonly #last = new RecentMap<string, EpochMs>(KEYS_MAX);

  /** True when the key was not let through during the last `everyMs`. */
  due(key: string, at: EpochMs, everyMs: number): boolean {
    const last = this.#last.get(key);
    if (last !== undefined && at - last < everyMs) return false;
    this.#last.set(key, at);
    return true;
  }
}
