/** Who stands in a state, and what may be sent to them. */

import { rootId } from '../../core/chart.ts';
import { Refused } from '../../core/errors.ts';
import type { EpochMs } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { Stay } from '../../store/port.ts';
import type { ActionView, HereView } from '../contract.ts';
import { quantile } from './heat.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { actionsOf, lineOf, ringsAt } from './line.ts';
import { leavesBelow, type Machine } from './machine.ts';
import { pageOf } from './pages.ts';
import type { Entry } from './roster.ts';
import { staysIn } from './stays.ts';

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
  const sort = sortOf(query.sort);
  const all = await standing(inspection, machine, leavesOf(machine, query.state));
  const filter = query.filter?.trim().toLowerCase() ?? '';
  const isByTime = sort === 'since' && filter === '';
  const { sorted, isWhole }: Sorted = isByTime
    ? { sorted: all, isWhole: true }
    : await listed(inspection, all, { machine: machine.name, sort, filter });
  const now = inspection.now();
  const stayed = all.map(({ sinceAt }) => now - sinceAt).reverse();
  return {
    ...{ ...inspection.stamp(), ...(!isWhole && { partial: true as const }) },
    ...{ machine: machine.name, state: query.state, count: all.length },
    ...{ medianMs: quantile(stayed, 0.5), oldestMs: stayed.at(-1) ?? 0 },
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

/** Who stands in one of the leaf states, the longest stay first; who stands in several comes once. */
async function standing(
  inspection: Inspection,
  { name }: Machine,
  leaves: readonly string[],
): Promise<readonly Stay[]> {
  const latest = new Map<string, Stay>();
  for (const state of leaves) {
    for await (const stays of staysIn(inspection.source, { machine: name, state })) {
      for (const stay of stays) {
        const known = latest.get(stay.ref.id);
        if (!known || known.sinceAt < stay.sinceAt) latest.set(stay.ref.id, stay);
      }
    }
  }
  return [...latest.values()].sort((a, b) => a.sinceAt - b.sinceAt);
}

/** `isWhole` is false while some are not read yet, which are missing. */
type Sorted = { readonly sorted: readonly Pick<Entry, 'ref'>[]; readonly isWhole: boolean };
type Listing = { readonly machine: string; readonly sort: Sort; readonly filter: string };

/** By what only the entities themselves say. */
async function listed(
  inspection: Inspection,
  all: readonly Stay[],
  { machine, sort, filter }: Listing,
): Promise<Sorted> {
  const { roster } = inspection;
  const isWhole = await inspection.patience(() => roster.soFar(machine).isWhole);
  const { entries } = roster.soFar(machine);
  const read = all.flatMap(({ ref }) => entries.get(ref.id) ?? []);
  const wanted = read.filter(({ ref, title }) => `${ref.id} ${title}`.toLowerCase().includes(filter));
  return { sorted: order(inspection, wanted, sort), isWhole };
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
function actionsOfAny(inspection: Inspection, machine: Machine, entries: readonly Stay[]): readonly ActionView[] {
  const actions = new Map<string, ActionView>();
  for (const { ref } of entries.slice(0, ACTING_MAX)) {
    const row = inspection.source.reads.entity(ref);
    for (const action of row ? actionsOf(inspection, machine, row) : []) actions.set(action.event, action);
  }
  const order = machine.description.actions?.map(({ event }) => event) ?? [];
  return [...actions.values()].sort((a, b) => order.indexOf(a.event) - order.indexOf(b.event));
}
