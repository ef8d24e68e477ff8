/** The options that describe an agent runtime, and what they come to. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { RigRuntime } from '../../machines/vocabulary.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { JsonObject } from '../core/types.ts';
import { sentenceOf } from '../town/words.ts';
import { Runtime, toRuntime } from '../town/workfile.ts';
import type { Shell } from './shell.ts';

export type RuntimeOptions = {
  readonly runtime?: string;
  readonly model?: string;
  readonly gateway?: string;
  readonly key?: string;
  readonly program?: string;
  readonly mode?: string;
  readonly permissions?: string;
  readonly settings?: string;
};

const NAMES = ['runtime', 'model', 'gateway', 'key', 'program', 'mode', 'permissions', 'settings'] as const;

export function withRuntime(command: Command): Command {
  return command
    .addOption(
      new Option('--runtime <name>', 'the agent runtime to drive, in place of --agent').choices([
        ...['kilo', 'opencode', 'acp', 'claude', 'codex'],
      ]),
    )
    .option('--model <name>', "the runtime's model, as the gateway or the runtime names it")
    .option('--gateway <[api=]url>', 'where models are asked (apis: openai-chat, openai-responses, anthropic, kilo)')
    .option('--key <reference>', "where the gateway's key is kept, env:NAME or file:/path")
    .option('--program <command>', "the runtime's program and its first arguments, where it is not found by its name")
    .option('--mode <name>', "the runtime's own agent or mode")
    .addOption(
      new Option('--permissions <answer>', 'what the runtime is answered when it asks whether it may').choices([
        ...['allow', 'deny', 'ask'],
      ]),
    )
    .option('--settings <file>', "JSON that is merged over the runtime's configuration (kilo, opencode)");
}

/** The names of the options that were given. */
export function givenRuntime(options: RuntimeOptions): readonly string[] {
  return NAMES.filter((name) => options[name] !== undefined).map((name) => `--${name}`);
}

/** What the options say, over what was described elsewhere; undefined: nothing. Refused `invalid` with all problems. */
export function readRuntime(
  shell: Pick<Shell, 'directory'>,
  options: RuntimeOptions,
  described: RigRuntime = {},
): RigRuntime | undefined {
  const { runtime: driver, key, settings, ...rest } = options;
  const given = Object.fromEntries(NAMES.flatMap((name) => (name in rest ? [[name, rest[name as 'model']]] : [])));
  const written = {
    ...described,
    ...given,
    ...(driver !== undefined && { driver }),
    ...(key !== undefined && { key: absolute(shell, key) }),
    ...(settings !== undefined && { settings: { ...described.settings, ...readSettings(shell, settings) } }),
  };
  if (Object.keys(written).length === 0) return undefined;
  const parsed = Runtime.safeParse(written);
  if (parsed.success) return toRuntime(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    const [name = 'runtime'] = issue.path.map(String);
    return sentenceOf(`--${name === 'driver' ? 'runtime' : name}`, issue, written);
  });
  throw new Refused('invalid', problems.join('; '), { problems });
}

/** A file is named from where the command is given. */
function absolute({ directory }: Pick<Shell, 'directory'>, reference: string): string {
  const [, path] = /^file:(.+)$/.exec(reference) ?? [];
  return path === undefined ? reference : `file:${resolve(directory, path)}`;
}

function readSettings({ directory }: Pick<Shell, 'directory'>, file: string): JsonObject {
  try {
    return JSON.parse(readFileSync(resolve(directory, file), 'utf8')) as JsonObject;
  } catch (thrown) {
    const { message } = coerceError(thrown);
    if (thrown instanceof SyntaxError) throw new Refused('invalid', `--settings ${file} is no JSON: ${message}`);
    throw new Refused('invalid', `--settings ${file} can not be read (${message.split(', ')[0]}): name a file of JSON`);
  }
}
