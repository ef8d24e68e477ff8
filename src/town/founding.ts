/** Founding a town, or opening it again: its entities are there, its rigs and its policy are as they were asked for. */

import { defaultPolicy, type Policy, type PolicyPatch, policySchema } from '../../machines/policy.ts';
import type { RigConfig, RigInput, RigRuntime } from '../../machines/vocabulary.ts';
import { BREAKER, TOWN } from '../../machines/wiring.ts';
import { Refused } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import type { Batch } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import type { Reads } from '../store/port.ts';
import { idPattern, idRule } from './identifiers.ts';
import { LOCAL, LOCAL_PLACE, type Place, type PolicyProblem, type TownOptions } from './options.ts';
import { valueAt, wordsOf } from './words.ts';

const BY = 'operator';

/** The stored policy with the patch over it, validated as a whole. Refused `invalid` with every problem. */
export function effectivePolicy(reads: Reads, patch: PolicyPatch = {}): Policy {
  const row = reads.entity({ machine: 'town', id: TOWN });
  const stored = row ? (JSON.parse(row.snapshot) as { context: { policy: PolicyPatch } }).context.policy : {};
  return parsePolicy({ ...defaultPolicy, ...stored, ...patch });
}

/** What the town of this store is called; null before it is founded. */
export function nameOf(reads: Reads): string | null {
  const row = reads.entity({ machine: 'town', id: TOWN });
  const { context } = JSON.parse(row?.snapshot ?? '{"context":{}}') as { context: { name?: string } };
  return context.name || null;
}

export function parsePolicy(policy: unknown): Policy {
  const parsed = policySchema.safeParse(policy);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const { problem, remedy } = wordsOf(issue, valueAt(policy, issue.path));
    // A rule between two settings is a sentence of its own.
    const isRule = issue.code === 'custom';
    return { setting: issue.path.join('.'), problem: isRule ? issue.message : `${problem}, ${remedy}` };
  });
  throw refusedPolicy(problems);
}

function refusedPolicy(problems: readonly PolicyProblem[]): Refused {
  const sentence = problems.map(({ setting, problem }) => `${setting}: ${problem}`).join('; ');
  return new Refused('invalid', `the policy was not accepted, nothing was changed. ${sentence}`, { problems });
}

type Approver = Pick<TownOptions, 'checkPolicy' | 'directory'> & { readonly env: Env };

/** Asks the check that was handed in. Refused `invalid` with every problem. */
export async function approve({ checkPolicy, directory, env }: Approver, policy: Policy): Promise<void> {
  const problems = (await checkPolicy?.(policy, { directory, env })) ?? [];
  if (problems.length > 0) throw refusedPolicy(problems);
}

export function checkId(id: string, what: string): void {
  if (idPattern.test(id)) return;
  throw new Refused('invalid', `"${id}" is no id for ${what}: ${idRule}`, { id });
}

/** Brings to life what is missing and tells what differs. One commit. */
export function found(batch: Batch, options: TownOptions, policy: Policy): void {
  const name = options.name ?? 'town';
  const asJson = policy as unknown as JsonObject;
  const missing = (machine: string, id: string) => batch.tx.entity({ machine, id }) === null;
  const bear = (machine: string, id: string, input: unknown) =>
    missing(machine, id) && batch.birth({ to: { machine, id }, input: input as JsonValue, by: BY });
  const isNew = missing('town', TOWN);
  bear('town', TOWN, { name, policy: asJson, runtime: options.runtime ?? null });
  bear('breaker', BREAKER, { id: BREAKER });
  if (options.local !== false) foundContainer(batch, { id: LOCAL, ...LOCAL_PLACE });
  for (const [id, config] of Object.entries(options.rigs ?? {})) foundRig(batch, { id, config });
  for (const agent of options.agents ?? []) {
    const { id, rig } = agent;
    checkId(id, 'an agent');
    if (missing('rig', rig)) throw new Refused('invalid', `agent ${id}: there is no rig ${rig}`, { agent: id, rig });
    bear('agent', id, agentInput(agent, options));
  }
  if (!isNew) configure(batch, { policy: asJson, ...(options.runtime !== undefined && { runtime: options.runtime }) });
}

export type NewAgent = { readonly id: string; readonly rig: string; readonly container?: string | undefined };

/** How an agent is born: bound to a container when that was asked for, else to be placed anew with each dispatch. */
export function agentInput({ id, rig, container: pinned }: NewAgent, { local }: Pick<TownOptions, 'local'>) {
  const anywhere = local === false ? '' : LOCAL;
  return { id, rig, role: 'polecat', container: pinned ?? anywhere, pinned: pinned ?? null };
}

export function foundRig(batch: Batch, { id, config }: RigInput, by = BY): void {
  checkId(id, 'a rig');
  const to = { machine: 'rig', id };
  const row = batch.tx.entity(to);
  if (!row) {
    batch.birth({ to, input: { id, config } as unknown as JsonValue, by });
    return;
  }
  const { context } = JSON.parse(row.snapshot) as { context: { config: RigConfig } };
  if (same(context.config, config)) return;
  batch.deliver({ to, event: { type: 'CONFIGURE', config: config as unknown as JsonObject }, by });
}

/** A container is born with its place, and told when that is another one now. */
export function foundContainer(batch: Batch, { id, ...place }: Place & { id: string }, by = BY): void {
  const to = { machine: 'container', id };
  const row = batch.tx.entity(to);
  const asJson = place as unknown as JsonObject;
  if (!row) {
    batch.birth({ to, input: { id, ...asJson }, by });
    return;
  }
  // What can not be read keeps no town from opening.
  if (row.status === 'quarantined') return;
  const { context } = JSON.parse(row.snapshot) as { context: Partial<Place> };
  if (same({ labels: context.labels ?? null, slots: context.slots ?? null }, place)) return;
  batch.deliver({ to, event: { type: 'CONFIGURE', ...asJson }, by });
}

export type TownSettings = { readonly policy: JsonObject; readonly runtime?: RigRuntime | null };

/** Settings that differ from the stored ones are a change, and heal like one (S14). */
export function configure(batch: Batch, { policy, runtime }: TownSettings, by = BY): void {
  const to = { machine: 'town', id: TOWN };
  const row = batch.tx.entity(to);
  type Stored = { context: { policy?: JsonObject; runtime?: RigRuntime | null } };
  const { context } = JSON.parse(row?.snapshot ?? '{"context":{}}') as Stored;
  const isSame = runtime === undefined || same(context.runtime ?? null, runtime);
  if (isSame && same(context.policy, policy)) return;
  const event = { type: 'CONFIGURE', policy, ...(runtime !== undefined && { runtime: runtime as JsonObject | null }) };
  batch.deliver({ to, event, by });
}

function same(left: unknown, right: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  return text(left) === text(right);
}
