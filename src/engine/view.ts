/** One entity as a caller sees it. */
import { Refused } from '../core/errors.ts';
import { acceptedEvents, contextOf, stateValueOf } from '../core/snapshot.ts';
import type { EntityRef, EpochMs, JsonObject, JsonValue, StateId } from '../core/types.ts';
import type { EntityRow, Reads } from '../store/port.ts';
import { type Entity, findEntity, Unreadable } from './entity.ts';
import type { Kernel } from './kernel.ts';

export type EntityView<TContext = JsonObject> = {
  readonly id: string;
  /** Active leaf states joined by a space. */
  readonly state: string;
  readonly states: readonly StateId[];
  /** The state as XState nests it; the text of {@link state} when the snapshot can not be read. */
  readonly value: JsonValue;
  /** Empty when the snapshot can not be read. */
  readonly context: TContext;
  readonly status: EntityRow['status'];
  /** Number of events that it took, its birth included. */
  readonly rev: number;
  /** When it came to be as it is: the latest entry into one of its states, ms. */
  readonly since: EpochMs;
  /** Types of events that some transition waits for; guards are not asked. */
  readonly accepts: readonly string[];
};

/** Null: it was never born. Throws Refused `invalid` for an unknown machine. */
export function viewEntity(kernel: Kernel, ref: EntityRef): EntityView | null {
  kernel.definitions.get(ref.machine);
  const reads = kernel.store.read;
  const entity = readable(kernel, ref);
  if (entity === null) return null;
  if (entity === 'unreadable') return viewUnreadable(reads, ref);
  const { known, snapshot, state, status, rev } = entity;
  return {
    ...outside(reads, ref, state),
    value: stateValueOf(snapshot),
    context: contextOf(snapshot),
    status,
    rev,
    // Worked out when it is asked for: matching looks at every free agent and never at this.
    get accepts() {
      return acceptedEvents(known.definition, snapshot);
    },
  };
}

function readable({ store, definitions, cache }: Kernel, ref: EntityRef): Entity | null | 'unreadable' {
  try {
    return findEntity({ reads: store.read, definitions, cache }, ref);
  } catch (thrown) {
    if (thrown instanceof Unreadable || (thrown instanceof Refused && thrown.code === 'quarantined'))
      return 'unreadable';
    throw thrown;
  }
}

function viewUnreadable(reads: Reads, ref: EntityRef): EntityView | null {
  const row = reads.entity(ref);
  if (!row) return null;
  const { state, status, rev } = row;
  return { ...outside(reads, ref, state), value: state, context: {}, status, rev, accepts: [] };
}

function outside(reads: Reads, ref: EntityRef, state: string) {
  const since = Math.max(...reads.places(ref).map(({ sinceAt }) => sinceAt));
  return { id: ref.id, state, states: state.split(' '), since };
}
