/** Waiting for the clock or for the store, in a way that an end of everything can cut short. */

import type { Kernel } from '../engine/kernel.ts';
import type { Alarm } from '../env/env.ts';

export class Patience {
  readonly #kernel: Kernel;
  readonly #ends = new Set<() => void>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Resolves after `ms` of engine time, or when {@link end} is called. */
  wait(ms: number): Promise<void> {
    const { clock } = this.#kernel.env;
    return this.#until((done) => {
      const alarm: Alarm = clock.at(clock.now() + ms, done);
      return () => alarm.cancel();
    });
  }

  /** Resolves when the store takes commits again, or when {@link end} is called. */
  recovery(): Promise<void> {
    return this.#until((done) => this.#kernel.health.onRecovered(done));
  }

  /** Resolves every wait now. */
  end(): void {
    for (const end of [...this.#ends]) end();
  }

  #until(begin: (done: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        this.#ends.delete(done);
        resolve();
      };
      const stop = begin(done);
      this.#ends.add(done);
    });
  }
}
