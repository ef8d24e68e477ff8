/**
 * From the text of an agent command to the arguments of a process: parsed without a shell, filled, and checked to
 * exist.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import { Refused } from '../core/errors.ts';
import type { AgentCommand } from './port.ts';

/** What placeholders stand for. */
export type CommandValues = {
  readonly prompt: string;
  readonly promptFile: string;
  readonly bead: string;
  readonly title: string;
};

/** Arguments ready to be run, and whether the prompt goes to standard input. */
export type FilledCommand = { readonly argv: readonly string[]; readonly stdin: boolean };

/** Linux takes no longer single argument (MAX_ARG_STRLEN, with its closing NUL). */
const argumentBytesMax = 128 * 1024 - 1;
const shellWords = new Set(['&&', '||', '|', ';', '&', '>', '>>', '<', '<<', '2>', '2>&1']);

/**
 * Splits a command into arguments the way a person quotes them; no shell sees it. The prompt goes by standard input,
 * or where an argument holds `{prompt}` or `{promptFile}`.
 * @throws Refused `invalid` for an empty command, or one that wants a shell.
 */
export function parseCommand(text: string): AgentCommand {
  const argv = parseArgsStringToArgv(text.trim()).map(unquote);
  if (argv.length === 0) {
    throw new Refused('invalid', 'the agent command is empty: name a program and its arguments, such as `claude -p`');
  }
  const operator = argv.find((argument) => shellWords.has(argument));
  if (operator !== undefined) {
    throw new Refused(
      'invalid',
      `the agent command \`${text}\` holds \`${operator}\`, but no shell runs it: ` +
        "put that into a script, or name the shell (sh -c '…')",
    );
  }
  if (mentions(argv, 'prompt')) return { argv, promptBy: 'argument' };
  return { argv, promptBy: mentions(argv, 'promptFile') ? 'file' : 'stdin' };
}

/**
 * Replaces `{prompt}`, `{promptFile}`, `{bead}` and `{title}` inside arguments, once: what a prompt says is never a
 * placeholder.
 * @throws Refused `invalid` for a NUL, `too_large` for an argument that the system would not take.
 */
export function fillCommand(command: AgentCommand, values: CommandValues): FilledCommand {
  const named = mentions(command.argv, 'prompt') || mentions(command.argv, 'promptFile');
  const appended = !named && command.promptBy === 'argument' ? [values.prompt] : [];
  const argv = [...command.argv.map((argument) => fill(argument, values)), ...appended];
  for (const [index, argument] of argv.entries()) {
    if (argument.includes('\0'))
      throw new Refused('invalid', `argument ${index} of the agent command holds a NUL character: remove it`);
    if (Buffer.byteLength(argument) > argumentBytesMax) {
      throw new Refused(
        'too_large',
        `argument ${index} of the agent command is longer than ${argumentBytesMax} bytes: ` +
          'let the prompt go by standard input or {promptFile}',
      );
    }
  }
  return { argv, stdin: !named && command.promptBy === 'stdin' };
}

/**
 * The path of a program: searched in PATH, or taken as it is when it holds a slash (relative to `directory`).
 * @throws Refused `not_found` naming the program and the remedy.
 */
export async function findProgram(
  name: string,
  places: { path: string | undefined; directory: string },
): Promise<string> {
  const candidates = name.includes('/')
    ? [resolve(places.directory, name)]
    : (places.path ?? '')
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, name));
  let unusable: string | null = null;
  for (const candidate of candidates) {
    const state = await stat(candidate).catch(() => null);
    if (!state?.isFile()) continue;
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
    unusable = candidate;
  }
  if (unusable !== null) {
    throw new Refused('not_found', `the command "${name}" is not executable: run chmod +x ${unusable}`);
  }
  const where = name.includes('/') ? candidates[0] : 'any folder of PATH';
  throw new Refused(
    'not_found',
    `the command "${name}" does not exist in ${where}: install it, or correct the command`,
  );
}

/** The parser keeps the quotes of `--name="a value"`, where a person means them to go. */
function unquote(argument: string): string {
  return argument.replace(/^([^\s"'=]+=)(["'])(.*)\2$/s, '$1$3');
}

function mentions(argv: readonly string[], placeholder: keyof CommandValues): boolean {
  return argv.some((argument) => argument.includes(`{${placeholder}}`));
}

function fill(argument: string, values: CommandValues): string {
  return argument.replace(/\{(prompt|promptFile|bead|title)\}/g, (_, name: keyof CommandValues) => values[name]);
}
