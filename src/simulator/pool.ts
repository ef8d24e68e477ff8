/**
 * Seeds played side by side: each worker thread plays one town at a time and asks for the next when it is done.
 * Threads share nothing, so a seed gives the same log in a thread as it does alone.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { coerceError } from '../core/errors.ts';
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
  const left = seeds[Symbol.iterator]();
  const done: Played[] = [];
  const crew: Worker[] = [];
  let busy = 0;
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  const feed = (worker: Worker) => {
    const next = left.next();
    if (next.done || signal.aborted) return;
    busy += 1;
    worker.postMessage(next.value);
  };
  const hire = () => {
    const worker = startWorker({ size, directory });
    worker.on('message', (played: Played) => {
      busy -= 1;
      done.push(played);
      feed(worker);
      wake();
    });
    worker.on('error', (thrown: unknown) => {
      failure = coerceError(thrown);
      wake();
    });
    crew.push(worker);
    feed(worker);
  };
  signal.addEventListener('abort', () => wake());
  try {
    for (let count = 0; count < workers; count += 1) hire();
    for (;;) {
      yield* done.splice(0);
      if (failure) throw failure;
      if (signal.aborted || (busy === 0 && done.length === 0)) return;
      if (done.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    await Promise.all(crew.map((worker) => worker.terminate()));
  }
}

/** The source is TypeScript where it is developed; only there is a loader needed. */
function startWorker(order: Order): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: order });
  }
  const tools = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = JSON.stringify(new URL('./dist/esm/api/index.mjs', tools).href);
  const program = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const source = `import { register } from ${loader}; register(); await import(${program});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: order });
}
