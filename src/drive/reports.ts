/**
 * Notes and usage on their way to the town, which may be away for a while. Of notes only the newest counts. Usage is
 * money: it counts as told when the town took it and not before, and each part is told under a name of its own, so
 * that a part whose answer was lost is not counted twice.
 */
import { coerceError, Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { pause, within } from '../env/waiting.ts';
import type { TownLine } from './town-line.ts';

const AGAIN_FIRST_MS = 500;
const AGAIN_LONGEST_MS = 15_000;
const KEY_DIGITS = 32;

type Spent = { readonly tokens: number; readonly costUsd: number };
type Part = { readonly report: object; readonly key: string };

export class Reports {
  readonly #env: Env;
  readonly #town: Pick<TownLine, 'tell'>;
  #note: string | null = null;
  /** What the runtime has said in all, and how much of it was made into parts. */
  #spent: Spent = { tokens: 0, costUsd: 0 };
  #parted: Spent = { tokens: 0, costUsd: 0 };
  /** The part that is being told: the same until the town took it. */
  #part: Part | null = null;
  #telling: Promise<void> | null = null;
  #isOver = false;

  constructor(env: Env, town: Pick<TownLine, 'tell'>) {
    this.#env = env;
    this.#town = town;
  }

  note(text: string): void {
    this.#note = text;
    this.#begin();
  }

  /** What the run has cost so far, in all. */
  spend({ tokens, costUsd }: Spent): void {
    const { tokens: knownTokens, costUsd: knownCost } = this.#spent;
    this.#spent = { tokens: Math.max(knownTokens, tokens), costUsd: Math.max(knownCost, costUsd) };
    this.#begin();
  }

  /** Resolves when the town took everything, or the time is over: then nothing more is told. */
  async settle(withinMs: number): Promise<void> {
    await within(this.#env, withinMs, this.#telling ?? Promise.resolve());
    this.#isOver = true;
  }

  #begin(): void {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
    });
  }

  async #tellAll(): Promise<void> {
    for (let waitMs = AGAIN_FIRST_MS; !this.#isOver; ) {
      this.#part ??= this.#nextPart();
      const note = this.#note;
      const next = this.#part ?? (note === null ? null : { report: { type: 'progress', note }, key: undefined });
      if (next === null) return;
      try {
        await this.#town.tell(next.report, next.key);
      } catch (thrown) {
        const error = coerceError(thrown);
        this.#env.log('debug', `a report was not taken: ${error.message}`);
        if (error instanceof Retryable) {
          await this.#pause(waitMs);
          waitMs = Math.min(waitMs * 2, AGAIN_LONGEST_MS);
          continue;
        }
        // The town will never take it: the run was replaced.
      }
      waitMs = AGAIN_FIRST_MS;
      if (next === this.#part) this.#part = null;
      else if (this.#note === note) this.#note = null;
    }
  }

  /** What was spent since the last part; null: nothing. */
  #nextPart(): Part | null {
    const tokens = this.#spent.tokens - this.#parted.tokens;
    const costUsd = this.#spent.costUsd - this.#parted.costUsd;
    if (tokens === 0 && costUsd === 0) return null;
    this.#parted = this.#spent;
    return { report: { type: 'usage', tokens, costUsd }, key: this.#env.hex(KEY_DIGITS) };
  }

  /** Keeps no process alive: `settle` does, as long as it should be. */
  #pause(ms: number): Promise<void> {
    return pause(this.#env, ms, { background: true });
  }
}
