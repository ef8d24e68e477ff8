/** The command of a run that drives an agent runtime: started by the town's container, seldom by a person. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Argument, Option } from 'commander';
import { Refused } from '../../core/errors.ts';
import type { JsonObject } from '../../core/types.ts';
import { drive, driveExits } from '../../drive/drive.ts';
import { profileOf } from '../../drive/profile.ts';
import { TownLine } from '../../drive/town-line.ts';
import type { DriverName } from '../../drivers/port.ts';
import { unreadyText } from '../../drivers/readiness.ts';
import { drivers } from '../../drivers/registry.ts';
import { createSystemHost } from '../../drivers/system-host.ts';
import { examples, type Registrar } from '../options.ts';
import { duration, integer } from '../parse.ts';
import type { Shell } from '../shell.ts';

type DriveOptions = {
  readonly program?: string;
  readonly model?: string;
  readonly gateway?: string;
  readonly keyEnv: string;
  readonly mode?: string;
  readonly permissions: 'allow' | 'deny' | 'ask';
  readonly silence: number;
  readonly toolTime: number;
  readonly continuations: number;
  readonly retries: number;
  readonly settings?: string;
  readonly home?: string;
  readonly probe?: boolean;
};

const TIMES_MAX = 100;
const SILENCE_MS = 10 * 60_000;
const TOOL_MS = 60 * 60_000;

export function registerDrive({ program, shell, finish }: Registrar): void {
  program
    .command('drive')
    .summary('run an agent runtime as the agent of a rig')
    .description(
      'Runs an agent runtime with the prompt from standard input, tells the town how it gets on, and ends with ' +
        '0 (done), 1 (the work did not come to an end), 75 (try again later) or 78 (the configuration is wrong). ' +
        'It is what runs of a rig with --runtime kilo --model kilo/code are started with.',
    )
    .addArgument(new Argument('<runtime>', 'which one').choices(Object.keys(drivers)))
    .argument('[arguments...]', 'handed on to the runtime, after --')
    .option('--program <command>', 'the program and its first arguments, where it is not found by its name')
    .option('--model <name>', 'the model, as the gateway or the runtime names it')
    .option('--gateway <[api=]url>', 'where models are asked (apis: openai-chat, openai-responses, anthropic, kilo)')
    .option('--key-env <NAME>', "the variable that holds the gateway's key: a secret of the rig", 'GATEWAY_KEY')
    .option('--mode <name>', "the runtime's own agent or mode")
    .addOption(
      new Option('--permissions <answer>', 'what it is answered when it asks whether it may')
        .choices(['allow', 'deny', 'ask'])
        .default('allow'),
    )
    .option('--silence <duration>', 'how long no sign of life is waited for', duration, SILENCE_MS)
    .option('--tool-time <duration>', 'how long one tool call may take without a sign of life', duration, TOOL_MS)
    .option('--continuations <number>', 'how often it is told to go on', integer(0, TIMES_MAX), 1)
    .option('--retries <number>', 'how often it may repeat a call to its model', integer(0, TIMES_MAX), 5)
    .option('--settings <json>', 'merged over the configuration (kilo, opencode): JSON, or a file of it')
    .option('--home <folder>', "the runtime's home (default: one of its own for each agent)")
    .option('--probe', 'only look whether a run could begin')
    .addHelpText(
      'after',
      examples('yardmaster drive claude --probe', 'yardmaster drive kilo --model kilo/code --probe'),
    )
    .action(async (name: DriverName, rest: readonly string[], options: DriveOptions) => {
      finish(options.probe ? await probe(shell, name, { rest, options }) : await run(shell, name, { rest, options }));
    });
}

type Words = { readonly rest: readonly string[]; readonly options: DriveOptions };

async function run(shell: Shell, name: DriverName, words: Words): Promise<number> {
  const { environment, env, directory } = shell;
  const agent = environment.YARDMASTER_AGENT ?? 'agent';
  const bead = environment.YARDMASTER_BEAD ?? 'bead';
  const { YARDMASTER_API_URL: url, YARDMASTER_TOKEN: token } = environment;
  const epoch = Number(environment.YARDMASTER_EPOCH ?? 1);
  const town = url && token ? new TownLine({ env, url, token, agent, epoch }) : null;
  const stopping = new AbortController();
  const forget = shell.onSignal(['SIGINT', 'SIGTERM'], () => stopping.abort());
  try {
    return await drive({
      ...{ env, town, bead, epoch, driver: drivers[name], signal: stopping.signal },
      environment: programsEnvironment(environment),
      since: environment.YARDMASTER_START_COMMIT ?? environment.YARDMASTER_TARGET_BRANCH ?? 'main',
      handover: await handoverOf(environment),
      previousEpoch: Number(environment.YARDMASTER_PREVIOUS_BRANCH?.split('/').at(-1)) || null,
      write: (output) => shell.out.write(output),
      request: {
        profile: await profileFrom(shell, name, words),
        directory,
        home: words.options.home ?? ownHome(environment, agent),
        title: environment.YARDMASTER_TITLE ?? bead,
        prompt: await text(process.stdin),
        mcp: town?.mcp ?? null,
      },
    });
  } finally {
    forget();
  }
}

/** What the town tells of earlier attempts; empty: nothing. */
async function handoverOf({ YARDMASTER_HANDOVER_FILE: file }: Shell['environment']): Promise<string> {
  return file === undefined ? '' : readFile(file, 'utf8');
}

/** Where runtimes keep what they remember: kept for the next attempt, and apart from every other agent's. */
function ownHome(environment: Shell['environment'], agent: string): string {
  const home = environment.HOME ?? tmpdir();
  return join(home, '.local', 'state', 'yardmaster', environment.YARDMASTER_TOWN ?? 'town', agent);
}

/** Prints whether a run could begin; the code says it to whoever starts runs. */
async function probe(shell: Shell, name: DriverName, words: Words): Promise<number> {
  const host = createSystemHost(shell.env, {
    environment: programsEnvironment(shell.environment),
    emit: () => undefined,
    log: (message) => shell.env.log('info', message),
    workState: async () => 'none',
    onPerson: () => () => undefined,
  });
  const readiness = await drivers[name].probe(await profileFrom(shell, name, words), host);
  if (readiness.ready) {
    shell.out.write(`${[`${name} ${readiness.version} is ready`, ...readiness.notes].join('\n')}\n`);
    return driveExits.completed;
  }
  shell.errors.write(`${name} is not ready: ${unreadyText(readiness)}\n`);
  return driveExits[readiness.failure];
}

/** What programs of the runtime see: the run's own environment, whose marker is on all that they start. */
function programsEnvironment(environment: Shell['environment']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function profileFrom(shell: Shell, name: DriverName, { rest, options }: Words) {
  const settings = options.settings === undefined ? {} : await readSettings(options.settings);
  const { silence, toolTime, ...words } = options;
  return profileOf(name, { ...words, silenceMs: silence, toolMs: toolTime, settings, rest }, shell.environment);
}

async function readSettings(given: string): Promise<JsonObject> {
  const isInline = given.trimStart().startsWith('{');
  try {
    return JSON.parse(isInline ? given : await readFile(given, 'utf8')) as JsonObject;
  } catch (thrown) {
    throw new Refused('invalid', `--settings ${isInline ? '' : given}: ${(thrown as Error).message}`);
  }
}
