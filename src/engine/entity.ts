/** One entity as the engine holds it between two events: its hydrated snapshot beside what its row says. */

import { Bug, coerceError, Refused } from '../core/errors.ts';
import type { RecentMap } from '../core/recent-map.ts';
import { type Hydrated, hydrate } from '../core/snapshot.ts';
import { type EntityRef, refText } from '../core/types.ts';
import type { EntityRow, Reads } from '../store/port.ts';
import type { Definitions, Known } from './definitions.ts';

export type Entity = {
  readonly ref: EntityRef;
  /** The reference as text. */
  readonly text: string;
  readonly known: Known;
  /** Row of the definition that wrote the stored snapshot. */
  readonly writtenBy: number;
  readonly snapshot: Hydrated;
  readonly rev: number;
  /** Leaf states joined by a space. */
  readonly state: string;
  readonly status: EntityRow['status'];
  /** Its index as text, to notice that it changed; null: not computed yet. */
  readonly index: string | null;
};

/** The stored snapshot can not be read with the machine as it is now: the entity can take no event. */
export class Unreadable extends Bug {}

export type EntitySource = {
  readonly reads: Reads;
  readonly definitions: Definitions;
  readonly cache: RecentMap<Entity>;
};

/** The entity, from memory when it is there; null when it was never born. */
export function findEntity(source: EntitySource, ref: EntityRef): Entity | null {
  const { machine, id } = ref;
  const cached = source.cache.get(machine, id);
  if (cached) return cached;
  const row = source.reads.entity(ref);
  if (!row) return null;
  const entity = readEntity(source.definitions.get(machine), row, refText(ref));
  source.cache.set(machine, id, entity);
  return entity;
}

function readEntity(known: Known, row: EntityRow, text: string): Entity {
  if (row.status === 'quarantined') {
    throw new Refused(
      'quarantined',
      `${text} is quarantined since it failed its own machine; see its log for the reason`,
      {
        entity: text,
      },
    );
  }
  const { ref, rev, state, status, definition: writtenBy } = row;
  try {
    const snapshot = hydrate(known.definition, row.snapshot);
    return { ref, text, known, writtenBy, snapshot, rev, state, status, index: null };
  } catch (thrown) {
    const { message } = coerceError(thrown);
    throw new Unreadable(`${text} in ${state} can not be read with this version of ${ref.machine}: ${message}`);
  }
}
