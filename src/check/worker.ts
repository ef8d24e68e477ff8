/** The program of a worker thread: it is sent scenes and mutants by their numbers, and answers each with a report. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSystemEnv } from '../env/system.ts';
import { doJob, type Job, type Order } from './jobs.ts';

const { policy, scenes, deadlineMs } = workerData as Order;
const { clock } = createSystemEnv();
const startedAt = clock.now();

parentPort?.on('message', (job: Job) => {
  const isOver = () => clock.now() - startedAt > deadlineMs;
  parentPort?.postMessage(doJob(job, { policy, scenes, isOver }));
});
