/** A process that opens a town and lets it go: when it dispatches first, and how large it is when all agents work. */
import { fileURLToPath } from 'node:url';
import { createTown } from '../../src/town/town.ts';
import { RIG, scriptedContainer } from './town-making.ts';

export type Opening = {
  /** Milliseconds from the beginning of opening the store to the first start. */
  readonly dispatchMs: number;
  /** Milliseconds from the start of the process to the first start. */
  readonly fromExecMs: number;
  readonly rssMb: number;
  /** Runs that were started. */
  readonly starts: number;
};

/** Opens the town in the folder and resumes its rig. Resolves when so many runs have been started. */
export async function openTown(directory: string, agents: number): Promise<Opening> {
  const begin = performance.now();
  let first = 0;
  const container = scriptedContainer(() => {
    if (first === 0) first = performance.now();
  });
  const town = await createTown({ directory, container });
  const started = new Promise<number>((resolve) => {
    let starts = 0;
    town.watch((rows) => {
      starts += rows.filter(({ event }) => event.type === 'effect.startRun.succeeded').length;
      if (starts === agents) resolve(starts);
    });
  });
  await town.send({ machine: 'rig', id: RIG }, { type: 'RESUME' });
  const starts = await started;
  const rssMb = process.memoryUsage().rss / 1_048_576;
  await town[Symbol.asyncDispose]();
  return { dispatchMs: first - begin, fromExecMs: first, rssMb, starts };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , directory = '', agents = '1'] = process.argv;
  process.stdout.write(`${JSON.stringify(await openTown(directory, Number(agents)))}\n`);
}
