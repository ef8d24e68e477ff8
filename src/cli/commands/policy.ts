/** The command `policy`: every setting of a town, and the change of some. */
import type { Policy } from '../../../machines/policy.ts';
import { acting, reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { collect, parseSettings } from '../parse.ts';
import { duration } from '../text.ts';

type PolicyOptions = TownChoice & { readonly set?: readonly string[]; readonly json?: boolean };

export function registerPolicy({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('policy')))
    .summary('show or change the settings')
    .description('Shows every setting; --set changes some of a running town. A change resets failed attempts.')
    .option('--set <name=value>', 'one setting, such as attemptsMax=3 or leaseMs=90s; may be repeated', collect)
    .addHelpText('after', examples('yardmaster policy', 'yardmaster policy --set attemptsMax=3 --set cooldownMs=10min'))
    .action(async (options: PolicyOptions) => {
      const settings = options.set ?? [];
      const patch = parseSettings(settings);
      const policy =
        settings.length > 0
          ? await acting(shell, options).patchPolicy(patch)
          : await reading(shell, options, async (town) => town.policy());
      shell.out.write(options.json ? `${JSON.stringify(policy, null, 2)}\n` : policyText(policy));
      finish(exits.done);
    });
}

/** One setting a line, with its duration in words. */
export function policyText(policy: Policy): string {
  const lines = Object.entries(policy).map(([name, value]) => {
    const times = name.endsWith('Ms') ? [value].flat().map((ms) => duration(Number(ms))) : [];
    return `${name}=${JSON.stringify(value)}${times.length === 0 ? '' : `  (${times.join(', ')})`}`;
  });
  return `${lines.join('\n')}\n`;
}
