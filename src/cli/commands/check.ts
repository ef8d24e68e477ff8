/** The model check at the command line: every state that the machines can reach together, under one's own policy. */
import { defaultPolicy, type Policy } from '../../../machines/policy.ts';
import { check, fullScenes, recovery, type SceneReport, scenesFor, shown, statements } from '../../check/check.ts';
import { checkMutants, type MutantReport, mutants } from '../../check/mutants.ts';
import type { Recovery } from '../../check/recovery.ts';
import { storyText } from '../../check/story.ts';
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
  readonly json?: boolean;
};

const MANY = 3;
const DEADLINE_S = 600;
const DAY_S = 86_400;

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
    .option('--deadline <seconds>', 'stop after that long, without a verdict', integer(1, DAY_S), DEADLINE_S)
    .addHelpText(
      'after',
      examples('yardmaster check', 'yardmaster check --policy policy.yaml', 'yardmaster check --mutants'),
    )
    .action((options: Options) => {
      const policy = parsePolicy({ ...defaultPolicy, ...readPolicy(shell, options.policy, options.set) });
      finish(options.mutants ? plant(shell, policy, options) : prove(shell, policy, options));
    });
}

/** Asked by the search: is the time over? */
function watch({ env }: Shell, { deadline }: Options): { isOver: () => boolean; since: () => number } {
  const start = env.clock.now();
  const since = () => env.clock.now() - start;
  return { since, isOver: () => since() > deadline * 1_000 };
}

function prove(shell: Shell, policy: Policy, options: Options): number {
  const { agents, beads, operator = false } = options;
  const chosen = agents !== undefined || beads !== undefined || operator;
  const scenes = chosen ? scenesFor(agents ?? 1, beads ?? 1, operator) : fullScenes;
  const { isOver, since } = watch(shell, options);
  const paint = paintFor(shell.out, shell.environment);
  const reports: (SceneReport & { readonly ms: number })[] = [];
  for (const report of check({ policy, scenes, isOver })) {
    reports.push({ ...report, ms: since() - reports.reduce((sum, { ms }) => sum + ms, 0) });
    if (!options.json) shell.out.write(reportText(report, paint));
  }
  const all = reports.every(({ verdict }) => verdict === 'proved');
  const slowest = all && !chosen ? recovery(policy) : null;
  if (options.json)
    shell.out.write(`${JSON.stringify({ proved: all, reports, recovery: slowest, shown, statements }, null, 2)}\n`);
  else shell.out.write(`${closingText(reports, since())}${slowest ? recoveryText(slowest) : ''}`);
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
    `the bead runs again, is over or is a person's after at most ${duration(longestMs)} (the hour of one that has ` +
    `spent its dispatches comes on top). The worst:\n${where}`
  );
}

function plant(shell: Shell, policy: Policy, options: Options): number {
  const { isOver } = watch(shell, options);
  const paint = paintFor(shell.out, shell.environment);
  const reports: MutantReport[] = [];
  for (const report of checkMutants(policy, isOver)) {
    reports.push(report);
    if (!options.json) shell.out.write(mutantText(report, paint));
  }
  const killed = reports.filter((report) => report.killed).length;
  const rows = reports.map(({ mutant: { name, issue, defect }, killed: isKilled, report: { sentence, states } }) => ({
    ...{ name, issue, defect, killed: isKilled, found: sentence, states },
  }));
  if (options.json) shell.out.write(`${JSON.stringify({ killed, mutants: rows }, null, 2)}\n`);
  else shell.out.write(`\n${killed} of ${plural(mutants.length, 'mutant')} killed.\n`);
  return killed === mutants.length ? exits.done : exits.unfinished;
}

function mutantText({ mutant, killed, report }: MutantReport, paint: Paint): string {
  const verdict = killed ? paint('green', 'killed  ') : paint('red', 'survived');
  const found = report.sentence ?? report.verdict;
  return `${verdict}  ${mutant.issue.padEnd(30)}  ${mutant.name}: ${mutant.defect}\n          found: ${found}\n`;
}
