/** The command `incidents`: those of the field, and a user's own, played through the real town on a virtual clock. */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type Done, inThreads } from '../../env/crew.ts';
import type { Incident } from '../../incidents/format.ts';
import { readIncidents } from '../../incidents/read.ts';
import { type IncidentResult, playAll, type SuiteOptions } from '../../incidents/suite.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withJson } from '../options.ts';
import { packageRoot } from '../package.ts';
import { integer } from '../parse.ts';
import type { Shell } from '../shell.ts';
import { clip, paintFor, plain, plural, table } from '../text.ts';

type IncidentOptions = {
  readonly mutations?: boolean;
  readonly crashes: number;
  readonly workers?: number;
  readonly json?: boolean;
};

const CRASHES = 20;
const CRASHES_MAX = 100_000;
const TITLE_WIDTH = 60;
const FAILURES_SHOWN = 10;
const BAR_CELLS = 24;
/** So many are worth the second that a thread takes to begin, even as written only. */
const MANY = 10;
const WORKERS_MAX = 256;

export function registerIncidents({ program, shell, finish }: Registrar): void {
  withJson(program.command('incidents'))
    .argument('[paths...]', 'files and folders of incidents (default: those that come with the package)')
    .summary('play recorded incidents')
    .description(
      'Plays each incident through the real town on a virtual clock and says what held. With --mutations it is ' +
        'played again with a crash after each commit, each outside event twice, and neighbouring events swapped.',
    )
    .option('--mutations', 'play the mutations too')
    .option(
      '--crashes <number>',
      `crash points for each incident; more commits than these are sampled evenly (default: ${CRASHES})`,
      integer(1, CRASHES_MAX),
      CRASHES,
    )
    .option('--workers <number>', 'threads that play (default: one a processor)', integer(1, WORKERS_MAX))
    .addHelpText('after', examples('yardmaster incidents --mutations', 'yardmaster incidents my-incident.yaml'))
    .action(async (paths: readonly string[], options: IncidentOptions) => {
      const chosen = paths.length > 0 ? paths.map((path) => resolve(shell.directory, path)) : [dataFolder()];
      const results = await play(shell, readIncidents(chosen), options);
      const paint = paintFor(shell.out, shell.environment);
      const { json, crashes } = options;
      shell.out.write(json ? `${JSON.stringify(results, null, 2)}\n` : resultsText(results, crashes, paint));
      finish(results.some(({ result }) => result === 'fails') ? exits.unfinished : exits.done);
    });
}

/** All of them, with a bar on the terminal. In the order of the files. */
async function play(shell: Shell, jobs: readonly Incident[], options: IncidentOptions): Promise<IncidentResult[]> {
  const { isTerminal } = shell.errors;
  const results: IncidentResult[] = [];
  let done = 0;
  for await (const { index, answer } of resultsOf(jobs, options)) {
    results[index] = answer;
    done += 1;
    if (isTerminal) shell.errors.write(progressText(answer, done, jobs.length));
  }
  if (isTerminal) shell.errors.write('\r\u001b[2K');
  return results;
}

/** What comes of each, as it comes: from threads, or from here where those would not be worth their start. */
async function* resultsOf(jobs: readonly Incident[], options: IncidentOptions): AsyncGenerator<Done<IncidentResult>> {
  const { mutations = false, crashes } = options;
  const order: SuiteOptions = { mutations, crashesMax: crashes };
  const workers = mutations || jobs.length >= MANY ? (options.workers ?? availableParallelism()) : 1;
  if (Math.min(workers, jobs.length) > 1) {
    yield* inThreads({ program: new URL('../../incidents/worker.js', import.meta.url), order, jobs, workers });
    return;
  }
  for (const [index, incident] of jobs.entries()) {
    const [answer] = await playAll([incident], order);
    if (answer) yield { index, answer };
  }
}

/** What failed stays on the screen; what holds makes room for the next one. */
function progressText({ id, result }: IncidentResult, done: number, total: number): string {
  const filled = Math.round((done / total) * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  const failed = result === 'fails' ? `\r\u001b[2K${id} fails\n` : '';
  return `${failed}\r\u001b[2K${bar} ${done}/${total} incidents`;
}

const dataFolder = () => join(packageRoot(), 'data', 'incidents');

/** The table, what failed, and the totals. */
export function resultsText(
  results: readonly IncidentResult[],
  crashes: number,
  paint: ReturnType<typeof paintFor>,
): string {
  const rows = results.map((result) => [
    result.id,
    clip(plain(result.title), TITLE_WIDTH),
    result.result === 'waits'
      ? `waits for ${result.waitsFor}`
      : result.known
        ? `${result.result} (known)`
        : result.result,
    replaysText(result),
  ]);
  const failed = results.filter(({ result }) => result === 'fails').flatMap(failuresText);
  const unmutated = results.reduce((sum, result) => sum + result.unmutated.length, 0);
  const parts = [
    table(['id', 'incident', 'result', 'replays'], rows, paint),
    failed.length > 0 ? `\n${failed.join('\n')}\n` : '',
    `\n${totalsText(results)}\n`,
    ...(results.some(({ replays }) => replays.crash > 0)
      ? [
          `Crash points: all commits of an incident, or ${crashes} of them spread evenly. `,
          `${plural(unmutated, 'check')} asked only of the incident as written, each with its reason in the file.\n`,
        ]
      : []),
  ];
  return parts.join('');
}

function replaysText({ replays, commits, result }: IncidentResult): string {
  if (result === 'waits') return '';
  const { crash, twice, order } = replays;
  if (crash + twice + order === 0) return '1';
  return `1 + ${crash} of ${commits} crashes + ${twice} doubled + ${order} reordered`;
}

function failuresText({ id, known, failures }: IncidentResult): string[] {
  const shown = failures.slice(0, FAILURES_SHOWN).map(({ variation, problem }) => `  ${variation}: ${plain(problem)}`);
  const more = failures.length > shown.length ? [`  … and ${failures.length - shown.length} more`] : [];
  return [`${id} fails${known ? `, which is known: ${known}` : ''}`, ...shown, ...more];
}

/** `88 incidents: 61 hold, 0 fail, 27 wait for convoy (4), …`. */
export function totalsText(results: readonly IncidentResult[]): string {
  const count = (wanted: IncidentResult['result']) => results.filter(({ result }) => result === wanted).length;
  const rooms = new Map<string, number>();
  for (const { waitsFor } of results) if (waitsFor) rooms.set(waitsFor, (rooms.get(waitsFor) ?? 0) + 1);
  const waits = [...rooms].sort().map(([room, times]) => `${room} (${times})`);
  const replays = results.reduce(
    (sum, { replays: { plain: once, crash, twice, order } }) => sum + once + crash + twice + order,
    0,
  );
  const waiting = waits.length === 0 ? '' : `, ${count('waits')} wait for ${waits.join(', ')}`;
  const held = `${plural(results.length, 'incident')}: ${count('holds')} hold, ${count('fails')} fail${waiting}`;
  return `${held}; ${plural(replays, 'replay')}.`;
}
