/** Commands that tell one entity of a running town one thing: hold, cancel, pause, any event at all. */
import { BREAKER } from '../../../machines/wiring.ts';
import { Refused } from '../../core/errors.ts';
import type { EntityRef } from '../../core/types.ts';
import type { Client, SentReceipt } from '../client.ts';
import { acting, findSubject, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { parseEvent, parseSubject } from '../parse.ts';
import type { Shell } from '../shell.ts';

type TellOptions = TownChoice & { readonly reason?: string; readonly json?: boolean };

/** A command for one bead, and the event that it is. */
type BeadCommand = {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly description: string;
};

const beadCommands: readonly BeadCommand[] = [
  {
    name: 'cancel',
    type: 'CANCEL',
    summary: 'give a bead up',
    description: 'Gives a bead up for good; its run is stopped.',
  },
  {
    name: 'hold',
    type: 'HOLD',
    summary: 'hold a bead back',
    description: 'Holds a bead back until `release`; its run is stopped.',
  },
  {
    name: 'release',
    type: 'RELEASE',
    summary: 'let a held or blocked bead go on',
    description: 'Lets a bead go on that is held, has asked something, or depends on one that failed.',
  },
];

/** What can be paused, and which entity hears it. */
const pausable = ['rig', 'agent'];

export function registerTells(registrar: Registrar): void {
  for (const command of beadCommands) registerBeadCommand(registrar, command);
  registerRetry(registrar);
  registerReset(registrar);
  registerPause(registrar, {
    name: 'pause',
    type: 'PAUSE',
    summary: 'start nothing more in a town, rig or agent; what runs goes on',
  });
  registerPause(registrar, { name: 'resume', type: 'RESUME', summary: 'take a pause back' });
  registerSend(registrar);
}

function registerBeadCommand(
  { program, shell, finish }: Registrar,
  { name, type, summary, description }: BeadCommand,
): void {
  telling(program.command(`${name} <bead>`))
    .summary(summary)
    .description(description)
    .addHelpText('after', examples(`yardmaster ${name} slugify --reason 'not now'`))
    .action(async (bead: string, options: TellOptions) => {
      const client = acting(shell, options);
      report(shell, await client.send(beadRef(bead), event(type, options)), options);
      finish(exits.done);
    });
}

function registerRetry({ program, shell, finish }: Registrar): void {
  telling(program.command('retry <bead>'))
    .summary('try again what failed or waits')
    .description('Reopens a bead that failed for good; a bead that only waits may go at once.')
    .addHelpText('after', examples('yardmaster retry price-rounding'))
    .action(async (bead: string, options: TellOptions) => {
      report(shell, await acting(shell, options).retry(beadRef(bead).id, options.reason), options);
      finish(exits.done);
    });
}

function registerReset({ program, shell, finish }: Registrar): void {
  telling(program.command('reset <id>'))
    .summary('reset the attempts of a bead or an agent')
    .description(
      'Sets the failed attempts of a bead or agent to 0 and ends its wait; also for breaker/town, containers, rigs.',
    )
    .addHelpText('after', examples('yardmaster reset polecat-1', 'yardmaster reset breaker/town'))
    .action(async (id: string, options: TellOptions) => {
      const client = acting(shell, options);
      report(shell, await client.send(await findSubject(client, id), event('RESET', options)), options);
      finish(exits.done);
    });
}

type PauseCommand = Pick<BeadCommand, 'name' | 'type' | 'summary'>;

function registerPause({ program, shell, finish }: Registrar, { name, type, summary }: PauseCommand): void {
  telling(program.command(`${name} [what]`))
    .summary(summary)
    .description(
      `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. The town when no rig/<id> or agent/<id> is named.`,
    )
    .addHelpText('after', examples(`yardmaster ${name}`, `yardmaster ${name} agent/polecat-2`))
    .action(async (what: string | undefined, options: TellOptions) => {
      const client = acting(shell, options);
      report(shell, await client.send(pausableRef(what ?? 'town'), event(type, options)), options);
      finish(exits.done);
    });
}

function registerSend({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('send <entity> <event> [fields]')))
    .summary('any event to any entity')
    .description(
      'Sends an event to machine/id, with its fields as JSON. A state that does not take it says what it takes.',
    )
    .addHelpText('after', examples('yardmaster send agent/polecat-1 STOP \'{"reason":"too slow"}\''))
    .action(async (entity: string, type: string, fields: string | undefined, options: TellOptions) => {
      const message = parseEvent(type, fields);
      report(shell, await acting(shell, options).send(entityRef(entity), message), options);
      finish(exits.done);
    });
}

function telling(command: ReturnType<Registrar['program']['command']>) {
  return withJson(withData(command)).option('--reason <text>', 'why, for the log');
}

function event(type: string, { reason }: TellOptions) {
  return { type, ...(reason !== undefined && { reason }) };
}

function beadRef(text: string): EntityRef {
  const ref = parseSubject(text);
  if (ref.machine === 'bead' && ref.id !== '') return ref;
  throw new Refused('invalid', `${text} is no bead: give its id`);
}

/** A town is paused at its breaker, which every dispatch asks. */
function pausableRef(text: string): EntityRef {
  if (text === 'town') return { machine: 'breaker', id: BREAKER };
  const ref = parseSubject(text);
  if (text.includes('/') && pausable.includes(ref.machine) && ref.id !== '') return ref;
  throw new Refused('invalid', `${text} can not be paused: use town, rig/<id> or agent/<id>`);
}

function entityRef(text: string): EntityRef {
  const ref = parseSubject(text);
  if (text.includes('/') && ref.machine !== '' && ref.id !== '') return ref;
  throw new Refused('invalid', `${text} names no entity: use machine/id, such as agent/polecat-1`);
}

type Receipt = Awaited<ReturnType<Client['send']>>;

function report({ out }: Shell, receipt: Receipt, { json }: TellOptions): void {
  out.write(json ? `${JSON.stringify(receipt, null, 2)}\n` : receiptText(receipt));
}

/** What came of an event, on one line. */
export function receiptText({ entity, state, seq }: SentReceipt): string {
  return `${entity} is ${state} (log ${seq})\n`;
}
