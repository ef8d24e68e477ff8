/**
 * Reads of entities from SQLite: rows, pages, queues, the census, places and links.
 */
import type { EntityRef, StateId } from '../../core/types.ts';
import { checkedLimit, covers, cursorParts, paged, splitStates } from '../keys.ts';
import type { EntityFilter, EntityRow, Page, Paged, Reads } from '../port.ts';
import { type EntityColumns, entityRow, parseLabels } from '../rows.ts';
import type { Directory, ReadStatements } from './directory.ts';

type Born = { readonly born: number; readonly entity: number };
/** The next candidates after a birth, in order of birth, at most `limit`. */
type Candidates = (after: number, limit: number) => readonly Born[];

/** A filter that rejects most candidates is not followed one by one. */
const batchMin = 64;

/** True when the index that serves the filter does not serve all of it. */
function rejects({ state, scope, label }: EntityFilter): boolean {
  return label !== undefined && (state !== undefined || scope !== undefined);
}

type EntityReads = Pick<Reads, 'entity' | 'entities' | 'queue' | 'census' | 'stays' | 'places' | 'links'>;

/** Rows, pages, queues, census, places and links on prepared statements. */
export function entityReads(read: ReadStatements, directory: Directory): EntityReads {
  return {
    entity: (ref) => {
      const row = rowOf(read, directory, ref);
      return row ? entityRow(row) : null;
    },
    entities: (filter, page) => entityPage(read, filter, page),
    queue: ({ machine, state, scope, limit }) => {
      const most = checkedLimit(limit);
      const leaf = directory.leafOf(machine, state);
      if (leaf === null) return [];
      return scope === undefined ? read.queue.all(leaf, most) : read.queueInScope.all(leaf, scope, most);
    },
    census: (machine) => {
      const leaves = machine === undefined ? read.census.all() : read.censusOfMachine.all(machine);
      return leaves.map(({ key, machine, state, population }) => {
        return { machine, state, count: population, oldestSince: oldestSince(read, key) };
      });
    },
    stays: ({ machine, state }, page) => {
      const limit = checkedLimit(page.limit);
      const [after] = cursorParts(page.after, [0]);
      const leaf = directory.leafOf(machine, state);
      const rows = leaf === null ? [] : read.stays.all(leaf, after, limit + 1);
      const item = ({ machine, id, sinceAt }: (typeof rows)[number]) => ({ ref: { machine, id }, sinceAt });
      return paged(rows, limit, { item, cursor: (row) => [row.born] });
    },
    places: (ref) => {
      const key = directory.keyOf(ref);
      const row = key === null ? undefined : read.livingByKey.get(key);
      if (!row) return [];
      return splitStates(row.state).flatMap((state) => {
        const leaf = directory.leafOf(ref.machine, state);
        const place = leaf === null ? undefined : read.place.get(leaf, row.born, row.key);
        return place ? [{ state, ...place }] : [];
      });
    },
    links: (ref, kind, direction) => {
      const key = directory.keyOf(ref);
      if (key === null) return [];
      return direction === 'in' ? read.linksIn.all(key, kind) : read.linksOut.all(key, kind);
    },
  };
}

function rowOf(read: ReadStatements, directory: Directory, ref: EntityRef): EntityColumns | undefined {
  const key = directory.keyOf(ref);
  return key === null ? undefined : read.entityByKey.get(key);
}

function entityPage(read: ReadStatements, filter: EntityFilter, page: Page): Paged<EntityRow> {
  const limit = checkedLimit(page.limit);
  const [after] = cursorParts(page.after, [0]);
  const candidates = candidatesFor(read, filter);
  const found: EntityColumns[] = [];
  for (let last = after; found.length <= limit; ) {
    const wanted = Math.max(limit + 1 - found.length, rejects(filter) ? batchMin : 1);
    const batch = candidates(last, wanted);
    for (const { entity } of batch) {
      const row = read.entityByKey.get(entity);
      if (row && matches(row, filter)) found.push(row);
    }
    const end = batch.at(-1);
    if (!end || batch.length < wanted) break;
    last = end.born;
  }
  return paged(found, limit, { item: entityRow, cursor: (row) => [row.born] });
}

/** The narrowest index that serves the filter; what it does not cover, `matches` checks row by row. */
function candidatesFor(read: ReadStatements, filter: EntityFilter): Candidates {
  const { machine, state, scope, label } = filter;
  if (label !== undefined) return (after, limit) => read.bornWithLabel.all(machine, label, after, limit);
  if (state !== undefined) {
    const leaves = leavesOf(read, machine, state);
    return (after, limit) =>
      merged(leaves.map((leaf) => bornInLeaf(read, { leaf, scope, after, limit }))).slice(0, limit);
  }
  if (scope !== undefined) return (after, limit) => read.bornInScope.all(machine, scope, after, limit);
  return (after, limit) => read.bornOfMachine.all(machine, after, limit);
}

function bornInLeaf(
  read: ReadStatements,
  range: { leaf: number; scope: string | undefined; after: number; limit: number },
): readonly Born[] {
  const { leaf, scope, after, limit } = range;
  if (scope === undefined) return read.bornInLeaf.all(leaf, after, limit);
  return read.bornInLeafAndScope.all(leaf, after, scope, limit);
}

/** Several ordered lists as one; an entity in two leaves of a parallel state comes once. */
function merged(lists: readonly (readonly Born[])[]): readonly Born[] {
  if (lists.length === 1) return lists[0] ?? [];
  const byBirth = new Map(lists.flat().map((born) => [born.born, born]));
  return [...byBirth.values()].sort((a, b) => a.born - b.born);
}

/** '/' is the character after '.', so the range holds the state and all below it. */
function leavesOf(read: ReadStatements, machine: string, state: StateId): readonly number[] {
  const between = read.leavesBetween.all(machine, state, `${state}/`);
  return between.filter((leaf) => covers(state, leaf.state)).map((leaf) => leaf.key);
}

function matches(row: EntityColumns, { state, scope, label }: EntityFilter): boolean {
  if (scope !== undefined && row.scope !== scope) return false;
  if (label !== undefined && !parseLabels(row.labels).includes(label)) return false;
  return state === undefined || splitStates(row.state).some((leaf) => covers(state, leaf));
}

/** Hops from rank to rank along the queue's index: ranks are few, entities are many. */
function oldestSince(read: ReadStatements, leaf: number): number {
  let oldest = Number.POSITIVE_INFINITY;
  let rank = Number.NEGATIVE_INFINITY;
  for (;;) {
    const next = read.oldestOfNextRank.get(leaf, rank);
    if (!next) return oldest;
    oldest = Math.min(oldest, next.sinceAt);
    rank = next.rank;
  }
}
