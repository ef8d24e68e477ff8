/** What is set for a whole town beside its policy: the runtime that its rigs share, and the secrets they refer to. */
import type { Policy } from '../../machines/policy.ts';
import type { RigRuntime } from '../../machines/vocabulary.ts';
import { TOWN } from '../../machines/wiring.ts';
import type { JsonObject, Receipt } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { SendOptions } from './api.ts';
import { configure } from './founding.ts';
import type { Parties } from './parties.ts';
import { referencesOf } from './runtime.ts';
import type { KnownSecrets } from './secrets.ts';

const RIGS_MAX = 500;

export function sharedRuntime(parties: Parties): RigRuntime | null {
  return parties.find('town', TOWN)?.context.runtime ?? null;
}

type Change = {
  readonly runtime: RigRuntime | null;
  readonly policy: Policy;
  /** Called when it is there: its key is masked from then on. */
  readonly learn: () => Promise<void>;
};

export async function changeRuntime(
  engine: Pick<Engine, 'submit'>,
  { runtime, policy, learn }: Change,
  { by = 'operator', idempotency }: SendOptions,
): Promise<Receipt> {
  const receipt = await engine.submit(
    (batch): Receipt => {
      configure(batch, { policy: policy as unknown as JsonObject, runtime }, by);
      const entity = { machine: 'town', id: TOWN };
      return { seq: batch.tx.lastSeq(), entity, at: batch.at, state: batch.tx.entity(entity)?.state ?? '' };
    },
    idempotency ? { idempotency } : {},
  );
  await learn();
  return receipt;
}

/** Everything that a rig refers to is masked from now on. */
export function learnAll(secrets: KnownSecrets, parties: Parties, { reads }: Pick<Engine, 'reads'>): Promise<void> {
  const rigs = reads.entities({ machine: 'rig' }, { limit: RIGS_MAX }).items;
  const configs = rigs.flatMap(({ ref }) => parties.find('rig', ref.id)?.context.config ?? []);
  return secrets.learn(configs.map((config) => referencesOf(config, sharedRuntime(parties))));
}
