/** A process that serves a town over HTTP until its standard input ends; it prints the address. */
import { fileURLToPath } from 'node:url';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import { addBeads, openPaused } from './town-making.ts';

export const TOKEN = `ymo_${'b'.repeat(43)}`;

/** So that the limiter is not what is measured. */
const unlimited = { perSecond: 1_000_000_000, burst: 1_000_000_000 };

export type ServedTown = { readonly url: string; close(): Promise<void> };

/** A new town in the folder with so many beads, and nobody who would work on them. */
export async function serveBenchTown(directory: string, beads: number): Promise<ServedTown> {
  const town = await openPaused(directory, 0);
  await addBeads(town, beads);
  const served = await serveTown(town, {
    ...{ operatorToken: TOKEN, env: createSystemEnv(), version: '0.0.0', port: 0, rate: unlimited },
  });
  return {
    url: served.url,
    close: async () => {
      await served.close();
      await town[Symbol.asyncDispose]();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , directory = '', beads = '0'] = process.argv;
  const served = await serveBenchTown(directory, Number(beads));
  process.stdout.write(`${served.url}\n`);
  process.stdin.resume();
  process.stdin.once('end', () => void served.close());
}
