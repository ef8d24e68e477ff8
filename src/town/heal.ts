/**
 * Wakes the beads and rigs that rest until a cause is gone, in bounded batches, so that a mass failure heals without a
 * mass commit.
 */
import type { HealParams } from '../../machines/vocabulary.ts';
import { escalationId } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EntityRef } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';

const BATCH = 200;
const RESTING_RIGS = ['blocked.waiting', 'blocked.looking', 'unready.waiting', 'unready.looking'];

/** Sends the event to everyone who waits for it; resolves with how many took it. */
export type Healer = (params: HealParams) => Promise<number>;

type HealingEngine = Pick<Engine, 'deliver' | 'reads'>;

export function createHealer(engine: () => HealingEngine): Healer {
  return async ({ event, rig }) => {
    const states = event === 'CONFIG_CHANGED' ? ['failed.exhausted', 'open.blockedConfig'] : ['failed.exhausted'];
    let healed = 0;
    for (const state of states) healed += await healState(engine(), { machine: 'bead', state, event, rig });
    // A setting that was changed for the whole town may be what a rig waits for.
    const rigs = event === 'CONFIG_CHANGED' && rig === null ? RESTING_RIGS : [];
    for (const state of rigs) healed += await healState(engine(), { machine: 'rig', state, event, rig });
    return healed;
  };
}

/**
 * What rests because of how its rig is configured goes on when a town is opened: the new process may have another
 * environment, and an older version kept other states.
 */
export async function wakeAtOpening(engine: HealingEngine): Promise<void> {
  const event = 'CONFIG_CHANGED';
  await settleBeads(engine);
  for (const state of RESTING_RIGS) await healState(engine, { machine: 'rig', state, event, rig: null });
  for (const { ref, state } of engine.reads.entities({ machine: 'rig' }, { limit: BATCH }).items) {
    const waking = { machine: 'bead' as const, state: 'open.blockedConfig', event, rig: ref.id } as const;
    if (state === 'active') await healState(engine, waking);
  }
  await healState(engine, { machine: 'agent', state: 'idle.quarantined', event, rig: null });
}

/** In an earlier version each such bead told a person of its own accord; now its rig does. */
async function settleBeads(engine: HealingEngine): Promise<void> {
  const { reads } = engine;
  const reason = 'its rig tells it';
  for (const { id } of reads.queue({ machine: 'bead', state: 'open.blockedConfig', limit: BATCH })) {
    const to = { machine: 'escalation', id: escalationId(`bead/${id}`, 'blocked') };
    const state = reads.entity(to)?.state ?? 'resolved';
    if (state !== 'resolved') await engine.deliver({ to, event: { type: 'RESOLVE', reason }, by: 'town' });
  }
}

type Ward = { machine: 'bead' | 'rig' | 'agent'; state: string; event: HealParams['event']; rig: string | null };

async function healState(engine: HealingEngine, { machine, state, event, rig }: Ward): Promise<number> {
  let healed = 0;
  for (;;) {
    const waiting = engine.reads.queue({
      machine,
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
