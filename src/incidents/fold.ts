/**
 * The log against the tables, as `verify` does it, for many towns in a row: machines are made once for each policy and
 * shared, because making them costs more than most replays.
 */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy, policySchema } from '../../machines/policy.ts';
import type { Definition } from '../core/define.ts';
import { replay } from '../core/replay.ts';
import { contextOf, dehydrate } from '../core/snapshot.ts';
import { type EntityRef, type JsonObject, parseRef, refText, type Seq } from '../core/types.ts';
import type { LogRow, Reads } from '../store/port.ts';

type Machines = Readonly<Record<string, Definition>>;

export class Fold {
  readonly #machines = new Map<string, Machines>();

  /** Null: the log leads to what the tables hold. Otherwise the first sentence of what differs. */
  problem(reads: Reads, rows: readonly LogRow[]): string | null {
    const definitionOf = this.#definitions(reads);
    const { entities, mismatches, skipped } = replay(definitionOf, rows);
    const [wrong] = mismatches;
    if (wrong) return `${refText(wrong.entity)}: the log says ${wrong.logged}, a replay gives ${wrong.replayed}`;
    if (skipped > 0) return `${skipped} rows are of machines that nobody knows`;
    for (const [text, snapshot] of entities) {
      const row = reads.entity(parseRef(text));
      if (!row) return `${text} is in the log but not in the store`;
      const definition = definitionOf(row.definition);
      const isSame = definition && sorted(dehydrate(definition, snapshot)) === sorted(row.snapshot);
      if (!isSame && row.status !== 'quarantined') return `${text}: its snapshot is not what its log leads to`;
    }
    return null;
  }

  /** The context of an entity after a log row; null when it was not there. */
  contextAt(reads: Reads, rows: readonly LogRow[], at: { ref: EntityRef; seq: Seq }): JsonObject | null {
    const text = refText(at.ref);
    const own = rows.filter(({ seq, entity }) => seq <= at.seq && refText(entity) === text);
    const snapshot = replay(this.#definitions(reads), own).entities.get(text);
    return snapshot ? contextOf(snapshot) : null;
  }

  #definitions(reads: Reads): (row: number) => Definition | null {
    const known = new Map<number, Definition | null>();
    return (row) => {
      const found = known.get(row);
      const definition = found === undefined ? this.#definition(reads, row) : found;
      known.set(row, definition);
      return definition;
    };
  }

  #definition(reads: Reads, row: number): Definition | null {
    const stored = reads.definition(row);
    if (!stored) return null;
    const settings = typeof stored.settings === 'object' && stored.settings !== null ? stored.settings : {};
    const policy = policySchema.safeParse({ ...defaultPolicy, ...settings });
    if (!policy.success) return null;
    const key = JSON.stringify(policy.data);
    const machines: Machines = this.#machines.get(key) ?? townMachines(policy.data);
    this.#machines.set(key, machines);
    const definition = machines[stored.machine];
    return definition?.hash === stored.hash ? definition : null;
  }
}

/** The order of keys is not part of a snapshot. */
function sorted(json: string): string {
  return JSON.stringify(JSON.parse(json), (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
