/** The command `up`: a town that stays, served over HTTP until it is told to end. */
import { basename } from 'node:path';
import { Refused } from '../core/errors.ts';
import { checkRig, checkTogether, type RigOptions, readPolicy } from './checks.ts';
import { exits } from './exits.ts';
import { resumeOwnPause } from './interruption.ts';
import { openBefore } from './offline.ts';
import { openTown } from './opening.ts';
import { examples, type Registrar, withData, withPort, withRig, withTown } from './options.ts';
import { collect } from './parse.ts';
import { files, placeOfRepository, placeOfTown, townName } from './places.ts';
import { polecats } from './run.ts';
import { givenRuntime } from './runtime.ts';
import type { Shell } from './shell.ts';
import { plural } from './text.ts';

export type UpOptions = RigOptions & {
  readonly data?: string;
  readonly agents?: number;
  readonly policy?: string;
  readonly set?: readonly string[];
  readonly port?: number;
  readonly host?: string;
  readonly allowedHost?: readonly string[];
  /** False with `--no-local`. */
  readonly local?: boolean;
};

const PORT = 4_680;
const AGENTS_DEFAULT = 3;

export function registerUp({ program, shell, finish }: Registrar): void {
  const command = program
    .command('up')
    .summary('open a town and keep it running')
    .description(
      'Opens a town and serves its API until SIGINT or SIGTERM. Runs go on without it; the next start takes them up ' +
        'again. With --repo and --agent the repository is added, or configured anew; without them the town is ' +
        'opened as it is.',
    );
  withPort(withTown(withRig(withData(command, '~/.yardmaster/<repository>-<hash>'))), String(PORT))
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1, this machine only)')
    .option('--allowed-host <name:port>', 'a name that it is reached by from elsewhere; may be repeated', collect)
    .option('--no-local', 'host no agents here: runners do (docs/RUNNERS.md)')
    .addHelpText(
      'after',
      examples(
        "yardmaster up --repo . --agent 'claude -p' --test 'npm test' --agents 4",
        'yardmaster up --data /srv/town --port 8080',
        'yardmaster up --data /srv/town --no-local --host 10.0.0.5 --allowed-host town.lan:4680',
      ),
    )
    .action(async (options: UpOptions) => finish(await up(shell, options)));
}

/** Resolves with the exit code when a signal ended it. */
export async function up(shell: Shell, options: UpOptions): Promise<number> {
  const { directory, town: townOptions } = await planUp(shell, options);
  warnOfTheOpen(shell, options);
  const { town, url, link, close } = await openTown(shell, {
    ...{ directory, port: options.port ?? PORT },
    ...(options.host !== undefined && { host: options.host }),
    ...(options.allowedHost && { allowedHosts: options.allowedHost }),
    town: { ...townOptions, local: options.local ?? true },
  });
  // An interrupted `run` left a pause of its own; a person's pause stays, and is said.
  await resumeOwnPause(town);
  const { state, reason } = town.status().breaker;
  const ended = new Promise<void>((resolve) => void shell.onSignal(['SIGINT', 'SIGTERM'], resolve));
  shell.out.write(`town ${town.name} is at ${url} (operator token in ${files.token(directory)})\ninspector: ${link}\n`);
  if (state.startsWith('paused')) shell.out.write(`it is paused (${reason ?? state}): yardmaster resume\n`);
  await ended;
  const running = town.status().working.length;
  await close();
  const rest = running === 0 ? '' : `; ${plural(running, 'run')} went on, the next start takes them up`;
  shell.out.write(`town ${town.name} is closed${rest}\n`);
  return exits.done;
}

async function planUp(shell: Shell, options: UpOptions) {
  const given = readPolicy(shell, options.policy, options.set);
  if (options.repo === undefined) {
    refuseRigOptions(options);
    const directory = options.data
      ? placeOfRepository(shell, shell.directory, options.data)
      : placeOfTown(shell, undefined);
    const policy = checkTogether(shell, directory, given);
    return { directory, town: { policy, ...nameIn(shell, directory) } };
  }
  const rig = await checkRig(shell, options);
  const agents = polecats(options.agents ?? AGENTS_DEFAULT, rig.id);
  const directory = placeOfRepository(shell, rig.config.path, options.data);
  const policy = checkTogether(shell, directory, given);
  const name = townName(rig.config.path);
  return { directory, town: { name, policy, agents, rigs: { [rig.id]: rig.config } } };
}

/** There is no TLS here: what is sent over a network is read by whoever listens. */
function warnOfTheOpen({ errors }: Shell, { host }: UpOptions): void {
  if (host === undefined || /^(localhost|127\..*|::1)$/.test(host)) return;
  errors.write(
    `warning: ${host} is open to other machines, and without TLS: tokens and work can be read on the way; ` +
      'an ssh tunnel or a TLS proxy keeps them (docs/RUNNERS.md)\n',
  );
}

/** What describes a rig means nothing without its repository. */
function refuseRigOptions(options: UpOptions): void {
  const { agent, agents, prompt, test, branch, env, secret, isolation, limit, runsOn } = options;
  const rig = { agent, agents, prompt, test, branch, env, secret, isolation, limit, 'runs-on': runsOn };
  const given = Object.entries(rig).filter(([, value]) => value !== undefined);
  const all = [...given.map(([name]) => `--${name}`), ...givenRuntime(options)];
  if (all.length === 0) return;
  const names = all.join(', ');
  throw new Refused('invalid', `${names} without a repository: add --repo <folder>`);
}

/** A town that is there keeps its name. */
function nameIn(shell: Shell, directory: string): { readonly name?: string } {
  using town = openBefore(directory, shell.env);
  return { name: town?.name ?? basename(directory) };
}
