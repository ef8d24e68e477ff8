/** The command `add`: new beads for a running town, from a work file or from the command line. */
import { Refused } from '../../core/errors.ts';
import type { BeadInput } from '../../town/api.ts';
import { readWork } from '../checks.ts';
import type { SentReceipt } from '../client.ts';
import { acting, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { collect, integer } from '../parse.ts';
import type { Shell } from '../shell.ts';
import { plural } from '../text.ts';

type AddOptions = TownChoice & {
  readonly title?: string;
  readonly body?: string;
  readonly id?: string;
  readonly rig?: string;
  readonly priority?: number;
  readonly label?: readonly string[];
  readonly dependsOn?: readonly string[];
  readonly json?: boolean;
};

const PRIORITY_LAST = 4;
const BEADS_MAX = 1_000;

export function registerAdd({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('add [work-file]')))
    .summary('new beads for a running town')
    .description('Adds the beads of a work file, or one bead of the options. All are added, or none.')
    .option('--title <text>', 'what is to be done, in a line')
    .option('--body <text>', 'the rest of what the agent is told')
    .option('--id <id>', 'its id; the town makes one when absent')
    .option('--rig <id>', 'the rig; needed when the town has several')
    .option('--priority <number>', 'from 0 (first) to 4 (last); 2 when absent', integer(0, PRIORITY_LAST))
    .option('--label <label>', 'may be repeated', collect)
    .option('--depends-on <bead>', 'waits until that bead is closed; may be repeated', collect)
    .addHelpText(
      'after',
      examples(
        'yardmaster add more-work.yaml',
        "yardmaster add --title 'Fix the date' --priority 0 --depends-on slugify",
      ),
    )
    .action(async (file: string | undefined, options: AddOptions) => {
      const beads = beadsOf(shell, file, options);
      const receipts = await acting(shell, options).createBeads(beads);
      shell.out.write(options.json ? `${JSON.stringify({ items: receipts }, null, 2)}\n` : addedText(receipts));
      finish(exits.done);
    });
}

function beadsOf(shell: Shell, file: string | undefined, options: AddOptions): readonly BeadInput[] {
  if ((file === undefined) === (options.title === undefined)) {
    throw new Refused('invalid', 'give a work file or --title, one of the two');
  }
  if (file === undefined) return [beadOf(options)];
  const { beads } = readWork(shell, file);
  if (beads.length > BEADS_MAX) {
    throw new Refused(
      'too_large',
      `${file} has ${beads.length} beads, at most ${BEADS_MAX} are added at once: use \`yardmaster run\``,
    );
  }
  return beads.map(({ policy, ...bead }) => ({
    ...bead,
    ...(policy && { policy }),
    ...(options.rig && { rig: options.rig }),
  }));
}

function beadOf({ title = '', body, id, rig, priority, label = [], dependsOn = [] }: AddOptions): BeadInput {
  return {
    ...{ title, labels: label, dependsOn },
    ...(body !== undefined && { body }),
    ...(id !== undefined && { id }),
    ...(rig !== undefined && { rig }),
    ...(priority !== undefined && { priority }),
  };
}

function addedText(receipts: readonly SentReceipt[]): string {
  const lines = receipts.map(({ entity, state }) => `${entity} is ${state}\n`);
  return `${lines.join('')}${plural(receipts.length, 'bead')} added\n`;
}
