/** One entity as the projections and the host's descriptions see it, made from its row. */

import { acceptedEvents, hydrate } from '../../core/snapshot.ts';
import type { EntityRef, EpochMs, JsonObject } from '../../core/types.ts';
import type { EntityRow, Reads } from '../../store/port.ts';
import type { Subject } from '../source.ts';
import type { Machine } from './machine.ts';

/** The latest entry into one of its states. */
export function sinceOf(reads: Reads, row: EntityRow): EpochMs {
  return reads.places(row.ref).reduce((latest, { sinceAt }) => Math.max(latest, sinceAt), row.createdAt);
}

export function subjectOf(reads: Reads, row: EntityRow): Subject {
  return { ref: row.ref, state: row.state, since: sinceOf(reads, row), context: contextIn(row) };
}

/** The context without the machine: a list of entities need not be hydrated. Empty when it can not be read. */
export function contextIn({ snapshot, status }: Pick<EntityRow, 'snapshot' | 'status'>): JsonObject {
  if (status === 'quarantined') return {};
  try {
    const { context } = JSON.parse(snapshot) as { context?: JsonObject };
    return context ?? {};
  } catch {
    return {}; // damaged: the engine quarantines it at its next event
  }
}

/** The events that its state takes; none when its snapshot does not fit the machine of today. */
export function acceptsOf({ definition }: Pick<Machine, 'definition'>, row: EntityRow): readonly string[] {
  if (row.status !== 'active') return [];
  try {
    return acceptedEvents(definition, hydrate(definition, row.snapshot));
  } catch {
    return [];
  }
}

/** What a description makes of damaged data must not take the page down: then it says nothing. */
export function said<T>(describe: (() => T) | undefined, otherwise: T): T {
  if (!describe) return otherwise;
  try {
    return describe();
  } catch {
    return otherwise;
  }
}

export function isSameRef(left: EntityRef, right: EntityRef): boolean {
  return left.machine === right.machine && left.id === right.id;
}
