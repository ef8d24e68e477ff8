/**
 * The growing end of a run's output. A container says nothing by itself when a run prints, and a remote one could not:
 * it is asked, by one poller for all who watch the run, and by none when nobody does.
 */
import type { OutputPiece } from '../../agents/output.ts';
import { coerceError } from '../../core/errors.ts';
import type { Alarm, Env } from '../../env/env.ts';
import type { AttemptView, RunName, Town } from '../../town/api.ts';

/** The largest piece that is read at a time, bytes. */
const PIECE_BYTES = 64 * 1024;
/** When something new came. */
const POLL_FIRST_MS = 125;
/** When nothing has come for a while. */
const POLL_LONGEST_MS = 1_000;
/** What a run still prints after its end was told is waited for until it has been quiet for so long. */
const LAST_WORDS_MS = 750;

export type OutputTown = Pick<Town, 'outputPiece' | 'run'>;

export class RunTail {
  /** All bytes that there were when it was last asked; null before that. */
  known: number | null = null;
  /** The run as it ended, once all of its output is there. */
  over: AttemptView | null = null;
  readonly #town: OutputTown;
  readonly #env: Env;
  readonly #run: RunName;
  readonly #watchers = new Set<() => void>();
  #latest: OutputPiece | null = null;
  #alarm: Alarm | null = null;
  #restMs = POLL_FIRST_MS;
  #endedQuietAt: number | null = null;

  constructor(town: OutputTown, env: Env, run: RunName) {
    this.#town = town;
    this.#env = env;
    this.#run = run;
  }

  /** Asks for as long as somebody watches. Returns the unsubscriber. */
  watch(onNews: () => void): () => void {
    this.#watchers.add(onNews);
    if (this.#watchers.size === 1) this.#pollIn(0);
    return () => {
      this.#watchers.delete(onNews);
      if (this.isWatched) return;
      this.#alarm?.cancel();
      this.#alarm = null;
    };
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** From that byte on. What the poller has just read is not read again. */
  async read(fromByte: number): Promise<OutputPiece | null> {
    if (this.#latest?.fromByte === fromByte) return this.#latest;
    return this.#town.outputPiece(this.#run, { fromByte, maxBytes: PIECE_BYTES });
  }

  #pollIn(ms: number): void {
    const { clock } = this.#env;
    this.#alarm = clock.at(clock.now() + ms, () => void this.#poll(), { background: true });
  }

  async #poll(): Promise<void> {
    const mine = this.#alarm;
    const before = this.known;
    const run = this.#town.run(this.#run);
    await this.#look();
    // Everybody left while it was asked, or somebody came back and asks anew.
    if (this.#alarm !== mine || !this.isWatched) return;
    const isNews = this.known !== before;
    this.#restMs = isNews ? POLL_FIRST_MS : Math.min(this.#restMs * 2, POLL_LONGEST_MS);
    this.over = this.#ended(run, isNews);
    if (isNews || this.over) for (const tell of [...this.#watchers]) tell();
    if (this.over === null) this.#pollIn(run?.endedAt ? POLL_FIRST_MS : this.#restMs);
  }

  async #look(): Promise<void> {
    try {
      const from = this.known === null ? {} : { fromByte: this.known };
      const piece = await this.#town.outputPiece(this.#run, { ...from, maxBytes: PIECE_BYTES });
      if (piece !== null && piece.text !== '') this.#latest = piece;
      this.known = piece?.endByte ?? this.known ?? 0;
    } catch (thrown) {
      this.#env.log('debug', `no output of ${this.#run.agent} at the moment: ${coerceError(thrown).message}`);
      this.known ??= 0;
    }
  }

  /** An end that is taken back, because the run gave a sign of life again, is none. */
  #ended(run: AttemptView | null, isNews: boolean): AttemptView | null {
    const now = this.#env.clock.now();
    const isEnded = run !== null && run.endedAt !== null;
    if (!isEnded || isNews) this.#endedQuietAt = isEnded ? now : null;
    this.#endedQuietAt ??= isEnded ? now : null;
    return this.#endedQuietAt !== null && now - this.#endedQuietAt >= LAST_WORDS_MS ? run : null;
  }
}

/** The tails of all runs that somebody watches. */
export class RunTails {
  readonly #town: OutputTown;
  readonly #env: Env;
  readonly #tails = new Map<string, RunTail>();

  constructor(town: OutputTown, env: Env) {
    this.#town = town;
    this.#env = env;
  }

  /** Watches a run together with everybody else. */
  watch(run: RunName, onNews: () => void): { readonly tail: RunTail; close(): void } {
    const name = `${run.agent}#${run.epoch}`;
    const tail = this.#tails.get(name) ?? new RunTail(this.#town, this.#env, run);
    this.#tails.set(name, tail);
    const unwatch = tail.watch(onNews);
    return {
      tail,
      close: () => {
        unwatch();
        if (!tail.isWatched) this.#tails.delete(name);
      },
    };
  }
}
