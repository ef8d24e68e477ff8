/** The command `runtime`: what all rigs of a town that drive an agent runtime have in common. */
import type { RigRuntime } from '../../../machines/vocabulary.ts';
import { acting, reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { givenRuntime, type RuntimeOptions, readRuntime, withRuntime } from '../runtime.ts';
import { plain } from '../text.ts';

type Options = TownChoice & RuntimeOptions & { readonly clear?: boolean; readonly json?: boolean };

export function registerRuntime({ program, shell, finish }: Registrar): void {
  withRuntime(withJson(withData(program.command('runtime'))))
    .summary('show or change what rigs that drive a runtime share')
    .description(
      'Shows what all rigs of the town that drive an agent runtime have in common; with options, changes that of a ' +
        'running town: what a rig says itself goes before it. Runs that are under way keep what they began with.',
    )
    .option('--clear', 'take away what was shared before')
    .addHelpText(
      'after',
      examples('yardmaster runtime', 'yardmaster runtime --runtime kilo --model code --key file:/run/secrets/kilo'),
    )
    .action(async (options: Options) => {
      const shared = await reading(shell, options, async (town) => town.runtime());
      const wanted = wish(options, () => readRuntime(shell, options, options.clear ? {} : (shared ?? {})) ?? null);
      if (wanted !== undefined) await acting(shell, options).setRuntime(wanted);
      const now = wanted === undefined ? shared : wanted;
      shell.out.write(options.json ? `${JSON.stringify(now, null, 2)}\n` : runtimeScreen(now));
      finish(exits.done);
    });
}

/** What it is to be; undefined: nothing was asked for. */
function wish(options: Options, read: () => RigRuntime | null): RigRuntime | null | undefined {
  if (givenRuntime(options).length === 0) return options.clear ? null : undefined;
  return read();
}

/** One field a line. */
function runtimeScreen(runtime: RigRuntime | null): string {
  if (runtime === null) return 'The rigs of this town share no runtime.\n';
  const fields = Object.entries(runtime).filter(([, value]) => value !== undefined);
  const shown = (value: unknown) => (typeof value === 'string' ? plain(value) : JSON.stringify(value));
  return fields.map(([name, value]) => `${name}: ${shown(value)}\n`).join('');
}
