/**
 * Wakes the beads that rest until a cause is gone, in bounded batches, so that a mass failure heals without a mass
 * commit.
 */
import type { HealParams } from '../../machines/vocabulary.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EntityRef } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';

const BATCH = 200;

/** Sends the event to everyone who waits for it; resolves with how many took it. */
export type Healer = (params: HealParams) => Promise<number>;

type HealingEngine = Pick<Engine, 'deliver' | 'reads'>;

export function createHealer(engine: () => HealingEngine): Healer {
  return async ({ event, rig }) => {
    const states = event === 'CONFIG_CHANGED' ? ['failed.exhausted', 'open.blockedConfig'] : ['failed.exhausted'];
    let healed = 0;
    for (const state of states) healed += await healState(engine(), { state, event, rig });
    return healed;
  };
}

type Ward = { state: string; event: HealParams['event']; rig: string | null };

async function healState(engine: HealingEngine, { state, event, rig }: Ward): Promise<number> {
  let healed = 0;
  for (;;) {
    const waiting = engine.reads.queue({
      machine: 'bead',
      state,
      limit: BATCH,
      ...(rig === null ? {} : { scope: rig }),
    });
    const took = await Promise.all(waiting.map((ref) => wake(engine, ref, event)));
    const count = took.filter(Boolean).length;
    healed += count;
    // Who took it left the state; when nobody did, nobody will.
    if (count === 0 || waiting.length < BATCH) return healed;
  }
}

async function wake(engine: HealingEngine, to: EntityRef, type: HealParams['event']): Promise<boolean> {
  try {
    await engine.deliver({ to, event: { type, reason: 'its cause may be gone' }, by: 'town' });
    return true;
  } catch (thrown) {
    if (coerceError(thrown) instanceof Refused) return false;
    throw thrown;
  }
}
