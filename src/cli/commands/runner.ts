/** The commands of runners: a process that hosts agents for a town, and the token that it comes with. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { coerceError, Refused } from '../../core/errors.ts';
import { markOf } from '../../runners/hosting/folder.ts';
import { type Runner, type RunnerEnd, startRunner } from '../../runners/hosting/runner.ts';
import { loadCapabilities } from '../../town/capability.ts';
import { checkId } from '../../town/founding.ts';
import { idPattern, idRule } from '../../town/identifiers.ts';
import type { TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData } from '../options.ts';
import { packageVersion } from '../package.ts';
import { collect, duration, integer } from '../parse.ts';
import { placeOfTown, slug } from '../places.ts';
import type { Shell } from '../shell.ts';
import { plural } from '../text.ts';

type RunnerWords = {
  readonly town: string;
  readonly tokenFile?: string;
  readonly id?: string;
  readonly label?: readonly string[];
  readonly slots?: number;
  readonly dir?: string;
  readonly drain: number;
};

const SLOTS_MAX = 10_000;
const DRAIN_MS = 60_000;
const GRACE_MS = 10_000;
const TOKEN_VARIABLE = 'YARDMASTER_RUNNER_TOKEN';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function registerRunner({ program, shell, finish }: Registrar): void {
  program
    .command('runner')
    .summary('host agents for a town, on this machine or another one')
    .description(
      'Registers with a running town and hosts agents for it until it is told to end. It asks the town for its ' +
        'orders, so it may be behind a router. Runs go on when the town is away, and when this process is killed: ' +
        'the next one in the same folder takes them up. SIGTERM or Ctrl-C: takes no more runs, lets those that there ' +
        'are come to an end, and saves what they made; a second time: leaves at once, and the runs go on.',
    )
    .requiredOption('--town <url>', 'the address of the town, as it is reached from here')
    .option('--token-file <file>', `the file with the runner's token (default: the variable ${TOKEN_VARIABLE})`)
    .option('--id <name>', "the runner's name in the town (default: the name of this machine)")
    .option('--label <name>', 'what it offers: rigs that need it are run here; may be repeated', collect)
    .option('--slots <number>', 'how many runs at a time (default: any number)', integer(1, SLOTS_MAX))
    .option('--dir <folder>', 'where it keeps its runs and repositories (default: ~/.yardmaster/runners/<id>-<hash>)')
    .addOption(
      new Option('--drain <duration>', 'how long runs may go on when it is told to end')
        .argParser(duration)
        .default(DRAIN_MS, '60s'),
    )
    .addHelpText(
      'after',
      examples(
        'yardmaster runner-token build-1 --write build-1.token        # beside the town',
        'yardmaster runner --town http://127.0.0.1:4680 --token-file build-1.token --id build-1 --slots 4',
        `${TOKEN_VARIABLE}=… yardmaster runner --town https://town.example --label gpu`,
      ),
    )
    .action(async (words: RunnerWords) => finish(await host(shell, words)));
}

export function registerRunnerToken({ program, shell, finish }: Registrar): void {
  withData(program.command('runner-token'))
    .summary('print the token of a runner')
    .description(
      'Prints the token with which `yardmaster runner --id <id>` comes to this town. It is derived from the key of ' +
        'the town and opens the door for runners of this name only. Keep it as you keep a password.',
    )
    .argument('<id>', "the runner's name in the town")
    .option('--write <file>', 'writes it into a file that only you can read')
    .addHelpText('after', examples('yardmaster runner-token build-1 --write build-1.token'))
    .action((id: string, words: TownChoice & { readonly write?: string }) => {
      checkName(id);
      const token = loadCapabilities(join(placeOfTown(shell, words.data), 'town.key')).runnerToken(id);
      if (words.write === undefined) shell.out.write(`${token}\n`);
      else {
        const file = resolve(shell.directory, words.write);
        rmSync(file, { force: true });
        writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
        shell.out.write(`the token of runner ${id} is in ${file}\n`);
      }
      finish(exits.done);
    });
}

async function host(shell: Shell, words: RunnerWords): Promise<number> {
  const { env, pid, out } = shell;
  const id = words.id ?? slug(hostname());
  checkName(id);
  for (const label of words.label ?? []) checkId(label, '--label');
  const token = tokenOf(shell, words.tokenFile);
  const runner = await startRunner({
    ...{ env, pid, id, drainMs: words.drain, graceMs: GRACE_MS, version: packageVersion() },
    ...{ town: addressOf(shell, words.town), token },
    ...{
      labels: words.label ?? [],
      slots: words.slots ?? null,
      directory: folderOf(shell, words.dir, `${id}-${markOf(token)}`),
    },
    // No run and no reference of a rig reads it from here.
    environment: Object.fromEntries(Object.entries(shell.environment).filter(([name]) => name !== TOKEN_VARIABLE)),
    say: (line) => out.write(`${line}\n`),
  });
  return ending(shell, runner);
}

async function ending({ out, onSignal }: Shell, runner: Runner): Promise<number> {
  const forget = onSignal(['SIGINT', 'SIGTERM'], () => runner.drain());
  try {
    const end = await runner.ended;
    out.write(`${endText(end)}\n`);
    return { drained: exits.done, left: exits.interrupted, replaced: exits.refused }[end.kind];
  } finally {
    forget();
  }
}

function endText(end: RunnerEnd): string {
  const again = 'start the runner again with the same --dir';
  if (end.kind === 'replaced') return 'ended: another process is this runner now';
  if (end.kind === 'left') {
    if (end.running === 0) return 'left';
    return `left at once: ${plural(end.running, 'run')} went on here; ${again} to take them up`;
  }
  return end.untold === 0 ? 'ended' : `ended, with ${plural(end.untold, 'end')} that the town was not told: ${again}`;
}

function checkName(id: string): void {
  if (!idPattern.test(id)) throw new Refused('invalid', `"${id}" is no name for a runner: ${idRule}`);
  if (id === 'local') throw new Refused('invalid', '"local" is the town itself: give the runner another name');
}

/** Refused `invalid` for what is no address. What goes over a network in the open is said. */
function addressOf({ errors }: Shell, text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.pathname !== '/') {
    throw new Refused('invalid', '--town takes the address of a town and nothing after it, http://127.0.0.1:4680');
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    errors.write(
      `warning: ${url.host} is reached without TLS: whoever listens on the way reads the token and the work; ` +
        'use an ssh tunnel or a TLS proxy (docs/RUNNERS.md)\n',
    );
  }
  return url.origin;
}

/** From a file that only its owner can read, or from the environment; never from the command line. */
function tokenOf(shell: Shell, name: string | undefined): string {
  const given = name === undefined ? shell.environment[TOKEN_VARIABLE] : readToken(resolve(shell.directory, name));
  const token = given?.trim() ?? '';
  if (/^[\x21-\x7e]{20,512}$/.test(token)) return token;
  const what = name === undefined ? `${TOKEN_VARIABLE} holds no token` : `${name} holds no token`;
  throw new Refused('invalid', `${what}: beside the town, \`yardmaster runner-token <id> --write <file>\` makes one`);
}

function readToken(file: string): string {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, 'utf8');
    mode = statSync(file).mode;
  } catch (thrown) {
    const [why] = coerceError(thrown).message.split(', ');
    const make = '`yardmaster runner-token <id> --write <file>` beside the town makes one';
    throw new Refused('invalid', `--token-file ${file} can not be read (${why}): ${make}`);
  }
  if ((mode & 0o077) === 0) return text;
  throw new Refused('invalid', `--token-file ${file} can be read by others: run chmod 600 on it`);
}

function folderOf({ directory, environment }: Shell, given: string | undefined, name: string): string {
  if (given !== undefined) return resolve(directory, given);
  return join(environment.HOME ?? homedir(), '.yardmaster', 'runners', name);
}
