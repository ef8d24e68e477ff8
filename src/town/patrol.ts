/**
 * Patrol: the deterministic witness. It asks the invariants of the whole store, mends what it can by events only,
 * and reports each violation once. It is a safety net: what it finds should have been impossible.
 */
import { escalationId } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import { type EngineEvent, type EntityRef, refText } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import { checkBead } from './invariants.ts';
import type { Parties, Party, TownMachine } from './parties.ts';

const LIST_MAX = 1_000;
const INVARIANT = 'invariant';
const LIVE = ['in_progress.starting', 'in_progress.running', 'in_progress.stopping'];
const RETRYING = /^in_progress\.(retryWait|retryDue)$/;
/** Where entities wait for somebody to look at them. The first of each queue: those that are to go next. */
const RESTING = /^(agent idle\.|bead (open|failed\.exhausted)|container |rig |breaker )/;
const RESTING_MAX = 200;
const QUARANTINED = 'quarantined';
const FAILED_FOR_GOOD = /^failed\.(?!exhausted$)/;

export type PatrolParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver' | 'reads'>;
  readonly parties: Parties;
};

/** One round; resolves with the sentences of what it found. */
export async function patrol(parts: PatrolParts): Promise<readonly string[]> {
  // First, so that what is found now stands for a person to see until the next round.
  await settleInvariants(parts);
  const runs = await lostRuns(parts);
  const hooks = await forgottenHooks(parts);
  const dependencies = await missedDependencies(parts);
  const unreadable = await unreadableIdlers(parts);
  return [...runs, ...hooks, ...dependencies, ...unreadable];
}

/** Beads whose agent does not work for them (it was quarantined, or a backup was restored): they are open again. */
async function lostRuns(parts: PatrolParts): Promise<readonly string[]> {
  const { env, engine } = parts;
  const found: string[] = [];
  for (const bead of partiesIn(parts, 'bead', LIVE)) {
    const problem = checkBead(bead, engine.reads);
    if (!problem) continue;
    found.push(problem);
    env.log('error', problem);
    const { agent, epoch, id } = bead.context;
    const subject = `bead/${id}`;
    const raised: EngineEvent = { type: 'RAISE', subject, cause: INVARIANT, message: problem };
    await attempt(engine, { machine: 'escalation', id: escalationId(subject, INVARIANT) }, raised);
    const evicted = { type: 'RUN.EVICTED', agent: agent ?? '', epoch, reason: problem, began: false };
    await attempt(engine, bead.ref, evicted);
  }
  return found;
}

/** Agents that rest with a bead on the hook that is not kept for them (it was quarantined): they are free again. */
async function forgottenHooks(parts: PatrolParts): Promise<readonly string[]> {
  const { env, engine, parties } = parts;
  const found: string[] = [];
  for (const agent of partiesIn(parts, 'agent', ['idle.ready', 'idle.cooldown', 'idle.paused'])) {
    const { id, hook } = agent.context;
    if (hook === null) continue;
    const bead = parties.find('bead', hook);
    if (bead?.context.agent === id && RETRYING.test(bead.state)) continue;
    const sentence = `agent ${id} keeps bead ${hook} on its hook, which is ${bead?.state ?? 'not readable'}`;
    found.push(sentence);
    env.log('error', sentence);
    await attempt(engine, agent.ref, { type: 'RELEASE', bead: hook });
  }
  return found;
}

/** Level-triggered: what became of a dependency counts, whoever missed the message. */
async function missedDependencies(parts: PatrolParts): Promise<readonly string[]> {
  const { env, engine } = parts;
  const found: string[] = [];
  for (const bead of partiesIn(parts, 'bead', ['open.blockedDeps', 'open.blockedFailedDependency'])) {
    const { waitingFor, failedDependencies, id } = bead.context;
    for (const dependency of waitingFor) {
      const state = engine.reads.entity({ machine: 'bead', id: dependency })?.state ?? '';
      const type = missed(state, failedDependencies.includes(dependency));
      if (!type) continue;
      const sentence = `bead ${id} waits for ${dependency} and does not know that it is ${state}`;
      found.push(sentence);
      env.log('error', sentence);
      await attempt(engine, bead.ref, { type, bead: dependency });
    }
  }
  return found;
}

/** What a bead should have heard of a dependency that is in `state`; null when it knows. */
function missed(state: string, knownAsFailed: boolean): string | null {
  if (state.startsWith('closed.')) return 'DEPENDENCY.CLOSED';
  const failed = FAILED_FOR_GOOD.test(state);
  if (failed === knownAsFailed) return null;
  return failed ? 'DEPENDENCY.FAILED' : 'DEPENDENCY.REOPENED';
}

/** What rests and can not be read is passed over by everybody: without an event, nobody would ever say so. */
async function unreadableIdlers({ env, engine, parties }: PatrolParts): Promise<readonly string[]> {
  const { reads } = engine;
  const found: string[] = [];
  for (const { machine, state } of reads.census()) {
    if (!RESTING.test(`${machine} ${state}`)) continue;
    for (const ref of reads.queue({ machine, state, limit: RESTING_MAX })) {
      const subject = refText(ref);
      const escalation = { machine: 'escalation', id: escalationId(subject, QUARANTINED) };
      const isKnown = parties.find(machine as TownMachine, ref.id) !== null || reads.entity(escalation) !== null;
      if (isKnown) continue;
      const sentence = `${subject} in ${state} can not be read and is passed over: restore a backup, or replace it`;
      found.push(sentence);
      env.log('error', sentence);
      await attempt(engine, escalation, { type: 'RAISE', subject, cause: QUARANTINED, message: sentence });
    }
  }
  return found;
}

/** An alarm dies with its cause: a bead that fits again needs no person. */
async function settleInvariants({ engine, parties }: PatrolParts): Promise<void> {
  const raised = engine.reads.entities({ machine: 'escalation', label: INVARIANT }, { limit: LIST_MAX }).items;
  for (const { ref, state } of raised) {
    const subject = state === 'resolved' ? null : parties.find('escalation', ref.id)?.context.subject;
    const bead = subject ? parties.find('bead', subject.slice('bead/'.length)) : null;
    if (!bead || checkBead(bead, engine.reads)) continue;
    await attempt(engine, ref, { type: 'RESOLVE', reason: 'it fits again' });
  }
}

function partiesIn<M extends TownMachine>(
  { engine, parties }: PatrolParts,
  machine: M,
  states: readonly string[],
): readonly Party<M>[] {
  return states
    .flatMap((state) => engine.reads.queue({ machine, state, limit: LIST_MAX }))
    .flatMap(({ id }) => parties.find(machine, id) ?? []);
}

async function attempt(engine: PatrolParts['engine'], to: EntityRef, event: EngineEvent): Promise<void> {
  try {
    await engine.deliver({ to, event, by: 'patrol' });
  } catch (thrown) {
    const error = coerceError(thrown);
    if (!(error instanceof Refused)) throw error;
  }
}
