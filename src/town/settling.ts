/** Knows when a town has come to rest: nothing moves any more unless a person or a new bead moves it. */
import type { Engine } from '../engine/engine.ts';
import type { Reads } from '../store/port.ts';

const MOVING = /^(in_progress\.|open\.(ready|backoff|throttled)$|failed\.exhausted$)/;

/** How many beads are on their way by themselves; those that wait for a person, or for one that does, are not. */
export function movers(reads: Reads): number {
  return reads
    .census('bead')
    .filter(({ state }) => MOVING.test(state))
    .reduce((sum, { count }) => sum + count, 0);
}

export class Settling {
  readonly #engine: Pick<Engine, 'reads' | 'subscribe'>;

  constructor(engine: Pick<Engine, 'reads' | 'subscribe'>) {
    this.#engine = engine;
  }

  settled(): Promise<void> {
    const { reads, subscribe } = this.#engine;
    if (movers(reads) === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const unsubscribe = subscribe.call(this.#engine, () => {
        if (movers(reads) > 0) return;
        unsubscribe();
        resolve();
      });
    });
  }
}
