/**
 * ELK on a thread of its own. It can take long and has been seen not to end, so it never runs where requests are
 * answered, and it is ended at its deadline.
 *
 * Invariants
 * - One graph at a time; the others wait in the order in which they came.
 * - The thread is kept for the next graph and does not keep the process alive.
 * - A thread that took too long, or broke, is ended, and the next graph gets a new one.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ElkGraph } from './elk-graph.ts';
import type { PlacedGraph } from './placing.ts';

/** `failed`: ELK could not do it and said so; `unavailable`: it is not installed, or did not end in time. */
export type ElkAnswer = PlacedGraph | 'failed' | 'unavailable';

const DEADLINE_MS = 10_000;

/** The program of the thread: text, so that it needs no file beside the compiled ones. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const Elk = require(workerData.elk);
const elk = new Elk();
parentPort.on('message', (graph) => {
  elk.layout(graph).then((placed) => parentPort.postMessage(placed), () => parentPort.postMessage('failed'));
});
`;

export class ElkThread {
  private worker: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly deadlineMs: number = DEADLINE_MS) {}

  /** The same graph with coordinates. */
  layout(graph: ElkGraph): Promise<ElkAnswer> {
    const result = this.last.then(() => this.layoutNow(graph));
    this.last = result;
    return result;
  }

  private layoutNow(graph: ElkGraph): Promise<ElkAnswer> {
    const worker = this.thread();
    if (worker === null) return Promise.resolve('unavailable');
    return new Promise((resolve) => {
      const deadline = AbortSignal.timeout(this.deadlineMs);
      const end = (answer: ElkAnswer) => {
        deadline.removeEventListener('abort', giveUp);
        worker.off('message', end).off('error', giveUp).off('exit', giveUp);
        worker.unref();
        resolve(answer);
      };
      const giveUp = () => {
        this.worker = null;
        end('unavailable');
        void worker.terminate();
      };
      deadline.addEventListener('abort', giveUp);
      worker.on('message', end).on('error', giveUp).on('exit', giveUp);
      worker.ref();
      worker.postMessage(graph);
    });
  }

  private thread(): Worker | null {
    if (this.worker !== null) return this.worker;
    const elk = findElk();
    if (elk === null) return null;
    this.worker = new Worker(program, { eval: true, workerData: { elk } });
    return this.worker;
  }
}

/** Where the package is; it is optional. */
function findElk(): string | null {
  try {
    return createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js');
  } catch {
    return null;
  }
}
