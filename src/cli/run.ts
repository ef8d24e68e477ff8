/** The command `run`: a backlog to its end, on one repository, with the progress on the screen. */
import { resolve } from 'node:path';
import type { RigConfig } from '../../machines/vocabulary.ts';
import type { BeadInput, Town } from '../town/api.ts';
import { checkRig, checkTogether, type ReadWork, type RigOptions, readPolicy, readWork, rigOptions } from './checks.ts';
import { exits } from './exits.ts';
import { type Interruption, resumeOwnPause, watchInterrupts } from './interruption.ts';
import { type OpenTown, openTown } from './opening.ts';
import { examples, type Registrar, withData, withJson, withPort, withRig, withTown } from './options.ts';
import { files, placeOfRepository, slug, townName } from './places.ts';
import type { Shell, Writer } from './shell.ts';
import { type BeadSummary, summarise, summaryTable } from './summary.ts';
import { paintFor, plural } from './text.ts';
import { watchTown } from './watching.ts';

export type RunOptions = RigOptions & {
  readonly data?: string;
  readonly agents?: number;
  readonly policy?: string;
  readonly set?: readonly string[];
  readonly port?: number;
  readonly keep?: boolean;
  readonly json?: boolean;
};

/** All that is known and checked before anything is written. */
type Plan = {
  readonly directory: string;
  readonly work: ReadWork;
  readonly rig: { readonly id: string; readonly config: RigConfig };
  readonly town: Parameters<typeof openTown>[1]['town'];
};

const AGENTS_DEFAULT = 3;

export function registerRun({ program, shell, finish }: Registrar): void {
  const command = program
    .command('run <work-file>')
    .summary('work through a backlog and end')
    .description(
      'Works through the beads of a work file on a repository and ends when all are closed or failed for good. ' +
        'Everything is checked before anything is written. The town is kept: the same command again goes on ' +
        'where it was, skips the beads that are there, and adds new ones. Ctrl-C: what runs comes to its end, ' +
        'nothing more is started. Twice: runs are stopped. Three times: leaves at once.',
    );
  withPort(
    withTown(withRig(withJson(withData(command, '~/.yardmaster/<repository>-<hash>, never the repository')))),
    'any that is free',
  )
    .option('--keep', 'stay open when the work is done, until Ctrl-C')
    .addHelpText(
      'after',
      examples(
        "yardmaster run work.yaml --repo . --agent 'claude -p' --test 'npm test'",
        "yardmaster run work.yaml --repo ../shop --agent './agent.sh {promptFile}' --agents 5 --set runsMax=2",
      ),
    )
    .action(async (file: string, options: RunOptions) => finish(await run(shell, file, options)));
}

/** Resolves with the exit code. Throws Refused before anything is changed. */
export async function run(shell: Shell, file: string, options: RunOptions): Promise<number> {
  const plan = await planRun(shell, file, options);
  const { directory } = plan;
  const opened = await openTown(shell, {
    directory,
    town: plan.town,
    ...(options.port !== undefined && { port: options.port }),
  });
  try {
    return await workThrough(shell, { opened, plan, options });
  } finally {
    await opened.close();
  }
}

async function planRun(shell: Shell, file: string, options: RunOptions): Promise<Plan> {
  const work = readWork(shell, file);
  const rig = await checkRig(shell, rigOptions(options, work, resolve(shell.directory, file)));
  const count = options.agents ?? work.agents ?? AGENTS_DEFAULT;
  const agents = polecats(count, rig.id);
  const name = work.town ?? townName(rig.config.path);
  const directory = placeOfRepository(shell, rig.config.path, options.data);
  const given = { ...work.policy, ...readPolicy(shell, options.policy, options.set) };
  const policy = checkTogether(shell, directory, given);
  return { directory, work, rig, town: { name, policy, agents, rigs: { [rig.id]: rig.config } } };
}

/** `polecat-1`, `polecat-2`, …: the agents of a rig. */
export function polecats(count: number, rig: string): readonly { id: string; rig: string }[] {
  return Array.from({ length: count }, (_, index) => ({ id: `polecat-${index + 1}`, rig }));
}

type Work = { readonly opened: OpenTown; readonly plan: Plan; readonly options: RunOptions };

async function workThrough(shell: Shell, { opened, plan, options }: Work): Promise<number> {
  const { town } = opened;
  const writer = options.json ? shell.errors : shell.out;
  const paint = paintFor(writer, shell.environment);
  const added = await importBeads(town, plan);
  writer.write(`${introduction(opened, plan, added)}\n`);
  const watching = watchTown(town, { writer, paint, env: shell.env });
  shell.logTo((level, message) => level === 'error' && watching.progress.line(paint('red', message)));
  const interruption = watchInterrupts(shell, town, watching);
  try {
    await resumeOwnPause(town);
    watching.tellWait();
    await Promise.race([watching.until(() => watching.board.isOver()), interruption.over]);
    watching.progress.pause();
    const beads = await summarise(town, shell.env.clock.now());
    show(shell, { beads, plan, json: options.json === true });
    if (interruption.isAsked() && !allClosed(beads)) return goOnLater(writer, plan);
    if (options.keep) await keepOpen(writer, opened, interruption);
    return allClosed(beads) ? exits.done : exits.unfinished;
  } finally {
    interruption.close();
    watching.close();
  }
}

function allClosed(beads: readonly BeadSummary[]): boolean {
  return beads.every(({ state }) => state.startsWith('closed.'));
}

/** Adds the beads that are not there; resolves with how many. */
async function importBeads(town: Town, { work, rig }: Plan): Promise<number> {
  const beads = nameBeads(work.beads).map((bead) => ({ ...bead, rig: rig.id }));
  const missing = beads.filter(({ id }) => town.get({ machine: 'bead', id }) === null);
  if (missing.length > 0) await town.createBeads(missing);
  return missing.length;
}

/** Ids from titles where none is given: the same file names the same beads each time. */
export function nameBeads<T extends BeadInput>(beads: readonly T[]): readonly (T & { readonly id: string })[] {
  const taken = new Set(beads.flatMap(({ id }) => id ?? []));
  return beads.map((bead) => {
    if (bead.id !== undefined) return { ...bead, id: bead.id };
    const base = slug(bead.title);
    let id = base;
    for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
    taken.add(id);
    return { ...bead, id };
  });
}

function introduction(
  { town, url }: OpenTown,
  { directory, work, rig, town: { agents = [] } }: Plan,
  added: number,
): string {
  const known = work.beads.length - added;
  const beads = `${plural(added, 'new bead')}${known > 0 ? `, ${known} known` : ''}`;
  return [
    `town ${town.name}: ${beads}, ${plural(agents.length, 'agent')}, ${rig.config.path} (${rig.config.branch})`,
    `  API ${url}, token in ${files.token(directory)}`,
  ].join('\n');
}

type Result = { readonly beads: readonly BeadSummary[]; readonly plan: Plan; readonly json: boolean };

function show({ out, environment }: Shell, { beads, plan, json }: Result): void {
  if (json) {
    out.write(
      `${JSON.stringify({ town: plan.town.name, data: plan.directory, closed: allClosed(beads), beads }, null, 2)}\n`,
    );
    return;
  }
  out.write(`\n${summaryTable(beads, paintFor(out, environment))}`);
  const [unfinished] = beads.filter(({ state }) => !state.startsWith('closed.'));
  if (unfinished) out.write(`Why, and what next: yardmaster why ${unfinished.id} --data ${plan.directory}\n`);
}

function goOnLater(writer: Writer, { directory }: Plan): number {
  writer.write(`Interrupted. The same command again goes on from here; or: yardmaster up --data ${directory}\n`);
  return exits.interrupted;
}

async function keepOpen(writer: Writer, { url }: OpenTown, interruption: Interruption): Promise<void> {
  if (interruption.isAsked()) return;
  writer.write(`The town stays open at ${url}. Ctrl-C ends it.\n`);
  await interruption.over;
}
