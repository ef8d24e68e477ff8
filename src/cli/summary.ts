/** What became of each bead: the table at the end of a run, and the same as data. */
import type { JsonObject } from '../core/types.ts';
import type { AttemptView, EntityView } from '../town/api.ts';
import type { Reader } from './reader.ts';
import { clip, duration, type Paint, plain, plural, table } from './text.ts';

export type BeadSummary = {
  readonly id: string;
  /** The whole path of its leaf state. */
  readonly state: string;
  /** Dispatches, failed starts included. */
  readonly attempts: number;
  /** Who had it last. */
  readonly agent: string | null;
  /** From its first dispatch to the end of its way, or to now; null when it was never dispatched. */
  readonly timeMs: number | null;
  readonly mergeCommit: string | null;
  /** Why it is not closed. */
  readonly reason: string | null;
};

const ROWS_MAX = 200;
const PAGE = 500;
const REASON_CELLS = 100;
const COMMIT_CELLS = 10;

/** All beads of a town, in order of birth. `now` ends the time of those that are still on their way. */
export async function summarise(town: Reader, now: number): Promise<readonly BeadSummary[]> {
  const summaries: BeadSummary[] = [];
  let after: string | undefined;
  do {
    const page = await town.list('bead', { limit: PAGE, ...(after && { after }) });
    for (const view of page.items) summaries.push(await summaryOf(town, view, now));
    after = page.next ?? undefined;
  } while (after);
  return summaries;
}

async function summaryOf(town: Reader, view: EntityView, now: number): Promise<BeadSummary> {
  const attempts = await town.attempts({ machine: 'bead', id: view.id });
  const isOver = view.state === 'closed' || (view.state === 'failed' && view.substate !== 'failed.exhausted');
  return {
    id: view.id,
    state: view.substate,
    attempts: attempts.length,
    agent: text(view.context, 'agent'),
    timeMs: timeOf(attempts, isOver ? view.since : now),
    mergeCommit: text(view.context, 'mergeCommit'),
    reason: view.state === 'closed' ? null : (text(view.context, 'reason') ?? blockage(view.context)),
  };
}

function timeOf(attempts: readonly AttemptView[], endedAt: number): number | null {
  const first = Math.min(...attempts.map(({ dispatchedAt }) => dispatchedAt ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(first) ? endedAt - first : null;
}

function text(context: JsonObject, field: string): string | null {
  const value = context[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

function blockage({ waitingFor }: JsonObject): string | null {
  return Array.isArray(waitingFor) && waitingFor.length > 0 ? `waits for ${waitingFor.join(', ')}` : null;
}

/** A table for people; of many beads, those that are not closed. */
export function summaryTable(beads: readonly BeadSummary[], paint: Paint): string {
  const open = beads.filter(({ state }) => !state.startsWith('closed.'));
  const shown = beads.length <= ROWS_MAX ? beads : open.slice(0, ROWS_MAX);
  const header = ['bead', 'state', 'attempts', 'agent', 'time', 'merge commit', 'reason'];
  const body = table(header, shown.map(cells), paint);
  const hidden = beads.length - shown.length;
  return `${body}${hidden === 0 ? '' : `… and ${plural(hidden, 'more bead')}\n`}${totals(beads)}\n`;
}

function cells({ id, state, attempts, agent, timeMs, mergeCommit, reason }: BeadSummary): readonly string[] {
  return [
    ...[id, state, String(attempts), agent ?? '-', timeMs === null ? '-' : duration(timeMs)],
    ...[mergeCommit?.slice(0, COMMIT_CELLS) ?? '-', clip(plain(reason ?? ''), REASON_CELLS)],
  ];
}

function totals(beads: readonly BeadSummary[]): string {
  const count = (state: string) => beads.filter((bead) => bead.state.startsWith(`${state}.`)).length;
  const rest = beads.length - count('closed') - count('failed');
  const parts = [`${count('closed')} of ${plural(beads.length, 'bead')} closed`];
  if (count('failed') > 0) parts.push(`${count('failed')} failed`);
  if (rest > 0) parts.push(`${rest} not finished`);
  return parts.join(', ');
}
