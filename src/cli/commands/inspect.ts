/** The command `inspect`: the address of the inspector of a running town, or the pages of one that rests. */
import { Refused } from '../../core/errors.ts';
import { serveInspector } from '../../http/inspector.ts';
import type { TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { openOffline } from '../offline.ts';
import { linkTo } from '../opening.ts';
import { examples, type Registrar, withData, withPort } from '../options.ts';
import { placeOfTown, readAddress } from '../places.ts';
import type { Shell } from '../shell.ts';

type InspectOptions = TownChoice & { readonly offline?: boolean; readonly port?: number };

export function registerInspect({ program, shell, finish }: Registrar): void {
  const command = withData(program.command('inspect'))
    .summary('the address of the inspector')
    .description(
      'Prints an address that lets a person into the inspector of a running town: charts with live counts, ' +
        'histories, timers, effects, and the buttons for what can be done. It is good for 24 hours. With --offline ' +
        'the pages of a town that rests are served from its database, to look at, until Ctrl-C.',
    )
    .option('--offline', 'serve a town that rests, to look at');
  withPort(command, 'any that is free; with --offline')
    .addHelpText('after', examples('yardmaster inspect', 'yardmaster inspect --offline --data /srv/town'))
    .action(async (options: InspectOptions) => finish(await inspect(shell, options)));
}

async function inspect(shell: Shell, options: InspectOptions): Promise<number> {
  const directory = placeOfTown(shell, options.data);
  if (options.offline) return inspectOffline(shell, directory, options.port ?? 0);
  const address = readAddress(directory);
  if (!address) {
    const message = `no process has the town open: \`yardmaster up --data ${directory}\` starts it`;
    throw new Refused('unavailable', `${message}, \`yardmaster inspect --offline\` shows what it left`);
  }
  shell.out.write(`${linkTo(shell, directory, address.url)}\n`);
  return exits.done;
}

async function inspectOffline(shell: Shell, directory: string, port: number): Promise<number> {
  using town = openOffline(directory, shell.env);
  const served = await serveInspector(town.inspection(), { env: shell.env, port });
  const ended = new Promise<void>((resolve) => void shell.onSignal(['SIGINT', 'SIGTERM'], resolve));
  shell.out.write(`town ${town.name} as it was left, to look at: ${served.link}\n`);
  await ended;
  await served.close();
  return exits.done;
}
