/**
 * Jobs done side by side: each worker thread does one at a time and takes the next when it is done. Jobs and answers
 * are plain data; threads share nothing.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { coerceError } from '../core/errors.ts';

export type CrewOptions<Job> = {
  /** The worker's program without its ending: `.ts` where it is developed, `.js` where it was built. */
  readonly program: URL;
  /** What each worker is told at its birth. */
  readonly order: unknown;
  readonly jobs: readonly Job[];
  readonly workers: number;
};

/** An answer and the place of its job in the list. */
export type Done<Answer> = { readonly index: number; readonly answer: Answer };

/** Each job's answer, in the order in which they come. Ends with what a worker threw. */
export async function* inThreads<Job, Answer>(options: CrewOptions<Job>): AsyncGenerator<Done<Answer>> {
  const { jobs, workers } = options;
  const left = jobs.entries();
  const done: Done<Answer>[] = [];
  const crew: Worker[] = [];
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  const feed = (worker: Worker) => {
    const next = left.next();
    if (next.done) return;
    const [index, job] = next.value;
    worker.once('message', (answer: Answer) => {
      done.push({ index, answer });
      feed(worker);
      wake();
    });
    worker.postMessage(job);
  };
  try {
    for (let count = 0; count < Math.min(workers, jobs.length); count += 1) {
      const worker = startWorker(options);
      worker.on('error', (thrown: unknown) => {
        failure = coerceError(thrown);
        wake();
      });
      crew.push(worker);
      feed(worker);
    }
    for (let answered = 0; answered < jobs.length; ) {
      for (const one of done.splice(0)) {
        answered += 1;
        yield one;
      }
      if (failure) throw failure;
      if (answered === jobs.length || done.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    await Promise.all(crew.map((worker) => worker.terminate()));
  }
}

/** The source is TypeScript where it is developed; only there is a loader needed, which a thread takes by itself. */
function startWorker({ program: { href }, order }: Pick<CrewOptions<never>, 'program' | 'order'>): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`${href}.js`), { workerData: order });
  const tools = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tools).href;
  const [from, program] = [loader, `${href}.ts`].map((text) => JSON.stringify(text));
  const source = `import { register } from ${from}; register(); await import(${program});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: order });
}
