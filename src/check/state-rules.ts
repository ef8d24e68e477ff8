/**
 * Rules about states: of one entity, and of entities that belong together. A state that breaks one is a counterexample.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { EngineEvent, JsonObject } from '../core/types.ts';
import { mismatch } from '../town/invariants.ts';
import { fencedMessages, outcomesOf } from './messages.ts';
import { GHOST_EPOCH, LEAKED_EPOCH } from './renaming.ts';

export type Standing = {
  readonly machine: string;
  readonly id: string;
  readonly state: string;
  readonly context: JsonObject;
  readonly timers: readonly string[];
  readonly pending: readonly string[];
  readonly open: readonly string[];
};

/** What became of an event: the state after it, null when it is not taken. */
export type Answer = { readonly state: string; readonly changed: boolean } | null;
export type Ask = (event: EngineEvent) => Answer;

type Waits = Readonly<Record<string, readonly RegExp[]>>;

/** Who a state without a deadline waits for: the closed list. */
const FOR_PERSON: Waits = {
  agent: [/^idle\.quarantined$/],
  bead: [/^open\.(awaitingInput|blockedFailedDependency)$/, /^failed\.(gaveUp|permanent|reworkExhausted|budget)$/],
  container: [/^broken$/],
  rig: [/^blocked\./],
};
/** A person brought it there, and needs no telling. */
const BY_PERSON: Waits = {
  agent: [/^idle\.paused$/],
  bead: [/^open\.held$/, /^failed\.cancelled$/],
  breaker: [/^paused\.byOperator$/],
  rig: [/^paused$/],
};
const FOR_ANOTHER: Waits = {
  // The matcher looks at them whenever something changes; a bead's run is its agent's to end (P4, checked in pairs).
  agent: [/^idle\.ready$/],
  // What its rig can not start is woken with its rig.
  bead: [/^open\.(ready|blockedDeps|blockedConfig)$/, /^in_progress\.(starting|running|stopping)$/, /^closed\./],
  container: [/^absent$/],
  breaker: [/^closed\.available$/, /^halfOpen\.waiting$/],
  rig: [/^active$/],
};

const isIn = (waits: Waits, { machine, state }: Pick<Standing, 'machine' | 'state'>) =>
  (waits[machine] ?? []).some((pattern) => pattern.test(state));

/** It rests until a person does something. */
export function waitsForPerson(standing: Pick<Standing, 'machine' | 'state'>): boolean {
  return isIn(FOR_PERSON, standing) || isIn(BY_PERSON, standing);
}

/** Why this state of one entity may not be; null when it may. */
export function stateFlaw(standing: Standing, ask: Ask): string | null {
  return (
    limbo(standing) ??
    unheardOf(standing) ??
    ghosts(standing, ask) ??
    lifeSigns(standing, ask) ??
    refusals(standing, ask)
  );
}

function limbo(standing: Standing): string | null {
  const { state, timers, pending } = standing;
  if (timers.length > 0 || pending.length > 0) return null;
  const named = isIn(FOR_ANOTHER, standing) || waitsForPerson(standing);
  return named ? null : `${state} has no timer, no effect under way, and waits for nobody who is named`;
}

function unheardOf(standing: Standing): string | null {
  const { state, open } = standing;
  return isIn(FOR_PERSON, standing) && open.length === 0 ? `${state} waits for a person, and nobody was told` : null;
}

/** Whatever an epoch says that was replaced, nothing moves. */
function ghosts({ machine, context }: Standing, ask: Ask): string | null {
  if (machine !== 'agent') return null;
  const { id, bead, container } = context as unknown as AgentContext;
  const params = { agent: id, bead: bead ?? '', epoch: GHOST_EPOCH, container };
  const messages = [
    ...fencedMessages(GHOST_EPOCH),
    ...['startRun', 'probeRun', 'stopRun'].flatMap((type) => outcomesOf(type, params)),
  ];
  for (const event of messages) {
    if (ask(event)?.changed) return `${event.type} of an epoch that was replaced changed something`;
  }
  return null;
}

/** A heartbeat, a completion of the current epoch are taken wherever the run may still live. */
function lifeSigns({ machine, state, context }: Standing, ask: Ask): string | null {
  if (machine !== 'agent') return null;
  const { epoch, revivable } = context as unknown as AgentContext;
  const works = state.startsWith('working.');
  if (epoch === 0 || !(works || revivable)) return null;
  if (!works || !state.startsWith('working.stopping')) {
    const beat = ask({ type: 'HEARTBEAT', epoch });
    if (!beat?.state.startsWith('working.running')) return `a heartbeat of the current run is not taken in ${state}`;
  }
  return ask({ type: 'DONE', epoch })?.state === 'exited.completed' || state.startsWith('working.stopping')
    ? null
    : `the run's completion is not taken in ${state}`;
}

/** That it did not start is known in the commit that hears of it. */
function refusals({ machine, state, context }: Standing, ask: Ask): string | null {
  if (machine !== 'agent' || state !== 'working.dispatching') return null;
  const { id, bead, epoch, container } = context as unknown as AgentContext;
  const params = { agent: id, bead, epoch, container };
  const answer = ask({ type: 'effect.startRun.refused', reason: 'refused', permanent: false, params, key: 'key' });
  return answer && !answer.state.startsWith('working.') ? null : 'the start was refused, and the agent works on';
}

type Parties = {
  readonly agents: readonly Standing[];
  readonly beads: readonly Standing[];
};

/** Why these states may not be together. */
export function pairFlaw(agent: Standing, bead: Standing): string | null {
  const worker = { state: agent.state, context: agent.context as unknown as AgentContext };
  const work = { state: bead.state, context: bead.context as unknown as BeadContext };
  const concerned =
    worker.context.bead === bead.id || worker.context.hook === bead.id || work.context.agent === agent.id;
  if (!concerned) return null;
  return mismatch(worker, work) ?? abandoned(worker, work) ?? unstopped(worker, work);
}

type Side<TContext> = { readonly state: string; readonly context: TContext };

/** An idle agent keeps a bead that nobody would start with it. */
function abandoned(agent: Side<AgentContext>, bead: Side<BeadContext>): string | null {
  if (!agent.state.startsWith('idle.') || agent.context.hook !== bead.context.id) return null;
  const kept = /^in_progress\.retry/.test(bead.state) && bead.context.agent === agent.context.id;
  return kept
    ? null
    : `agent ${agent.context.id} (${agent.state}) keeps ${bead.context.id} (${bead.state}), which does not wait for it`;
}

/** A run goes on for a bead that is over. */
function unstopped(agent: Side<AgentContext>, bead: Side<BeadContext>): string | null {
  const works = agent.state.startsWith('working.') && !agent.state.startsWith('working.stopping');
  const over = /^(closed|failed)\./.test(bead.state) && agent.context.bead === bead.context.id;
  return works && over
    ? `agent ${agent.context.id} (${agent.state}) works on for bead ${bead.context.id}, which is ${bead.state}`
    : null;
}

/** Two runs of one bead at a time. */
export function doubleRun({ agents, beads }: Parties): string | null {
  for (const { id } of beads) {
    const working = agents.filter(({ state, context }) => state.startsWith('working.') && context.bead === id);
    if (working.length > 1)
      return `${working.map((agent) => agent.id).join(' and ')} work for bead ${id} at the same time`;
  }
  return null;
}

/** The container keeps a place for a run that nobody has. */
export function leakedPlace(container: Standing): string | null {
  const { runs } = container.context as unknown as ContainerContext;
  return runs.some((epoch) => epoch >= LEAKED_EPOCH)
    ? 'the container keeps the place of a run that no agent has'
    : null;
}

/** A bead waits for one that is over. */
export function missedDependency({ beads }: Parties): string | null {
  for (const bead of beads) {
    const { waitingFor } = bead.context as unknown as BeadContext;
    if (bead.state !== 'open.blockedDeps') continue;
    const over = beads.find(({ id, state }) => waitingFor.includes(id) && state.startsWith('closed.'));
    if (over) return `bead ${bead.id} waits for bead ${over.id}, which is closed`;
  }
  return null;
}
