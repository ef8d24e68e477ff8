/**
 * Folds a log back into snapshots, and tells where the machines of today would have gone elsewhere.
 */
import type { Definition } from './define.ts';
import { coerceError } from './errors.ts';
import { type Hydrated, leavesOf } from './snapshot.ts';
import { birth, type Taken, take } from './step.ts';
import { type EngineEvent, type EntityRef, type EpochMs, type JsonValue, refText, type Seq } from './types.ts';

/** The part of a log row that a replay looks at. */
export type ReplayRow = {
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly entity: EntityRef;
  readonly event: EngineEvent;
  /** Leaf states joined by a space. */
  readonly after: string;
  readonly taken: readonly string[];
  readonly definition: number;
  readonly rejected: string | null;
};

export type Mismatch = {
  readonly seq: Seq;
  readonly entity: EntityRef;
  /** What the log says and what the replay found: states, edges, or the error that it met. */
  readonly logged: string;
  readonly replayed: string;
};

export type Replay = {
  /** The last snapshot of each entity whose rows could all be replayed, by `machine/id`. */
  readonly entities: ReadonlyMap<string, Hydrated>;
  /** At most one for each entity: what follows a mismatch means nothing. */
  readonly mismatches: readonly Mismatch[];
  /** Rows that were compared. */
  readonly checked: number;
  /** Rows that could not be: of an unknown definition, or of an entity after its mismatch. */
  readonly skipped: number;
};

/**
 * Replays rows in the order of their seq. Rejected rows changed nothing and are passed over.
 * @param resolve the definition of a row's `definition` number; null when it is not known any more.
 */
export function replay(resolve: (definition: number) => Definition | null, rows: Iterable<ReplayRow>): Replay {
  const entities = new Map<string, Hydrated>();
  const lost = new Set<string>();
  const mismatches: Mismatch[] = [];
  let checked = 0;
  let skipped = 0;
  for (const row of rows) {
    if (row.rejected !== null) continue;
    const key = refText(row.entity);
    const definition = lost.has(key) ? null : resolve(row.definition);
    if (definition === null) {
      skipped++;
      lost.add(key);
      entities.delete(key);
      continue;
    }
    checked++;
    const found = compare(definition, entities.get(key), row);
    if ('mismatch' in found) {
      mismatches.push(found.mismatch);
      lost.add(key);
      entities.delete(key);
    } else {
      entities.set(key, found.snapshot);
    }
  }
  return { entities, mismatches, checked, skipped };
}

function compare(
  definition: Definition,
  before: Hydrated | undefined,
  row: ReplayRow,
): { mismatch: Mismatch } | { snapshot: Hydrated } {
  const differ = (logged: string, replayed: string) => ({
    mismatch: { seq: row.seq, entity: row.entity, logged, replayed },
  });
  let taken: Taken;
  try {
    if (before === undefined && row.event.type !== 'xstate.init')
      return differ(row.event.type, 'the entity was never born');
    taken = stepOf(definition, before, row);
  } catch (thrown) {
    return differ(row.after, coerceError(thrown).message);
  }
  const { step, snapshot } = taken;
  if (!step.accepted) return differ(row.after, `${row.event.type} is not accepted in ${step.before.join(' ')}`);
  const after = leavesOf(snapshot).join(' ');
  if (after !== row.after) return differ(row.after, after);
  const [logged, replayed] = [row.taken.join('; '), step.taken.join('; ')];
  return logged === replayed ? { snapshot } : differ(logged, replayed);
}

function stepOf(definition: Definition, before: Hydrated | undefined, { event, at }: ReplayRow): Taken {
  return before === undefined
    ? birth(definition, (event.input ?? null) as JsonValue, at)
    : take(definition, before, event, at);
}
