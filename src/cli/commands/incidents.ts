/** The command `incidents`: those of the field, and a user's own, played through the real town on a virtual clock. */
import { join, resolve } from 'node:path';
import { readIncidents } from '../../incidents/read.ts';
import { type IncidentResult, playAll } from '../../incidents/suite.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withJson } from '../options.ts';
import { packageRoot } from '../package.ts';
import { integer } from '../parse.ts';
import { clip, paintFor, plain, plural, table } from '../text.ts';

type IncidentOptions = {
  readonly mutations?: boolean;
  readonly crashes: number;
  readonly json?: boolean;
};

const CRASHES = 20;
const CRASHES_MAX = 100_000;
const TITLE_WIDTH = 60;
const FAILURES_SHOWN = 10;

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
    .addHelpText('after', examples('yardmaster incidents --mutations', 'yardmaster incidents my-incident.yaml'))
    .action(async (paths: readonly string[], options: IncidentOptions) => {
      const chosen = paths.length > 0 ? paths.map((path) => resolve(shell.directory, path)) : [dataFolder()];
      const incidents = readIncidents(chosen);
      const { mutations = false, crashes } = options;
      const say = (result: IncidentResult) => shell.errors.isTerminal && shell.errors.write(`\r${result.id}   \r`);
      const results = await playAll(incidents, { mutations, crashesMax: crashes, onResult: say });
      const paint = paintFor(shell.out, shell.environment);
      const text = options.json ? `${JSON.stringify(results, null, 2)}\n` : resultsText(results, crashes, paint);
      shell.out.write(text);
      finish(results.some(({ result }) => result === 'fails') ? exits.unfinished : exits.done);
    });
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
