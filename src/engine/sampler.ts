/** Says at most once in a while for each entity and type of event: so that a repeated event can not fill the log. */
import { RecentMap } from '../core/recent-map.ts';
import type { EpochMs } from '../core/types.ts';

const KEYS_MAX = 10_000;

/** The type of an event, and the entity's reference as text. */
export type Sampled = { readonly event: string; readonly entity: string };

export class Sampler {
  readonly #last = new RecentMap<EpochMs>(KEYS_MAX);

  /** True when it was not let through during the last `everyMs`. */
  due({ event, entity }: Sampled, at: EpochMs, everyMs: number): boolean {
    const last = this.#last.get(event, entity);
    if (last !== undefined && at - last < everyMs) return false;
    this.#last.set(event, entity, at);
    return true;
  }

  /** Nothing was let through after all. */
  forget({ event, entity }: Sampled): void {
    this.#last.delete(event, entity);
  }
}
