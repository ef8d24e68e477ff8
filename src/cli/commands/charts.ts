/** The command `charts`: the machines as text or as Mermaid source, made from the machines that run. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Option } from 'commander';
import { townMachines } from '../../../machines/index.ts';
import { defaultPolicy } from '../../../machines/policy.ts';
import { chart } from '../../core/chart.ts';
import type { Definition } from '../../core/define.ts';
import { mermaid } from '../../core/mermaid.ts';
import { outline } from '../../core/outline.ts';
import { overview } from '../../core/overview.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar } from '../options.ts';

type ChartOptions = { readonly format?: 'outline' | 'mermaid'; readonly write?: string };

const definitions: Readonly<Record<string, Definition>> = townMachines(defaultPolicy);

export function registerCharts({ program, shell, finish }: Registrar): void {
  program
    .command('charts')
    .addArgument(new Argument('[machine]', 'one machine; all when absent').choices(Object.keys(definitions)))
    .summary('the machines, drawn')
    .description('Prints the charts of the machines. --write makes a Markdown page with both forms of each.')
    .addOption(new Option('--format <form>', 'how to print them (default: outline)').choices(['outline', 'mermaid']))
    .option('--write <file>', 'write a Markdown page instead of printing')
    .addHelpText('after', examples('yardmaster charts bead', 'yardmaster charts --write machines/README.md'))
    .action((machine: string | undefined, options: ChartOptions) => {
      const wanted = machine === undefined ? Object.keys(definitions) : [machine];
      if (options.write === undefined) shell.out.write(wanted.map((name) => draw(name, options.format)).join('\n'));
      else writeFileSync(resolve(shell.directory, options.write), chartsPage(wanted));
      finish(exits.done);
    });
}

function draw(name: string, format: ChartOptions['format'] = 'outline'): string {
  const drawn = chart(definitions[name] as Definition);
  return format === 'mermaid' ? mermaid(drawn) : outline(drawn);
}

/** A page that nobody edits. */
export function chartsPage(names: readonly string[] = Object.keys(definitions)): string {
  const sections = names.map((name) => {
    const description = chart(definitions[name] as Definition).nodes[0]?.description ?? '';
    const outlined = `\`\`\`text\n${draw(name)}\`\`\``;
    const drawn = `\`\`\`mermaid\n${draw(name, 'mermaid')}\`\`\``;
    const glance = `\`\`\`mermaid\n${overview(chart(definitions[name] as Definition))}\n\`\`\``;
    return `## ${name}\n\n${description}\n\n${glance}\n\nThe whole of it:\n\n${drawn}\n\n${outlined}\n`;
  });
  const head = '# The machines\n\nWritten by `npm run charts` from the machines themselves; do not edit.\n';
  return [head, ...sections].join('\n');
}
