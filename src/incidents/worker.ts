/** The program of a worker thread: it is sent incidents, and answers each with what held. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Incident } from './format.ts';
import { playAll, type SuiteOptions } from './suite.ts';

const options = workerData as SuiteOptions;

parentPort?.on('message', async (incident: Incident) => {
  const [result] = await playAll([incident], options);
  parentPort?.postMessage(result);
});
