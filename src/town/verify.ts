/** Replays the log through the machines that wrote it and compares the result with what is stored. */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy, policySchema } from '../../machines/policy.ts';
import type { Definition } from '../core/define.ts';
import { replay } from '../core/replay.ts';
import { contextOf, dehydrate, hydrate, leavesOf } from '../core/snapshot.ts';
import type { EntityRef, JsonObject, JsonValue, Seq } from '../core/types.ts';
import { parseRef, refText } from '../core/types.ts';
import type { LogRow, Reads } from '../store/port.ts';
import { sealProblems } from '../store/seal.ts';
import type { VerifyReport } from './api.ts';

const PAGE = 1_000;

/** The definition behind a row's number, made again from the settings that are stored beside its hash. */
export function definitionResolver(reads: Reads): (row: number) => Definition | null {
  const known = new Map<number, Definition | null>();
  const machinesOf = machinesBySettings();
  return (row) => {
    const found = known.get(row);
    if (found !== undefined) return found;
    const stored = reads.definition(row);
    const made = stored && machinesOf(stored.settings)?.[stored.machine];
    const definition = made && made.hash === stored.hash ? made : null;
    known.set(row, definition);
    return definition;
  };
}

type Machines = Readonly<Record<string, Definition>>;

/** All machines of the same settings are made at once, and once. */
function machinesBySettings(): (settings: JsonValue) => Machines | null {
  const made = new Map<string, Machines>();
  return (settings) => {
    const given = typeof settings === 'object' && settings !== null ? settings : {};
    const policy = policySchema.safeParse({ ...defaultPolicy, ...given });
    if (!policy.success) return null;
    const text = sorted(policy.data);
    const machines = made.get(text) ?? townMachines(policy.data);
    made.set(text, machines);
    return machines;
  };
}

function* rowsOf(reads: Reads, filter: { entity?: EntityRef }, upTo: Seq): Generator<LogRow> {
  let from = 0;
  for (;;) {
    const rows = reads.log(filter, { from, limit: PAGE, order: 'asc' });
    for (const row of rows) {
      if (row.seq > upTo) return;
      yield row;
      from = row.seq;
    }
    if (rows.length < PAGE) return;
  }
}

/** The whole log against the whole store. */
export function verifyTown(reads: Reads): VerifyReport {
  const last = reads.lastSeq();
  const resolver = definitionResolver(reads);
  const { entities, mismatches, checked, skipped } = replay(resolver, rowsOf(reads, {}, last));
  const problems: { entity: string; seq: Seq | null; problem: string }[] = mismatches.map((mismatch) => ({
    entity: refText(mismatch.entity),
    seq: mismatch.seq,
    problem: `the log says ${mismatch.logged}, a replay gives ${mismatch.replayed}`,
  }));
  for (const [text, snapshot] of entities) {
    const ref = parseRef(text);
    const row = reads.entity(ref);
    if (!row) problems.push({ entity: text, seq: null, problem: 'it is in the log but not in the store' });
    else if (row.status !== 'quarantined') {
      const definition = resolver(row.definition);
      const replayed = definition && dehydrate(definition, snapshot);
      if (replayed !== null && !sameJson(replayed, upToDate(definition, row.snapshot))) {
        problems.push({ entity: text, seq: null, problem: 'its stored snapshot is not what its log leads to' });
      }
    }
  }
  for (const { seq, problem } of sealProblems(reads)) problems.push({ entity: 'log', seq, problem });
  return { ok: problems.length === 0, rows: checked, entities: entities.size, skipped, problems };
}

/** A snapshot as it reads today: with the fields that its machine was given since. */
function upToDate(definition: Definition | null, snapshot: string): string {
  if (definition === null) return snapshot;
  try {
    return dehydrate(definition, hydrate(definition, snapshot));
  } catch {
    return snapshot; // what can not be read is not what the log leads to
  }
}

/** The order of keys is not part of a snapshot. */
function sameJson(left: string, right: string): boolean {
  return left === right || sorted(JSON.parse(left)) === sorted(JSON.parse(right));
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** One entity as it was right after a log row. */
export function stateAt(reads: Reads, ref: EntityRef, seq: Seq): { state: string; context: JsonObject } | null {
  const { entities } = replay(definitionResolver(reads), rowsOf(reads, { entity: ref }, seq));
  const snapshot = entities.get(refText(ref));
  return snapshot ? { state: leavesOf(snapshot).join(' '), context: contextOf(snapshot) } : null;
}
