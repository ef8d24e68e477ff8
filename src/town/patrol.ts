/**
 * Patrol: the deterministic witness. It asks the invariants of the whole store, mends what it can by events only, and reports
 * each violation once. It is a safety net: what it finds should have been impossible.
 */
import type { BeadContext } from '../../machines/bead.ts';
import { escalationId } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EngineEvent, EntityRef } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import { checkBead } from './invariants.ts';
import type { Parties, Party } from './parties.ts';

const LIST_MAX = 1_000;
const LIVE = ['in_progress.starting', 'in_progress.running', 'in_progress.stopping'];

export type PatrolParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver' | 'reads'>;
  readonly parties: Parties;
};

/** One round; resolves with the sentences of what it found. */
export async function patrol(parts: PatrolParts): Promise<readonly string[]> {
  const runs = await lostRuns(parts);
  const dependencies = await missedDependencies(parts);
  return [...runs, ...dependencies];
}

/** Beads whose agent does not work for them (it was quarantined, or a backup was restored): they are open again. */
async function lostRuns({ env, engine, parties }: PatrolParts): Promise<readonly string[]> {
  const found: string[] = [];
  for (const bead of beadsIn({ engine, parties }, LIVE)) {
    const problem = checkBead(bead, engine.reads);
    if (!problem) continue;
    found.push(problem);
    env.log('error', problem);
    const { agent, epoch, id } = bead.context;
    await attempt(
      engine,
      { machine: 'escalation', id: escalationId(`bead/${id}`, 'invariant') },
      {
        type: 'RAISE',
        subject: `bead/${id}`,
        cause: 'invariant',
        message: problem,
      },
    );
    const evicted = { type: 'RUN.EVICTED', agent: agent ?? '', epoch, reason: problem, began: false };
    await attempt(engine, bead.ref, evicted);
  }
  return found;
}

/** Level-triggered: a dependency that is closed blocks nobody, whoever missed the message. */
async function missedDependencies({ env, engine, parties }: PatrolParts): Promise<readonly string[]> {
  const found: string[] = [];
  for (const bead of beadsIn({ engine, parties }, ['open.blockedDeps'])) {
    for (const id of bead.context.waitingFor) {
      const state = engine.reads.entity({ machine: 'bead', id })?.state ?? '';
      if (!state.startsWith('closed.')) continue;
      const sentence = `bead ${bead.context.id} waits for ${id}, which is closed`;
      found.push(sentence);
      env.log('error', sentence);
      await attempt(engine, bead.ref, { type: 'DEPENDENCY.CLOSED', bead: id });
    }
  }
  return found;
}

function beadsIn({ engine, parties }: Pick<PatrolParts, 'engine' | 'parties'>, states: readonly string[]) {
  return states
    .flatMap((state) => engine.reads.queue({ machine: 'bead', state, limit: LIST_MAX }))
    .flatMap(({ id }): (Party<'bead'> & { context: BeadContext })[] => {
      const party = parties.find('bead', id);
      return party ? [party] : [];
    });
}

async function attempt(engine: PatrolParts['engine'], to: EntityRef, event: EngineEvent): Promise<void> {
  try {
    await engine.deliver({ to, event, by: 'patrol' });
  } catch (thrown) {
    const error = coerceError(thrown);
    if (!(error instanceof Refused)) throw error;
  }
}
