/** The command `charts`: the machines as text, as pictures and as data, made from the machines that run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Option } from 'commander';
import {
  chartsPage,
  directions,
  formats,
  layoutFiles,
  machineNames,
  pictureFiles,
  printedCharts,
  themes,
  type Wish,
} from '../charts.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar } from '../options.ts';
import { list } from '../parse.ts';

type ChartOptions = Wish & { readonly machine?: string; readonly write?: string };

export function registerCharts({ program, shell, finish }: Registrar): void {
  program
    .command('charts')
    .addArgument(new Argument('[machine]', 'one machine; all when absent').choices(machineNames))
    .summary('the machines, drawn')
    .description('Prints the charts of the machines as they run: as text, as pictures, or as data for other tools.')
    .addOption(new Option('--format <form>', 'how to show them (default: outline)').choices(formats))
    .addOption(new Option('--machine <name>', 'the same as the argument').choices(machineNames))
    .addOption(new Option('--theme <theme>', 'of a picture (default: light)').choices(themes))
    .addOption(new Option('--direction <way>', 'of a picture (default: down)').choices(directions))
    .option('--collapse <states>', "states that a picture shows closed, by commas; '' shows all that is inside", list)
    .option('--write <path>', 'write a Markdown page; with svg, a folder of pictures in both themes')
    .addHelpText(
      'after',
      examples(
        'yardmaster charts bead',
        'yardmaster charts bead --format svg --theme dark > bead.svg',
        'yardmaster charts agent --format xstate > agent.json',
      ),
    )
    .action(async (argument: string | undefined, options: ChartOptions) => {
      const only = options.machine ?? argument;
      const names = only === undefined ? machineNames : [only];
      if (options.write === undefined) shell.out.write(await printedCharts(names, options));
      else await writeCharts(names, options, resolve(shell.directory, options.write));
      finish(exits.done);
    });
}

async function writeCharts(names: readonly string[], wish: Wish, path: string): Promise<void> {
  if (wish.format !== 'svg' && wish.format !== 'layout') {
    const isPage = wish.format === undefined;
    writeFileSync(path, isPage ? chartsPage(names) : await printedCharts(names, wish));
    return;
  }
  mkdirSync(path, { recursive: true });
  const files = wish.format === 'svg' ? await pictureFiles(names, wish) : await layoutFiles(names);
  for (const { name, text } of files) writeFileSync(join(path, name), text);
}
