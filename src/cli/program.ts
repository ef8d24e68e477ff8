/** The program: every command, registered once, and how a failure becomes a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { Bug, coerceError, Refused, Retryable, Terminal } from '../core/errors.ts';
import { registerAdd } from './commands/add.ts';
import { registerAttach, registerSay } from './commands/attach.ts';
import { registerCall } from './commands/call.ts';
import { registerBackup, registerVerify } from './commands/care.ts';
import { registerCharts } from './commands/charts.ts';
import { registerCheck } from './commands/check.ts';
import { registerDrive } from './commands/drive.ts';
import { registerIncidents } from './commands/incidents.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerList } from './commands/list.ts';
import { registerLog } from './commands/log.ts';
import { registerPolicy } from './commands/policy.ts';
import { registerRunner, registerRunnerToken } from './commands/runner.ts';
import { registerRuntime } from './commands/runtime.ts';
import { registerShow, registerWhy } from './commands/show.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerStatus } from './commands/status.ts';
import { registerTells } from './commands/tell.ts';
import { registerDemo } from './demo.ts';
import { exitOf, exits, exitTable } from './exits.ts';
import type { Registrar } from './options.ts';
import { packageVersion } from './package.ts';
import { registerRun } from './run.ts';
import type { Shell } from './shell.ts';
import { paintFor, plainLines } from './text.ts';
import { registerUp } from './up.ts';

const registrations: readonly ((registrar: Registrar) => void)[] = [
  ...[
    registerRun,
    registerUp,
    registerDemo,
    registerInspect,
    registerStatus,
    registerList,
    registerShow,
    registerWhy,
    registerLog,
  ],
  ...[
    registerAdd,
    registerTells,
    registerAttach,
    registerSay,
    registerPolicy,
    registerRuntime,
    registerCharts,
    registerCheck,
    registerVerify,
    registerBackup,
    registerSimulate,
    registerIncidents,
    registerDrive,
    registerCall,
    registerRunner,
    registerRunnerToken,
  ],
];

/** All commands; `finish` is told the exit code of the one that ran. */
export function createProgram(shell: Shell, finish: (code: number) => void): Command {
  const program = new Command('yardmaster')
    .description('A durable statechart engine that runs a town of coding agents and cannot get stuck.')
    .version(packageVersion())
    .addHelpText('after', `\n${exitTable}`)
    .configureOutput({ writeOut: (text) => shell.out.write(text), writeErr: (text) => shell.errors.write(text) })
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride();
  // Commands inherit what is set before they are made.
  for (const register of registrations) register({ program, shell, finish });
  return program;
}

/** Runs one command line, without the names of the program; resolves with the exit code. */
export async function main(shell: Shell, words: readonly string[]): Promise<number> {
  let code: number = exits.done;
  const program = createProgram(shell, (given) => {
    code = given;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (thrown) {
    const error = coerceError(thrown);
    // Commander has said it already.
    if (!(error instanceof CommanderError)) shell.errors.write(failureText(shell, error));
    return exitOf(error);
  }
}

function failureText({ errors, environment }: Shell, error: Error): string {
  // A stack is for us: only what should have been impossible shows one.
  const told = error instanceof Refused || error instanceof Retryable || error instanceof Terminal;
  const known = (told || exitOf(error) !== exits.unfinished) && !(error instanceof Bug);
  const text = known ? error.message : (error.stack ?? error.message);
  return `${paintFor(errors, environment)('red', 'yardmaster:')} ${plainLines(text)}\n`;
}
