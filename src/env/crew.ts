/**
 * Jobs done side by side: each worker thread does one at a time and takes the next when it is done. Jobs and answers
 * are plain data; threads share nothing.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { coerceError } from '../core/errors.ts';

export type CrewOptions<Job> = {
  /** The worker's program, `….js`, as it is built; where it is developed, the `.ts` beside it is run. */
  readonly program: URL;
  /** What each worker is told at its birth. */
  readonly order: unknown;
  readonly jobs: Iterable<Job>;
  readonly workers: number;
  /** Aborted: nothing more is started, and what is under way does not count. */
  readonly signal?: AbortSignal;
};

/** An answer and the place of its job in the list. */
export type Done<Answer> = { readonly index: number; readonly answer: Answer };

/** Each job's answer, in the order in which they come. Ends with what a worker threw. */
export async function* inThreads<Job, Answer>(options: CrewOptions<Job>): AsyncGenerator<Done<Answer>> {
  const { workers, signal } = options;
  const left = numbered(options.jobs);
  const done: Done<Answer>[] = [];
  const crew: Worker[] = [];
  let busy = 0;
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  const feed = (workerOf: () => Worker) => {
    const next = signal?.aborted ? null : left.next();
    if (next === null || next.done) return;
    const [index, job] = next.value;
    const worker = workerOf();
    busy += 1;
    worker.once('message', (answer: Answer) => {
      busy -= 1;
      done.push({ index, answer });
      feed(() => worker);
      wake();
    });
    worker.postMessage(job);
  };
  const hire = () => {
    const worker = startWorker(options);
    worker.on('error', (thrown: unknown) => {
      failure = coerceError(thrown);
      wake();
    });
    crew.push(worker);
    return worker;
  };
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort);
  try {
    for (let count = 0; count < workers; count += 1) feed(hire);
    for (;;) {
      yield* done.splice(0);
      if (failure) throw failure;
      if (signal?.aborted || (busy === 0 && done.length === 0)) return;
      if (done.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(crew.map((worker) => worker.terminate()));
  }
}

function* numbered<Job>(jobs: Iterable<Job>): Generator<readonly [number, Job]> {
  let index = 0;
  for (const job of jobs) {
    yield [index, job];
    index += 1;
  }
}

/** The source is TypeScript where it is developed; only there is a loader needed, which a thread takes by itself. */
function startWorker({ program: { href }, order }: Pick<CrewOptions<never>, 'program' | 'order'>): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(href), { workerData: order });
  const tools = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tools).href;
  const [from, program] = [loader, href.replace(/\.js$/, '.ts')].map((text) => JSON.stringify(text));
  const source = `import { register } from ${from}; register(); await import(${program});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: order });
}
