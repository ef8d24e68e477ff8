/** The model check at the command line: every state that the machines can reach together, under one's own policy. */
import { availableParallelism } from 'node:os';
import { defaultPolicy, type Policy } from '../../../machines/policy.ts';
import { fullScenes, recovery, type SceneReport, scenesFor, shown, statements } from '../../check/check.ts';
import { doJob, type Job, type Order } from '../../check/jobs.ts';
import { type Mutant, mutants } from '../../check/mutants.ts';
import type { Recovery } from '../../check/recovery.ts';
import { storyText } from '../../check/story.ts';
import { type Done, inThreads } from '../../env/crew.ts';
import { parsePolicy } from '../../town/founding.ts';
import { readPolicy } from '../checks.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withJson } from '../options.ts';
import { collect, integer } from '../parse.ts';
import type { Shell } from '../shell.ts';
import { duration, type Paint, paintFor, plural } from '../text.ts';

type Options = {
  readonly policy?: string;
  readonly set?: readonly string[];
  readonly agents?: number;
  readonly beads?: number;
  readonly operator?: boolean;
  readonly mutants?: boolean;
  readonly deadline: number;
  readonly workers?: number;
  readonly json?: boolean;
};

const MANY = 3;
const DEADLINE_S = 600;
const DAY_S = 86_400;
const WORKERS_MAX = 256;

export function registerCheck({ program, shell, finish }: Registrar): void {
  withJson(program.command('check'))
    .summary('prove that a policy can not get stuck')
    .description(
      'Explores every state that agents, beads, container and breaker can reach together, with late, lost, doubled\n' +
        'and stale messages, and asks what must hold in all of them. Prints the way to a state in which it does not.',
    )
    .option('--policy <file>', 'settings in YAML or JSON (default: the built-in ones)')
    .option('--set <name=value>', 'one setting, such as attemptsMax=3; may be repeated', collect)
    .option('--agents <number>', 'one search with so many agents instead', integer(1, MANY))
    .option('--beads <number>', 'and so many beads', integer(1, MANY))
    .option('--operator', 'and with a person who presses every button at any time')
    .option('--mutants', 'plant known defects instead, and see whether the check finds each')
    .option('--workers <number>', 'threads that search (default: one a processor)', integer(1, WORKERS_MAX))
    .option('--deadline <seconds>', 'stop after that long, without a verdict', integer(1, DAY_S), DEADLINE_S)
    .addHelpText(
      'after',
      examples('yardmaster check', 'yardmaster check --policy policy.yaml', 'yardmaster check --mutants'),
    )
    .action(async (options: Options) => {
      const policy = parsePolicy({ ...defaultPolicy, ...readPolicy(shell, options.policy, options.set) });
      finish(await (options.mutants ? plant : prove)(shell, policy, options));
    });
}

type Watch = { readonly isOver: () => boolean; readonly since: () => number };

/** Asked by the search: is the time over? */
function watch({ env }: Shell, { deadline }: Options): Watch {
  const start = env.clock.now();
  const since = () => env.clock.now() - start;
  return { since, isOver: () => since() > deadline * 1_000 };
}

type Work = Pick<Order, 'policy' | 'scenes'> & { readonly jobs: readonly Job[]; readonly options: Options };

/** The reports of jobs as they come: from threads when there is more than one, else from here. */
async function* reportsOf(shell: Shell, { policy, scenes, jobs, options }: Work): AsyncGenerator<Done<SceneReport>> {
  const workers = Math.min(options.workers ?? availableParallelism(), jobs.length);
  const order: Order = { policy, scenes, deadlineMs: options.deadline * 1_000 };
  if (workers > 1) {
    yield* inThreads<Job, SceneReport>({
      program: new URL('../../check/worker.js', import.meta.url),
      order,
      jobs,
      workers,
    });
    return;
  }
  const { isOver } = watch(shell, options);
  for (const [index, job] of jobs.entries()) yield { index, answer: doJob(job, { policy, scenes, isOver }) };
}

async function prove(shell: Shell, policy: Policy, options: Options): Promise<number> {
  const { agents, beads, operator = false } = options;
  const chosen = agents !== undefined || beads !== undefined || operator;
  const scenes = chosen ? scenesFor(agents ?? 1, beads ?? 1, operator) : fullScenes;
  const { since } = watch(shell, options);
  const paint = paintFor(shell.out, shell.environment);
  const reports: SceneReport[] = [];
  const jobs = scenes.map((_, index): Job => ({ kind: 'scene', index }));
  for await (const { index, answer } of reportsOf(shell, { policy, scenes, jobs, options })) {
    reports[index] = answer;
    if (!options.json) shell.out.write(reportText(answer, paint));
  }
  const all = reports.every(({ verdict }) => verdict === 'proved');
  const slowest = all && !chosen ? recovery(policy) : null;
  const ms = since();
  if (options.json)
    shell.out.write(`${JSON.stringify({ proved: all, ms, reports, recovery: slowest, shown, statements }, null, 2)}\n`);
  else shell.out.write(`${closingText(reports, ms)}${slowest ? recoveryText(slowest) : ''}`);
  return all ? exits.done : exits.unfinished;
}

export function reportText({ scene, verdict, states, edges, sentence, story }: SceneReport, paint: Paint): string {
  const colour = verdict === 'proved' ? 'green' : verdict === 'refuted' ? 'red' : 'yellow';
  const size = `${states.toLocaleString('en')} states, ${edges.toLocaleString('en')} steps`;
  const line = `${paint(colour, verdict.padEnd(10))}  ${scene}: ${size}\n`;
  return sentence === null ? line : `${line}${storyText(story, sentence)}\n`;
}

function closingText(reports: readonly SceneReport[], ms: number): string {
  const list = (lines: readonly string[]) => lines.map((line) => `  - ${line}\n`).join('');
  const states = reports.reduce((sum, report) => sum + report.states, 0);
  const head = `\n${states.toLocaleString('en')} states in ${duration(ms)}.`;
  const proved = reports.every(({ verdict }) => verdict === 'proved');
  const holds = proved ? `\nIn all of them:\n${list(shown)}` : '\nNot everything was shown.\n';
  return `${head}${holds}How the real machines were made finite:\n${list(statements)}`;
}

export function recoveryText({ longestMs, states, from }: Recovery): string {
  const where = from.map((line) => `  - ${line}\n`).join('');
  return (
    `From each of ${states.toLocaleString('en')} states of one agent and one bead, with every timer at its longest, ` +
    `the bead runs again, is over or is a person's after at most ${duration(longestMs)} (the hour of a bead or a ` +
    `town that has spent its dispatches comes on top). The worst:\n${where}`
  );
}

async function plant(shell: Shell, policy: Policy, options: Options): Promise<number> {
  const { since } = watch(shell, options);
  const paint = paintFor(shell.out, shell.environment);
  const rows: unknown[] = [];
  let killed = 0;
  const jobs = mutants.map((_, index): Job => ({ kind: 'mutant', index }));
  for await (const { index, answer } of reportsOf(shell, { policy, scenes: [], jobs, options })) {
    const mutant = mutants[index] as Mutant;
    const isKilled = answer.verdict === 'refuted';
    if (isKilled) killed += 1;
    const { name, issue, defect } = mutant;
    rows[index] = { name, issue, defect, killed: isKilled, found: answer.sentence, states: answer.states };
    if (!options.json) shell.out.write(mutantText(mutant, answer, paint));
  }
  if (options.json) shell.out.write(`${JSON.stringify({ killed, mutants: rows }, null, 2)}\n`);
  else shell.out.write(`\n${killed} of ${plural(mutants.length, 'mutant')} killed in ${duration(since())}.\n`);
  return killed === mutants.length ? exits.done : exits.unfinished;
}

function mutantText({ issue, name, defect }: Mutant, report: SceneReport, paint: Paint): string {
  const isKilled = report.verdict === 'refuted';
  const verdict = isKilled ? paint('green', 'killed  ') : paint('red', 'survived');
  const found = report.sentence ?? report.verdict;
  return `${verdict}  ${issue.padEnd(30)}  ${name}: ${defect}\n          found: ${found}\n`;
}
