/** The commands of a person at a run: `attach` watches it and speaks to it, `say` says one thing. */
import { InvalidArgumentError } from 'commander';
import { type AttachOptions, attach } from '../attach/attachment.ts';
import { acting, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import type { Shell } from '../shell.ts';

const TAIL_BYTES = 64 * 1024;
const TAIL_MAX_BYTES = 1024 * 1024;
const units: Readonly<Record<string, number>> = { '': 1, b: 1, kib: 1024, k: 1024, mib: 1024 * 1024, m: 1024 * 1024 };

export function registerAttach({ program, shell, finish }: Registrar): void {
  withData(program.command('attach <agent>'))
    .summary('watch an agent at its work, and speak to it')
    .description(
      'Shows what the run of an agent prints, from its last part on, then of its next run, until Ctrl-C: the run ' +
        'goes on. A typed line is a message, which the agent is told when its turn has ended. /take takes the ' +
        'conversation over: the turn ends, and the agent does only what it is told until /release.',
    )
    .option('--no-input', 'only watch')
    .option('--once', 'end with the run; the exit code is 0 when it was completed')
    .option('--raw', 'colours and escape sequences as they were printed, on a terminal')
    .option('--tail <size>', 'how much of what was printed before is shown', size, TAIL_BYTES)
    .option('--take-over', 'take the conversation over at once')
    .addHelpText('after', examples('yardmaster attach polecat-1', 'yardmaster attach polecat-1 --once > run.log'))
    .action(async (agent: string, options: AttachOptions) => finish(await attach(shell, agent, options)));
}

type SayOptions = TownChoice & { readonly json?: boolean };

export function registerSay({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('say <agent> <text>')))
    .summary('say something to the run of an agent')
    .description(
      'Says something to the run of an agent, which is told when its turn has ended. What its run does not take is ' +
        'told to the next run of the bead.',
    )
    .addHelpText('after', examples("yardmaster say polecat-1 'leave the public API as it is'"))
    .action(async (agent: string, text: string, options: SayOptions) => {
      say(shell, await acting(shell, options).say(agent, text), options);
      finish(exits.done);
    });
}

type Said = Awaited<ReturnType<ReturnType<typeof acting>['say']>>;

function say({ out }: Shell, said: Said, { json }: SayOptions): void {
  if (json) out.write(`${JSON.stringify(said, null, 2)}\n`);
  else out.write(`${said.entity} has message ${said.message?.id ?? ''} (log ${said.seq})\n`);
}

/** `64KiB`, `1M`, `2000`. */
function size(text: string): number {
  const [, digits, unit = ''] = /^(\d+)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = units[unit.toLowerCase()];
  const bytes = Number(digits) * (factor ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes <= TAIL_MAX_BYTES) return bytes;
  throw new InvalidArgumentError('It must be a size up to 1MiB, such as 64KiB or 2000.');
}
