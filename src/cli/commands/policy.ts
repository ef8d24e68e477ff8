/** The command `policy`: every setting of a town, and the change of some. */
import { durationText } from '../../../machines/durations.ts';
import { aboutSetting, defaultPolicy, type Policy, unitOf } from '../../../machines/policy.ts';
import { acting, reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { collect, parseSettings } from '../parse.ts';
import { type Paint, paintFor, table } from '../text.ts';

type PolicyOptions = TownChoice & { readonly set?: readonly string[]; readonly json?: boolean };

export function registerPolicy({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('policy')))
    .summary('show or change the settings')
    .description(
      'Shows every setting with its value, its unit, its default and what it does; --set changes some of a running ' +
        'town. A change resets failed attempts.',
    )
    .option('--set <name=value>', 'one setting, such as attemptsMax=3 or leaseMs=90s; may be repeated', collect)
    .addHelpText('after', examples('yardmaster policy', 'yardmaster policy --set attemptsMax=3 --set cooldownMs=10min'))
    .action(async (options: PolicyOptions) => {
      const settings = options.set ?? [];
      const patch = parseSettings(settings);
      const policy =
        settings.length > 0
          ? await acting(shell, options).patchPolicy(patch)
          : await reading(shell, options, async (town) => town.policy());
      shell.out.write(
        options.json
          ? `${JSON.stringify(policy, null, 2)}\n`
          : policyText(policy, paintFor(shell.out, shell.environment)),
      );
      finish(exits.done);
    });
}

/** One setting a line: its value, its default where it has another, and what it does. */
export function policyText(policy: Policy, paint: Paint): string {
  const rows = Object.entries(policy).map(([name, value]) => {
    const usual = defaultPolicy[name as keyof Policy];
    return [name, shown(name, value), shown(name, usual), aboutSetting(name)];
  });
  return table(['setting', 'value', 'default', 'what it does'], rows, paint);
}

/** With its unit, as it can be given back. */
function shown(name: string, value: unknown): string {
  const unit = unitOf(name);
  if (unit === 'ms')
    return [value]
      .flat()
      .map((ms) => durationText(Number(ms)))
      .join(',');
  const text = value === null ? 'none' : String(value);
  return unit === 'USD' && value !== null ? `${text} USD` : text;
}
