/** A town with many open beads: how large it is in memory, and how soon a process that opens it dispatches. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Opening, openTown } from './open-town.ts';
import type { Report } from './report.ts';
import { addBeads, openPaused } from './town-making.ts';

export type TownSizeOptions = {
  readonly folder: string;
  readonly beads: number;
  readonly agents: number;
  /** False: opened in this process, which says nothing about memory and the time from exec. */
  readonly apart: boolean;
};

export async function reportTownSize(report: Report, options: TownSizeOptions): Promise<void> {
  const { folder, beads, agents, apart } = options;
  const directory = join(folder, 'town');
  const town = await openPaused(directory, agents);
  await addBeads(town, beads);
  await town[Symbol.asyncDispose]();
  const { dispatchMs, fromExecMs, rssMb, starts } = apart
    ? openApart(directory, agents)
    : await openTown(directory, agents);
  report.section(`Town of ${beads.toLocaleString('en-US')} open beads and ${starts} agents, opened by a new process`);
  report.row('first dispatch after opening the store, ms', dispatchMs, { atMost: 500 });
  report.row('first dispatch after exec, ms', fromExecMs, { atMost: 2_000 });
  report.row('memory when all agents work, MB', rssMb, { atMost: 200 });
}

function openApart(directory: string, agents: number): Opening {
  const script = fileURLToPath(new URL('./open-town.js', import.meta.url));
  const printed = execFileSync(process.execPath, [script, directory, String(agents)], { encoding: 'utf8' });
  return JSON.parse(printed) as Opening;
}
