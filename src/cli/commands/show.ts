/** The commands `show` and `why`: one entity, with its history, and what holds it where it is. */
import type { EntityRef } from '../../core/types.ts';
import type { AttemptView, EntityView, Why } from '../../town/api.ts';
import { findSubject, reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import type { Reader } from '../reader.ts';
import { clip, duration, instant, type Paint, paintFor, plain, plainLines, table } from '../text.ts';

type ShowOptions = TownChoice & { readonly json?: boolean };
type Shown = EntityView & {
  readonly attempts?: readonly AttemptView[];
  readonly brief?: string;
  /** Whose runs a container hosts. */
  readonly agents?: readonly string[];
};

const REASON_CELLS = 80;

export function registerShow({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('show <id>')))
    .summary('one bead, agent or other entity')
    .description('Shows an entity: its state, its context, its attempts. A bare id is a bead, or else an agent.')
    .addHelpText('after', examples('yardmaster show slugify', 'yardmaster show container/local --json'))
    .action(async (id: string, options: ShowOptions) => {
      const shown = await reading(shell, options, async (town) => look(town, await findSubject(town, id)));
      const paint = paintFor(shell.out, shell.environment);
      const now = shell.env.clock.now();
      shell.out.write(options.json ? `${JSON.stringify(shown, null, 2)}\n` : showText(shown, now, paint));
      finish(exits.done);
    });
}

export function registerWhy({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('why <id>')))
    .summary('what holds it where it is')
    .description('Tells why an entity does not move: each condition with its facts, and when it can change by itself.')
    .addHelpText('after', examples('yardmaster why slugify', 'yardmaster why agent/polecat-1'))
    .action(async (id: string, options: ShowOptions) => {
      const why = await reading(shell, options, async (town) => town.why(await findSubject(town, id)));
      const paint = paintFor(shell.out, shell.environment);
      shell.out.write(options.json ? `${JSON.stringify(why, null, 2)}\n` : whyText(why, shell.env.clock.now(), paint));
      finish(exits.done);
    });
}

async function look(town: Reader, ref: EntityRef): Promise<Shown> {
  const view = (await town.get(ref)) as EntityView;
  if (ref.machine === 'bead') return { ...view, brief: await town.brief(ref.id), attempts: await town.attempts(ref) };
  if (ref.machine === 'agent') return { ...view, attempts: await town.attempts(ref) };
  if (ref.machine !== 'container') return view;
  const { containers } = await town.status();
  return { ...view, agents: containers.find(({ id }) => id === ref.id)?.agents ?? [] };
}

/** The screen of one entity, golden in the tests. */
export function showText({ brief, attempts, agents = [], ...view }: Shown, now: number, paint: Paint): string {
  const head = [
    `${paint('bold', view.ref)}  ${view.substate}  for ${duration(now - view.since)}, since ${instant(view.since)} UTC`,
    `accepts ${view.accepts.join(', ') || 'nothing'}`,
  ];
  const facts = Object.entries(view.context).filter(([, value]) => isTelling(value));
  const context = facts.map(
    ([name, value]) => `  ${name}: ${typeof value === 'string' ? plain(value) : JSON.stringify(value)}`,
  );
  if (agents.length > 0) context.push(`  hosts: ${agents.join(', ')}`);
  const text = brief ? ['', plainLines(brief).trimEnd()] : [];
  const history = attempts && attempts.length > 0 ? `\n${attemptTable(attempts, paint)}` : '';
  return `${[...head, ...context, ...text].join('\n')}\n${history}`;
}

function isTelling(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function attemptTable(attempts: readonly AttemptView[], paint: Paint): string {
  const rows = attempts.map(({ epoch, agent, bead, dispatchedAt, endedAt, outcome, reason }) => [
    ...[String(epoch), agent, bead, outcome ?? 'running'],
    ...[
      dispatchedAt !== null && endedAt !== null ? duration(endedAt - dispatchedAt) : '-',
      clip(plain(reason ?? ''), REASON_CELLS),
    ],
  ]);
  return table(['epoch', 'agent', 'bead', 'outcome', 'time', 'reason'], rows, paint);
}

/** The answer to a why, golden in the tests. */
export function whyText({ answer, conditions }: Why, now: number, paint: Paint): string {
  const lines = conditions.map(({ condition, holds, inputs, nextAt, waitsFor }) => {
    const mark = holds ? paint('green', 'yes') : paint('yellow', 'no ');
    const facts = Object.entries(inputs).map(
      ([name, value]) => `${name} ${typeof value === 'string' ? plain(value) || '-' : JSON.stringify(value)}`,
    );
    const until = nextAt === null ? [] : [`in ${duration(nextAt - now)} at the latest`];
    const details = [...facts, ...until, ...(waitsFor && !holds ? [`waits for ${waitsFor}`] : [])].join(', ');
    return `  ${mark}  ${plain(condition)}${details === '' ? '' : ` (${details})`}`;
  });
  return `${plain(answer)}\n${lines.map((line) => `${line}\n`).join('')}`;
}
