/** The command `demo`: a small backlog, three scripted agents, six faults on purpose, and how the charts mend them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { parseCommand } from '../agents/command.ts';
import { createLocalContainer } from '../agents/local.ts';
import { LOCAL } from '../town/options.ts';
import { parseWorkFile, type WorkFile } from '../town/workfile.ts';
import { createFaultyContainer } from './demo/faulty-container.ts';
import { agentFaults, demoPolicy, HOPELESS, lateStart, startFaults } from './demo/plan.ts';
import { type Stage, setStage } from './demo/stage.ts';
import { differences } from './demo/verdict.ts';
import { exits } from './exits.ts';
import { type OpenTown, openTown } from './opening.ts';
import { examples, type Registrar, withPort } from './options.ts';
import { files } from './places.ts';
import type { Recovery } from './recovery.ts';
import { polecats } from './run.ts';
import type { Shell } from './shell.ts';
import { type BeadSummary, summarise, summaryTable } from './summary.ts';
import { paintFor } from './text.ts';
import { watchTown } from './watching.ts';

export type DemoOptions = { readonly keep?: boolean; readonly port?: number; readonly folder?: string };

const RIG = 'shop';
const AGENTS = 3;
const TIME_MAX_MS = 55_000;

export function registerDemo({ program, shell, finish }: Registrar): void {
  const command = program
    .command('demo')
    .summary('see it get over six faults, in less than a minute')
    .description(
      'Works through a small backlog with three scripted agents, in a fresh git repository and a fresh town, with ' +
        'faults on purpose: a start that is refused, one that answers false, one that answers too late, an agent ' +
        'that crashes, one that ends with nothing, one that falls silent. Ends by itself; the exit code is 0 when ' +
        'exactly the bead that can not be done has failed.',
    )
    .option('--keep', 'keep the town and its API open afterwards, until Ctrl-C')
    .option('--folder <folder>', 'where it plays (default: data/demo-run in this package)');
  withPort(command, 'any that is free')
    .addHelpText('after', examples('yardmaster demo', 'yardmaster demo --keep --port 4680'))
    .action(async (options: DemoOptions) => finish(await demo(shell, options)));
}

/** Resolves with the exit code. */
export async function demo(shell: Shell, options: DemoOptions): Promise<number> {
  const stage = await setStage(shell, options.folder);
  const work = parseWorkFile(readFileSync(join(stage.props, 'work.yaml'), 'utf8'), 'work.yaml', policyPatchSchema);
  const opened = await openDemo(shell, { stage, work, port: options.port ?? 0 });
  try {
    return await play(shell, { opened, stage, work, keep: options.keep === true });
  } finally {
    await opened.close();
  }
}

type Parts = { readonly stage: Stage; readonly work: WorkFile<PolicyPatch>; readonly port: number };

function openDemo(shell: Shell, { stage, work, port }: Parts): Promise<OpenTown> {
  const { env, environment } = shell;
  const { directory } = stage;
  const heartbeatMs = demoPolicy.heartbeatMs ?? 0;
  const inner = createLocalContainer({ id: LOCAL, root: join(directory, LOCAL), env, environment, heartbeatMs });
  const container = createFaultyContainer({ inner, clock: env.clock, faults: startFaults, ...lateStart });
  const config: RigConfig = {
    ...{ path: stage.repository, branch: 'main', merge: true, secrets: {}, promptBy: 'stdin' },
    argv: [process.execPath, join(stage.props, 'agent.mjs')],
    test: [...parseCommand(work.rig?.test ?? 'node --test').argv],
    env: { DEMO_FAULT: JSON.stringify(agentFaults) },
  };
  const town = {
    name: 'demo',
    policy: demoPolicy,
    rigs: { [RIG]: config },
    agents: polecats(AGENTS, RIG),
    container,
    onClose: 'stop' as const,
  };
  return openTown(shell, { directory, port, town });
}

type Scene = Omit<Parts, 'port'> & { readonly opened: OpenTown; readonly keep: boolean };

async function play(shell: Shell, { opened, stage, work, keep }: Scene): Promise<number> {
  const { town, url, link } = opened;
  const paint = paintFor(shell.out, shell.environment);
  await town.createBeads(work.beads.map((bead) => ({ ...bead, rig: RIG })));
  shell.out.write(introduction(work.beads.length, stage, { url, link }));
  const recoveries: Recovery[] = [];
  const onRecovery = (recovery: Recovery) => void recoveries.push(recovery);
  const watching = watchTown(town, { writer: shell.out, paint, env: shell.env, onRecovery });
  shell.logTo((level, message) => level === 'error' && watching.progress.line(paint('red', message)));
  const ending = watchEnding(shell);
  const outcome = await Promise.race([
    watching.until(() => watching.board.isOver()).then(() => 'over' as const),
    ending.asked,
    ending.late,
  ]);
  watching.close();
  if (outcome === 'interrupted') return exits.interrupted;
  const beads = await summarise(town, shell.env.clock.now());
  const differs = differences({ beads, recoveries, verified: town.verify() });
  shell.out.write(`\n${summaryTable(beads, paint)}${farewell(stage, beads)}`);
  for (const difference of differs) shell.errors.write(`${paint('red', 'not as it should be:')} ${difference}\n`);
  if (outcome === 'late')
    shell.errors.write(`${paint('red', 'not as it should be:')} it did not end within ${TIME_MAX_MS / 1_000} s\n`);
  if (keep) {
    shell.out.write(
      `\nThe town stays open at ${url} (operator token in ${files.token(stage.directory)}). Ctrl-C ends it.\n` +
        `Look around in it: ${link}\n`,
    );
    await ending.asked;
  }
  ending.close();
  return differs.length === 0 && outcome === 'over' ? exits.done : exits.unfinished;
}

/** A person's Ctrl-C, and the time after which something must be wrong. */
function watchEnding({ env, onSignal }: Shell) {
  let unsubscribe: () => void = () => undefined;
  const asked = new Promise<'interrupted'>((resolve) => {
    unsubscribe = onSignal(['SIGINT', 'SIGTERM'], () => resolve('interrupted'));
  });
  const late = new Promise<'late'>((resolve) => {
    env.clock.at(env.clock.now() + TIME_MAX_MS, () => resolve('late'), { background: true });
  });
  return { asked, late, close: () => unsubscribe() };
}

function introduction(beads: number, { repository }: Stage, { url, link }: Pick<OpenTown, 'url' | 'link'>): string {
  const faults = Object.keys(startFaults).length + Object.keys(agentFaults).length;
  return [
    `${beads} beads, ${AGENTS} agents, ${faults} faults on purpose, and one bead (${HOPELESS}) that can not be done.`,
    `repository ${repository}, API ${url}`,
    `inspector ${link}`,
    'Each line below is a fault that was noticed, and what the charts did about it.',
    '',
    '',
  ].join('\n');
}

function farewell({ repository, directory }: Stage, beads: readonly BeadSummary[]): string {
  const hopeless = beads.find(({ id, state }) => id === HOPELESS && state.startsWith('failed.'));
  return [
    ...(hopeless ? ['', `${HOPELESS} failed, as it should: ${hopeless.reason ?? 'no reason given'}`] : []),
    '',
    'Where to look further:',
    `  git -C ${repository} log --graph --oneline`,
    `  yardmaster show ${HOPELESS} --data ${directory}`,
    `  yardmaster log --entity slugify --data ${directory}`,
    `  yardmaster verify --data ${directory}`,
    '',
  ].join('\n');
}
