/**
 * Fold of the log against the store, with the machines kept from seed to seed: making them anew for each town
 * costs more than simulating it. Every so often the town's own `verify` is asked as well.
 */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy, policySchema } from '../../machines/policy.ts';
import type { Definition } from '../core/define.ts';
import { replay } from '../core/replay.ts';
import { dehydrate } from '../core/snapshot.ts';
import { parseRef } from '../core/types.ts';
import type { LogRow, Reads } from '../store/port.ts';

const PAGE = 1_000;
const KEPT_MAX = 300;

/** Definitions by their hash, which names structure and settings. */
const kept = new Map<string, Definition>();

function definitionOf(reads: Reads, row: number): Definition | null {
  const stored = reads.definition(row);
  if (!stored) return null;
  const known = kept.get(stored.hash);
  if (known) return known;
  const settings = typeof stored.settings === 'object' && stored.settings !== null ? stored.settings : {};
  const policy = policySchema.safeParse({ ...defaultPolicy, ...settings });
  if (!policy.success) return null;
  if (kept.size > KEPT_MAX) kept.clear();
  const made: Readonly<Record<string, Definition>> = townMachines(policy.data);
  for (const definition of Object.values(made)) kept.set(definition.hash, definition);
  return kept.get(stored.hash) ?? null;
}

function* rowsOf(reads: Reads): Generator<LogRow> {
  for (let from = 0; ; from += PAGE) {
    const rows = reads.log({}, { from, limit: PAGE, order: 'asc' });
    yield* rows;
    if (rows.length < PAGE) return;
  }
}

/** Where a replay of the log leads elsewhere than the store is (P36). */
export function unverified(reads: Reads): readonly string[] {
  const resolve = (row: number) => definitionOf(reads, row);
  const { entities, mismatches } = replay(resolve, rowsOf(reads));
  const problems = mismatches.map(
    ({ entity, seq, logged, replayed }) =>
      `${entity.machine}/${entity.id} at ${seq}: the log says ${logged}, a replay ${replayed}`,
  );
  for (const [text, snapshot] of entities) {
    const row = reads.entity(parseRef(text));
    const definition = row && resolve(row.definition);
    if (!row) problems.push(`${text} is in the log and not in the store`);
    else if (definition && sorted(dehydrate(definition, snapshot)) !== sorted(row.snapshot)) {
      problems.push(`${text}: its stored snapshot is not what its log leads to`);
    }
  }
  return problems;
}

/** The order of keys is not part of a snapshot. */
function sorted(json: string): string {
  return JSON.stringify(JSON.parse(json), (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
