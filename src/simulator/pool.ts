/**
 * Seeds played side by side: each worker thread plays one town at a time and asks for the next when it is done.
 * Threads share nothing, so a seed gives the same log in a thread as it does alone.
 */
import { inThreads } from '../env/crew.ts';
import { type Played, playSeed } from './play-seed.ts';
import type { Size } from './scenario.ts';

export type PoolOptions = {
  readonly seeds: Iterable<number>;
  readonly size: Size;
  /** An empty folder for the towns' keys. */
  readonly directory: string;
  /** Threads; 1: here, without any. */
  readonly workers: number;
  /** Aborted: nothing more is started, and what is under way does not count. */
  readonly signal: AbortSignal;
};

/** What a worker is told at its birth. */
export type Order = Pick<PoolOptions, 'size' | 'directory'>;

/** Each seed once, in the order in which they end. */
export function playSeeds(options: PoolOptions): AsyncGenerator<Played> {
  return options.workers > 1 ? playInThreads(options) : playHere(options);
}

async function* playHere({ seeds, size, directory, signal }: PoolOptions): AsyncGenerator<Played> {
  for (const seed of seeds) {
    const played = await playSeed({ seed, size, directory, signal });
    if (signal.aborted) return;
    yield played;
  }
}

async function* playInThreads({ seeds, size, directory, workers, signal }: PoolOptions): AsyncGenerator<Played> {
  const order: Order = { size, directory };
  const program = new URL('./worker.js', import.meta.url);
  for await (const { answer } of inThreads<number, Played>({ program, order, jobs: seeds, workers, signal })) {
    yield answer;
  }
}
