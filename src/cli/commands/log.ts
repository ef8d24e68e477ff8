/** The command `log`: what happened, row by row, and what happens now. */
import { Refused } from '../../core/errors.ts';
import { refText, type Seq } from '../../core/types.ts';
import { pause } from '../../env/waiting.ts';
import { connect, findSubject, reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { integer } from '../parse.ts';
import { placeOfTown } from '../places.ts';
import type { LoggedRow, Reader } from '../reader.ts';
import type { Shell } from '../shell.ts';
import { clip, instant, type Paint, paintFor, plain } from '../text.ts';

type LogOptions = TownChoice & {
  readonly entity?: string;
  readonly machine?: string;
  readonly limit: number;
  readonly follow?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
};

const LIMIT_DEFAULT = 30;
const LIMIT_MAX = 500;
const COME_BACK_MS = 500;
const ALL_PAGE = 100;
const DETAIL_CELLS = 120;

export function registerLog({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('log')))
    .summary('what happened')
    .description('Shows the newest rows of the log, the oldest of them first. --follow goes on until Ctrl-C.')
    .option('--entity <id>', 'only this bead, agent or machine/id')
    .option('--machine <name>', 'only entities of this machine')
    .option('--limit <number>', 'how many rows', integer(1, LIMIT_MAX), LIMIT_DEFAULT)
    .option('--all', 'every row from the first, one JSON object a line: what simulate --history reads')
    .option('--follow', 'show what happens now as well; one JSON object a line with --json')
    .addHelpText('after', examples('yardmaster log --follow', 'yardmaster log --entity slugify --limit 200'))
    .action(async (options: LogOptions) => {
      if (options.all) await reading(shell, options, (town) => writeAll(shell, town));
      else if (options.follow) await follow(shell, options);
      else await reading(shell, options, async (town) => print(shell, await newest(town, options), options));
      finish(exits.done);
    });
}

async function newest(town: Reader, { entity, machine, limit }: LogOptions): Promise<readonly LoggedRow[]> {
  const ref = entity === undefined ? undefined : await findSubject(town, entity);
  const rows = await town.log({ ...(ref && { entity: ref }), ...(machine && { machine }) }, { limit, order: 'desc' });
  return [...rows].reverse();
}

/** The whole log, in pages. */
async function writeAll({ out }: Shell, town: Reader): Promise<void> {
  for (let from = 0; ; ) {
    const rows = await town.log({}, { from, limit: ALL_PAGE, order: 'asc' });
    out.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const last = rows.at(-1);
    if (!last) return;
    from = last.seq;
  }
}

async function follow(shell: Shell, options: LogOptions): Promise<void> {
  const directory = placeOfTown(shell, options.data);
  const client = connect(shell, directory);
  if (!client) {
    const remedy = `\`yardmaster up --data ${directory}\` starts it`;
    throw new Refused('unavailable', `nothing happens: no process has the town open. ${remedy}`);
  }
  const ref = options.entity === undefined ? undefined : await findSubject(client, options.entity);
  const { seq } = await client.status();
  const rows = await newest(client, options);
  print(shell, rows, options);
  const filter = { ...(ref && { entity: refText(ref) }), ...(options.machine && { machine: options.machine }) };
  const ended = new AbortController();
  const unsubscribe = shell.onSignal(['SIGINT', 'SIGTERM'], () => ended.abort());
  try {
    await followOn(shell, { directory, filter, from: rows.at(-1)?.seq ?? seq, signal: ended.signal }, options);
  } catch (thrown) {
    if (!ended.signal.aborted) throw thrown;
  } finally {
    unsubscribe();
  }
}

type Following = {
  readonly directory: string;
  readonly filter: { readonly entity?: string; readonly machine?: string };
  readonly from: Seq;
  readonly signal: AbortSignal;
};

/** The town lets go of a listener that was too slow: it comes back where it was, as long as the town is there. */
async function followOn(
  shell: Shell,
  { directory, filter, from, signal }: Following,
  options: LogOptions,
): Promise<void> {
  let cursor = from;
  for (let client = connect(shell, directory); client; client = connect(shell, directory)) {
    for await (const row of client.follow(filter, cursor, signal)) {
      print(shell, [row], options);
      cursor = row.seq;
    }
    await pause(shell.env, COME_BACK_MS);
  }
  shell.errors.write('the town was closed\n');
}

function print(
  { out, environment }: Shell,
  rows: readonly LoggedRow[],
  { json, follow: isFollowed }: LogOptions,
): void {
  const paint = paintFor(out, environment);
  if (!json) out.write(rows.map((row) => `${rowText(row, paint)}\n`).join(''));
  else if (isFollowed) out.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else out.write(`${JSON.stringify({ items: rows }, null, 2)}\n`);
}

/** One row on one line, golden in the tests. */
export function rowText(row: LoggedRow, paint: Paint): string {
  const { seq, at, entity, event, by, before, after, rejected, reason } = row;
  const { type, ...fields } = event;
  const change = before === after ? after : `${before || '(born)'} → ${after}`;
  const words = ['reason', 'cause', 'note', 'summary']
    .map((name) => fields[name])
    .find((value) => typeof value === 'string');
  const detail = rejected === null ? (reason ?? words) : `rejected: ${rejected}`;
  const line = `${seq}  ${instant(at)}  ${refText(entity)}  ${type}  ${change}  by ${by}`;
  const tail = detail ? `  ${clip(plain(String(detail)), DETAIL_CELLS)}` : '';
  return rejected === null ? `${line}${paint('dim', tail)}` : paint('yellow', `${line}${tail}`);
}
