/**
 * The invariants that tie entities together, checked inside every transaction: an agent works exactly when its bead
 * says so. What they refuse is rolled back; patrol asks the same questions of the whole store.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { EntityRef } from '../core/types.ts';
import type { Touched } from '../engine/turn.ts';
import type { Reads } from '../store/port.ts';

type Side<TContext> = { readonly state: string; readonly context: TContext };

const LIVE_BEAD = /^in_progress\.(starting|running|stopping)$/;
const TERMINAL_BEAD = /^(closed|failed)\./;

/** Why agent and bead do not fit; null when they do. Numbered as in the properties: P2, P3, P4. */
export function mismatch(agent: Side<AgentContext>, bead: Side<BeadContext>): string | null {
  const works = agent.state.startsWith('working.') && agent.context.bead === bead.context.id;
  const expects = LIVE_BEAD.test(bead.state) && bead.context.agent === agent.context.id;
  const names = `agent ${agent.context.id} (${agent.state}) and bead ${bead.context.id} (${bead.state})`;
  if (expects && !works) return `P4: ${names}: the bead has no live run`;
  if (expects && agent.context.epoch !== bead.context.epoch) return `P3: ${names}: their epochs differ`;
  // What is quarantined can not be judged; patrol looks after its other side.
  if (!works || expects || TERMINAL_BEAD.test(bead.state) || bead.state === UNREADABLE) return null;
  return `P4: ${names}: the run works for a bead that does not know it`;
}

const UNREADABLE = 'quarantined';

/** The check of every transaction: each agent and bead that it changed against its other side. */
export function checkTown(touched: readonly Touched[], reads: Reads): string | null {
  for (const { ref, after, context } of touched) {
    const problem =
      ref.machine === 'agent'
        ? checkAgent({ state: after, context: context as unknown as AgentContext }, reads)
        : ref.machine === 'bead'
          ? checkBead({ state: after, context: context as unknown as BeadContext }, reads, true)
          : null;
    if (problem) return problem;
  }
  return null;
}

export function checkAgent(agent: Side<AgentContext>, reads: Reads): string | null {
  if (!agent.state.startsWith('working.') || agent.context.bead === null) return null;
  const bead = side<BeadContext>(reads, { machine: 'bead', id: agent.context.bead });
  if (!bead) return `P4: agent ${agent.context.id} works on bead ${agent.context.bead}, which is not there`;
  return mismatch(agent, bead);
}

/** `lenient`: an agent that can not be read is no fault of the bead's event; patrol looks after the bead. */
export function checkBead(bead: Side<BeadContext>, reads: Reads, lenient = false): string | null {
  if (!LIVE_BEAD.test(bead.state)) return null;
  const agent =
    bead.context.agent === null ? null : side<AgentContext>(reads, { machine: 'agent', id: bead.context.agent });
  if (lenient && agent?.state === UNREADABLE) return null;
  if (!agent) return `P4: bead ${bead.context.id} is ${bead.state} without an agent`;
  return mismatch(agent, bead);
}

function side<TContext>(reads: Reads, ref: EntityRef): Side<TContext> | null {
  const row = reads.entity(ref);
  if (!row) return null;
  const context = row.status === 'quarantined' ? null : contextIn<TContext>(row.snapshot);
  return context ? { state: row.state, context } : { state: UNREADABLE, context: { id: ref.id } as TContext };
}

function contextIn<TContext>(snapshot: string): TContext | null {
  try {
    return (JSON.parse(snapshot) as { context?: TContext }).context ?? null;
  } catch {
    return null;
  }
}
