/** The program of a worker thread: it is sent seeds and answers each with what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { playSeed } from './play-seed.ts';
import type { Order } from './pool.ts';

const { size, directory } = workerData as Order;

parentPort?.on('message', async (seed: number) => {
  parentPort?.postMessage(await playSeed({ seed, size, directory }));
});
