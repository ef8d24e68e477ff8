/** Options that several commands have, and how the command line is put together. */
import { type Command, Option } from 'commander';
import { collect, integer } from './parse.ts';
import { withRuntime } from './runtime.ts';
import type { Shell } from './shell.ts';

/** What a command is registered with. `finish` takes the exit code. */
export type Registrar = { readonly program: Command; readonly shell: Shell; finish(code: number): void };

const PORT_MAX = 65_535;
const AGENTS_MAX = 10_000;

/** Where the town is. */
const AROUND = 'the town of the repository around the current folder';

export function withData(command: Command, fallback = AROUND): Command {
  return command.option('--data <folder>', `the town's folder (default: ${fallback})`);
}

export function withJson(command: Command): Command {
  return command.option('--json', 'JSON instead of text');
}

/** What a rig is made of. */
export function withRig(command: Command): Command {
  return withRuntime(command)
    .option('--repo <folder>', 'the git repository to work on')
    .option('--agent <command>', "the agent's program and arguments; no shell runs it")
    .addOption(
      new Option(
        '--prompt <way>',
        'how the prompt gets to the agent (default: stdin, or where {prompt} or {promptFile} stands)',
      ).choices(['stdin', 'argument', 'file']),
    )
    .option('--test <command>', 'run on each merge result; what breaks it is not merged')
    .option('--branch <name>', 'the branch that work is merged into (default: the one that is checked out)')
    .option('--env <NAME=value>', "adds to the agents' environment; may be repeated", collect)
    .option('--secret <NAME=reference>', 'adds a secret by reference, env:NAME or file:/path; may be repeated', collect)
    .addOption(
      new Option(
        '--isolation <mode>',
        "whether runs are kept from the town's folder and other processes (default: auto)",
      ).choices(['auto', 'required', 'off']),
    )
    .option('--runs-on <label>', 'runs only in containers that have this label; may be repeated', collect)
    .option(
      '--limit <name=number>',
      'bounds each process of a run: memoryMb, processes, cpuSeconds, openFiles, fileMb; may be repeated',
      collect,
    );
}

export function withTown(command: Command): Command {
  return command
    .option('--agents <number>', 'how many agents work at a time', integer(1, AGENTS_MAX))
    .option('--policy <file>', 'settings in YAML or JSON')
    .option('--set <name=value>', 'one setting, such as attemptsMax=3 or leaseMs=90s; may be repeated', collect);
}

export function withPort(command: Command, fallback: string): Command {
  return command.option(
    '--port <number>',
    `where the API listens on this machine (default: ${fallback})`,
    integer(0, PORT_MAX),
  );
}

/** Examples at the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}
