/** Goes on patrol once a minute while something happens: an idle town is not looked at. */
import { coerceError } from '../core/errors.ts';
import type { Seq } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { Parties } from './parties.ts';
import { patrol } from './patrol.ts';

const PATROL_MS = 60_000;

export class Rounds {
  readonly #parts: { readonly env: Env; readonly engine: Engine; readonly parties: Parties };
  #alarm: Alarm | null = null;
  #seenSeq: Seq = 0;

  constructor(parts: { readonly env: Env; readonly engine: Engine; readonly parties: Parties }) {
    this.#parts = parts;
  }

  /** The first round is over when it resolves. */
  async start(): Promise<void> {
    await this.#go();
    this.#parts.engine.subscribe(() => this.#schedule());
  }

  stop(): void {
    this.#alarm?.cancel();
  }

  #schedule(): void {
    const { env, engine } = this.#parts;
    if (this.#alarm || engine.reads.lastSeq() === this.#seenSeq) return;
    const next = () => {
      this.#alarm = null;
      void this.#go();
    };
    this.#alarm = env.clock.at(env.clock.now() + PATROL_MS, next, { background: true });
  }

  async #go(): Promise<void> {
    const { env, engine } = this.#parts;
    this.#seenSeq = engine.reads.lastSeq();
    try {
      await patrol(this.#parts);
    } catch (thrown) {
      env.log('error', `patrol failed: ${coerceError(thrown).message}`);
    }
  }
}
