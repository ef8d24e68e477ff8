/**
 * Towns on a virtual clock in a world that breaks, seed after seed, and what the oracles say: `yardmaster simulate`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Refused } from '../../core/errors.ts';
import { type DirectedRun, playDirected } from '../../simulator/directed.ts';
import { incidentText, parseRepro, type Repro, reproOf } from '../../simulator/repro.ts';
import { sizeOf } from '../../simulator/scenario.ts';
import { shrink } from '../../simulator/shrink.ts';
import { type Outcome, simulate } from '../../simulator/simulate.ts';
import { type Sweep, sweep, unhit } from '../../simulator/sweep.ts';
import { parseRows } from '../../simulator/what-if/rows.ts';
import { whatIf } from '../../simulator/what-if.ts';
import { readPolicy } from '../checks.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar } from '../options.ts';
import { integer } from '../parse.ts';
import type { Shell } from '../shell.ts';
import { paintFor } from '../text.ts';
import { whatIfText } from '../what-if-text.ts';

const DAY_MS = 86_400_000;
const SEEDS_MAX = 100_000_000;
const DAYS_DEFAULT = 0.25;
const BAR_CELLS = 24;
const WORKERS_MAX = 256;

type Options = {
  readonly seed: number;
  readonly towns: number;
  readonly seeds?: readonly [number, number];
  readonly days: number;
  readonly workers?: number;
  readonly shrink?: boolean;
  readonly save?: string;
  readonly replay?: string;
  readonly edges?: boolean;
  readonly history?: string;
  readonly policy?: string;
  readonly json?: boolean;
};

export function registerSimulate({ program, shell, finish }: Registrar): void {
  program
    .command('simulate')
    .summary('towns in a world that breaks, on a virtual clock')
    .description('Plays whole towns against a seeded world of faults and asks every property all the time.')
    .option('--seed <number>', 'the first seed', integer(0, SEEDS_MAX), 1)
    .option('--towns <number>', 'how many towns, one a seed', integer(1, SEEDS_MAX), 1)
    .option('--seeds <a..b>', 'the seeds from a to b instead', seedRange)
    .option('--days <number>', 'length of a town, in simulated days', positive, DAYS_DEFAULT)
    .option('--workers <number>', 'threads that play towns (default: one a processor)', integer(1, WORKERS_MAX))
    .option('--shrink', 'make the first failing seed small')
    .option('--save <file>', 'write the first failing seed to a file: .yaml is an incident, .json is for --replay')
    .option('--replay <file>', 'play a saved file again')
    .option('--edges', 'play the directed towns too; fails when an edge of a chart was not taken')
    .option('--history <file>', 'a log that `log --all` wrote: what would it have been with the settings of --policy?')
    .option('--policy <file>', 'the other settings, in YAML or JSON')
    .option('--json', 'JSON instead of text, with --history')
    .addHelpText(
      'after',
      examples(
        'yardmaster simulate --seeds 1..1000',
        'yardmaster simulate --seed 42 --shrink --save found.yaml',
        'yardmaster log --all > log.jsonl && yardmaster simulate --history log.jsonl --policy other.yaml',
      ),
    )
    .action(async (options: Options) => {
      const directory = mkdtempSync(join(tmpdir(), 'yardmaster-simulate-'));
      try {
        finish(await run(shell, options, directory));
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
}

async function run(shell: Shell, options: Options, directory: string): Promise<number> {
  if (options.history !== undefined) return compare(shell, options, directory);
  if (options.replay !== undefined) return replay(shell, options.replay, directory);
  const { seed, towns, days } = options;
  const [first, last] = options.seeds ?? [seed, seed + towns - 1];
  const total = last - first + 1;
  const startedAt = shell.env.clock.now();
  const all = await interruptible(shell, (signal) =>
    sweep({
      ...{ seeds: range(first, last), size: { days }, directory, signal },
      workers: Math.min(options.workers ?? availableParallelism(), total),
      onTown: (outcome, sofar) => showTown(shell, outcome, { sofar, total }),
    }),
  );
  if (shell.errors.isTerminal) shell.errors.write('\r\u001b[2K');
  const wallMs = shell.env.clock.now() - startedAt;
  const directed = options.edges && !all.isInterrupted ? await playDirected(directory) : null;
  if (directed) all.coverage.add(directed.coverage.hits);
  shell.out.write(summary(all, wallMs));
  if (all.isInterrupted) {
    shell.out.write(`interrupted after ${all.towns} of ${total} towns\n`);
    return exits.interrupted;
  }
  const isAimless = directed !== null && !showDirected(shell, directed, unhit(all).missing);
  const [failed] = all.failures;
  if (!failed) return isAimless ? exits.unfinished : exits.done;
  const repro = options.shrink ? await smaller(shell, failed, directory) : reproOf(failed);
  if (options.save !== undefined) {
    const isIncident = /\.ya?ml$/.test(options.save);
    const text = isIncident ? incidentText(repro) : `${JSON.stringify(repro, null, 2)}\n`;
    writeFileSync(resolve(shell.directory, options.save), text);
    const again = isIncident ? 'incidents' : 'simulate --replay';
    shell.out.write(`saved: ${options.save}; play it again with yardmaster ${again} ${options.save}\n`);
  }
  return exits.unfinished;
}

/** What the directed towns found, and the edges that nobody took. True when there are none. */
function showDirected(shell: Shell, { towns, problems }: DirectedRun, missing: readonly string[]): boolean {
  const lines = [
    `${towns} directed towns were played for the edges that chance seldom takes`,
    ...problems.map(({ aim, problem }) => `FAILED ${aim}: ${problem}`),
    ...missing.map((edge) => `FAILED no town took ${edge}`),
  ];
  shell.out.write(`${lines.join('\n')}\n`);
  return problems.length + missing.length === 0;
}

/** Ctrl-C ends the sweep with what it has. */
async function interruptible(
  shell: Shell,
  work: (signal: AbortSignal) => Promise<Sweep>,
): Promise<Sweep & { isInterrupted: boolean }> {
  const controller = new AbortController();
  const unsubscribe = shell.onSignal(['SIGINT', 'SIGTERM'], () => controller.abort());
  try {
    const all = await work(controller.signal);
    return { ...all, isInterrupted: controller.signal.aborted };
  } finally {
    unsubscribe();
  }
}

function showTown(shell: Shell, outcome: Outcome, { sofar, total }: { sofar: Sweep; total: number }): void {
  if (shell.errors.isTerminal) {
    const filled = Math.round((sofar.towns / total) * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const failures = sofar.failures.length === 0 ? 'no violation' : `${sofar.failures.length} failed`;
    shell.errors.write(`\r\u001b[2K${bar} ${sofar.towns}/${total} towns, ${failures}`);
  }
  const [violation] = outcome.violations;
  if (!violation) return;
  const { property, sentence, atMs } = violation;
  const { seed, size } = outcome;
  const edge = shell.errors.isTerminal ? '\r\u001b[2K' : '';
  shell.out.write(
    `${edge}FAILED seed ${seed} ${property} after ${(atMs / 60_000).toFixed(1)} min: ${sentence}\n` +
      `  again: yardmaster simulate --seed ${seed} --days ${size.days}\n`,
  );
}

async function compare(shell: Shell, options: Options, directory: string): Promise<number> {
  const { history = '', policy, seed, json } = options;
  const rows = parseRows(readFileSync(resolve(shell.directory, history), 'utf8'));
  const patch = policy === undefined ? {} : readPolicy(shell, policy);
  const result = await whatIf({ rows, patch, seed, directory });
  shell.out.write(
    json ? `${JSON.stringify(result, null, 2)}\n` : whatIfText(result, paintFor(shell.out, shell.environment)),
  );
  return result.reproduction.differences.length === 0 ? exits.done : exits.unfinished;
}

async function smaller(shell: Shell, failed: Outcome, directory: string): Promise<Repro> {
  shell.out.write(`shrinking seed ${failed.seed}: ${failed.faults.length} faults struck\n`);
  const { outcome, tries } = await shrink(failed, ({ size, allowed }, untilMs) =>
    simulate({ seed: failed.seed, size, allowed, untilMs, directory }),
  );
  const { beads, agents } = outcome.scenario;
  const repro = reproOf(outcome);
  const head = `after ${tries} tries: ${agents.length} agents, ${beads.length} beads, ${repro.faults.length} faults`;
  const faults = repro.faults.map((id) => `  fault ${id}`);
  const events = repro.events.slice(-20).map((line) => `  ${line}`);
  shell.out.write(`${[head, ...faults, 'the last that happened:', ...events].join('\n')}\n`);
  return repro;
}

async function replay(shell: Shell, file: string, directory: string): Promise<number> {
  const { seed, size, faults, hash, violation } = parseRepro(readFileSync(resolve(shell.directory, file), 'utf8'));
  const outcome = await simulate({ seed, size: sizeOf(size), allowed: new Set(faults), directory });
  const [found] = outcome.violations;
  const same = outcome.hash === hash ? 'byte for byte the same log' : 'another log: the program has changed since';
  const verdict = found
    ? `violates ${found.property}: ${found.sentence}`
    : `no violation of ${violation.property} any more`;
  shell.out.write(`seed ${seed}, ${faults.length} faults: ${verdict} (${same})\n`);
  return found ? exits.unfinished : exits.done;
}

/** The figures of a sweep, one a line. */
export function summary(all: Sweep, wallMs: number): string {
  const { figures, failures } = all;
  const { all: edges, missing } = unhit(all);
  const days = all.simulatedMs / DAY_MS;
  const seconds = Math.max(wallMs, 1) / 1_000;
  const hit = edges - missing.length;
  const lines = [
    `${all.towns} towns, ${days.toFixed(1)} simulated town-days in ${seconds.toFixed(1)} s`,
    `${(days / seconds).toFixed(2)} town-days a second`,
    `${all.faults} faults, ${figures.kills} kills of the town, ${all.rows} log rows`,
    `${figures.dispatches} dispatches, ${figures.runs} runs, ${figures.merges} merges`,
    `${figures.closed} of ${figures.beads} beads closed; the others wait for a person or are failed`,
    `edges of the charts taken: ${hit} of ${edges} (${((100 * hit) / edges).toFixed(1)} %)`,
    `${all.repeated} towns played twice, with the same log`,
    failures.length === 0 ? 'no violation' : `seeds that violate a property: ${failures.length}`,
  ];
  return `${lines.join('\n')}\n`;
}

function* range(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed += 1) yield seed;
}

function seedRange(text: string): readonly [number, number] {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (first !== undefined && last !== undefined && Number(first) <= Number(last)) return [Number(first), Number(last)];
  throw new Refused('invalid', `"${text}" is no range of seeds: write it like 1..1000`);
}

function positive(text: string): number {
  const days = Number(text);
  if (Number.isFinite(days) && days > 0 && days <= 365) return days;
  throw new Refused('invalid', `"${text}" is no number of days from above 0 to 365`);
}
