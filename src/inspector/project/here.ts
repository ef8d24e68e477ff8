/** Who stands in a state, and what may be sent to them. */

import { rootId } from '../../core/chart.ts';
import { Refused } from '../../core/errors.ts';
import type { EpochMs } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { ActionView, HereView } from '../contract.ts';
import { quantile } from './heat.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { actionsOf, lineOf, ringsAt } from './line.ts';
import { leavesBelow, type Machine } from './machine.ts';
import { pageOf } from './pages.ts';
import type { Entry } from './roster.ts';

const sorts = ['since', 'title', 'attempts', 'next'] as const;
type Sort = (typeof sorts)[number];

export type HereQuery = {
  readonly state: string;
  readonly sort?: string | undefined;
  readonly filter?: string | undefined;
  readonly after?: string | undefined;
};

/** Timers that are looked at for the order of what comes next. */
const TIMERS_MAX = 10_000;
/** Entities whose actions are offered to all of them. */
const ACTING_MAX = 20;

/** Refused `not_found` for a state that the machine has not. */
export async function here(
  inspection: Inspection,
  viewer: Viewer,
  query: HereQuery & { readonly machine: string },
): Promise<HereView> {
  const machine = inspection.machines.get(query.machine);
  const leaves = new Set(leavesOf(machine, query.state));
  const entries = await inspection.roster.of(machine.name);
  const all = [...entries.values()].filter(({ states }) => states.some((state) => leaves.has(state)));
  const now = inspection.now();
  const stays = all.map(({ since }) => now - since).sort((a, b) => a - b);
  const sorted = order(inspection, filtered(all, query.filter), sortOf(query.sort));
  return {
    ...{ ...inspection.stamp(), machine: machine.name, state: query.state, count: all.length },
    ...{ medianMs: quantile(stays, 0.5), oldestMs: stays.at(-1) ?? 0 },
    lines: pageOf(sorted, query.after, ({ ref }) => lineOf(inspection, ref)),
    actions: viewer.access === 'operate' ? actionsOfAny(inspection, machine, all) : [],
  };
}

function leavesOf(machine: Machine, state: string): readonly string[] {
  const leaves = leavesBelow(machine, state === '' ? rootId : state);
  if (leaves.length > 0) return leaves;
  const message = `${machine.name} has no state ${state}: its states are ${machine.leaves.join(', ')}`;
  throw new Refused('not_found', message, { machine: machine.name, state });
}

function sortOf(given: string | undefined): Sort {
  const sort = sorts.find((known) => known === (given ?? 'since'));
  if (sort) return sort;
  throw new Refused('invalid', `"${given}" is no order of this list: use ${sorts.join(', ')}`);
}

function filtered(entries: readonly Entry[], filter: string | undefined): readonly Entry[] {
  const part = filter?.trim().toLowerCase();
  if (!part) return entries;
  return entries.filter(({ ref, title }) => `${ref.id} ${title}`.toLowerCase().includes(part));
}

/** The longest stay first, titles by letter, the most attempts first, the next timer first. */
function order(inspection: Inspection, entries: readonly Entry[], sort: Sort): readonly Entry[] {
  const byAge = (a: Entry, b: Entry) => a.since - b.since || a.born - b.born;
  if (sort === 'since') return [...entries].sort(byAge);
  if (sort === 'attempts') return [...entries].sort((a, b) => b.attempts - a.attempts || byAge(a, b));
  if (sort === 'title') return [...entries].sort((a, b) => compare(a.title, b.title) || byAge(a, b));
  const due = dueTimes(inspection);
  const dueOf = ({ ref }: Entry) => due.get(refText(ref)) ?? Number.MAX_SAFE_INTEGER;
  return [...entries].sort((a, b) => dueOf(a) - dueOf(b) || byAge(a, b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function dueTimes({ source }: Inspection): ReadonlyMap<string, EpochMs> {
  const due = new Map<string, EpochMs>();
  for (const timer of source.reads.timers({}, { limit: TIMERS_MAX }).items) {
    const ref = refText(timer.entity);
    due.set(ref, Math.min(due.get(ref) ?? Number.MAX_SAFE_INTEGER, ringsAt(timer)));
  }
  return due;
}

/** Events that some of those who stand here accept. */
function actionsOfAny(inspection: Inspection, machine: Machine, entries: readonly Entry[]): readonly ActionView[] {
  const actions = new Map<string, ActionView>();
  for (const { ref } of entries.slice(0, ACTING_MAX)) {
    const row = inspection.source.reads.entity(ref);
    for (const action of row ? actionsOf(inspection, machine, row) : []) actions.set(action.event, action);
  }
  return [...actions.values()];
}
