/** The command `list`: entities, timers and effects, as tables. */
import { Argument } from 'commander';
import { refText } from '../../core/types.ts';
import type { ContainerStatus, EntityView } from '../../town/api.ts';
import { reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { integer } from '../parse.ts';
import type { Reader } from '../reader.ts';
import { clip, duration, type Paint, paintFor, plain, plural, table } from '../text.ts';
import { isAway } from './status.ts';

type ListOptions = TownChoice & {
  readonly state?: string;
  readonly rig?: string;
  readonly label?: string;
  readonly limit: number;
  readonly json?: boolean;
};

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;
const TEXT_CELLS = 60;
const HOSTING_CELLS = 100;
const machines: Readonly<Record<string, string>> = {
  beads: 'bead',
  agents: 'agent',
  containers: 'container',
  rigs: 'rig',
  escalations: 'escalation',
};
const things = [...Object.keys(machines), 'timers', 'outbox'];

export function registerList({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('list')))
    .addArgument(new Argument('[what]', 'what to list').choices(things).default('beads'))
    .summary('beads, agents, containers, rigs, escalations, timers or the outbox')
    .description('Lists what the town has, in order of birth; timers by when they ring.')
    .option('--state <state>', 'only those in this state, or in one below it')
    .option('--rig <id>', 'only those of this rig')
    .option('--label <label>', 'only those with this label')
    .option('--limit <number>', 'how many', integer(1, LIMIT_MAX), LIMIT_DEFAULT)
    .addHelpText(
      'after',
      examples('yardmaster list', 'yardmaster list agents', 'yardmaster list beads --state failed --json'),
    )
    .action(async (what: string, options: ListOptions) => {
      const { items, next, lines } = await reading(shell, options, (town) => look(town, what, options));
      const paint = paintFor(shell.out, shell.environment);
      if (options.json) shell.out.write(`${JSON.stringify({ items, next }, null, 2)}\n`);
      else shell.out.write(`${lines(paint)}${next === null ? '' : `… there are more: raise --limit\n`}`);
      finish(exits.done);
    });
}

type Listed = { readonly items: readonly unknown[]; readonly next: string | null; lines(paint: Paint): string };

async function look(town: Reader, what: string, { state, rig, label, limit }: ListOptions): Promise<Listed> {
  const { now, containers } = await town.status();
  if (what === 'timers') {
    const { items, next } = await town.timers({ limit });
    const rows = items.map(({ entity, name, dueAt }) => [refText(entity), name, duration(dueAt - now)]);
    return { items, next, lines: (paint) => table(['entity', 'timer', 'rings in'], rows, paint) };
  }
  if (what === 'outbox') {
    const { items, next } = await town.outbox({ limit });
    const rows = items.map(({ entity, type, status, attempt, note }) => [
      entity,
      type,
      status,
      String(attempt),
      plain(note ?? ''),
    ]);
    return { items, next, lines: (paint) => table(['entity', 'effect', 'status', 'attempt', 'note'], rows, paint) };
  }
  const filter = { limit, ...(state && { state }), ...(rig && { rig }), ...(label && { label }) };
  const { items, next } = await town.list(machines[what] ?? 'bead', filter);
  const hosts = new Map(containers.map((container) => [container.id, container]));
  const note = (view: EntityView) => (what === 'containers' ? hostingText(hosts.get(view.id)) : noteOf(view));
  const rows = items.map((view) => [view.id, view.substate, duration(now - view.since), note(view)]);
  return { items, next, lines: (paint) => table(['id', 'state', 'for', noteTitle(what)], rows, paint) };
}

function noteTitle(what: string): string {
  if (what === 'containers') return 'hosts';
  return what === 'beads' ? 'title' : what === 'rigs' ? 'repository' : 'note';
}

/** `2 of 4 runs (p1, p2); labels gpu, linux`. */
function hostingText(container: ContainerStatus | undefined): string {
  if (!container) return '';
  const { runs, slots, agents, labels, reason } = container;
  const whose = agents.length === 0 ? '' : ` (${agents.join(', ')})`;
  const count = slots === null ? plural(runs, 'run') : `${runs} of ${plural(slots, 'run')}`;
  const parts = [
    ...[`${count}${whose}`, `labels ${labels.join(', ') || 'none'}`],
    ...(isAway(container) ? ['not connected'] : []),
    ...(reason ? [plain(reason)] : []),
  ];
  return clip(parts.join('; '), HOSTING_CELLS);
}

/** The one fact of an entity that a reader looks for beside its state. */
function noteOf({ machine, context }: EntityView): string {
  const { title, bead, reason, message, config } = context;
  const path = (config as { path?: string } | undefined)?.path;
  const note = machine === 'bead' ? title : (message ?? path ?? reason ?? bead);
  return typeof note === 'string' ? clip(plain(note), TEXT_CELLS) : '';
}
