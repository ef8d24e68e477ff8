/**
 * P19: a bead that is ready while somebody is free for it does not stay so. Looked at twice, a minute apart: what
 * both looks show unchanged was missed by the matching.
 */
import type { Policy } from '../../machines/policy.ts';
import { BREAKER } from '../../machines/wiring.ts';
import type { EntityRef } from '../core/types.ts';
import type { EntityRow, Reads } from '../store/port.ts';
import { sinceOf } from './standing.ts';

const PAGE = 500;
export type Missed = { readonly bead: string; readonly facts: string };
type Look = { readonly reads: Reads; readonly policy: Policy };

export class Idleness {
  /** Bead → what was so at the last look. */
  #missed = new Map<string, string>();
  #life: unknown = null;

  /** `life` is the process that had its chance: another one begins anew. Returns the beads that were missed. */
  look(parts: Look, life: unknown): readonly Missed[] {
    const missed = this.#missed;
    this.#missed = missedBy(parts);
    if (life !== this.#life) {
      this.#life = life;
      return [];
    }
    return [...this.#missed]
      .filter(([bead, facts]) => missed.get(bead) === facts)
      .map(([bead, facts]) => ({ bead, facts }));
  }

  forget(): void {
    this.#missed = new Map();
  }
}

function missedBy({ reads, policy }: Look): Map<string, string> {
  const missed = new Map<string, string>();
  const breaker = reads.entity({ machine: 'breaker', id: BREAKER });
  // While it ramps it lets in few; half open it lets one through to see.
  if (breaker?.state !== 'closed.available' && breaker?.state !== 'halfOpen.waiting') return missed;
  const agents = reads.entities({ machine: 'agent' }, { limit: PAGE }).items;
  if (agents.filter(({ state }) => state.startsWith('working.')).length >= policy.workingMax) return missed;
  for (const agent of agents) {
    const { hook, rig, container } = contextOf(agent);
    if (agent.state !== 'idle.ready' || hook !== null) continue;
    if (!isOpen(reads, { rig: String(rig), container: String(container) }, policy)) continue;
    for (const bead of reads.queue({ machine: 'bead', state: 'open.ready', scope: String(rig), limit: PAGE })) {
      const since = (ref: EntityRef) => `${ref.id} since ${sinceOf(reads, ref)}`;
      missed.set(bead.id, [bead, agent.ref, breaker.ref, ...agents.map(({ ref }) => ref)].map(since).join(', '));
    }
  }
  return missed;
}

/** A rig that is at work with room for one more, and a container that takes runs or can be made. */
function isOpen(reads: Reads, { rig, container }: { rig: string; container: string }, policy: Policy): boolean {
  if (reads.entity({ machine: 'rig', id: rig })?.state !== 'active') return false;
  const host = reads.entity({ machine: 'container', id: container });
  if (!host || !/^(up\.|absent$)/.test(host.state) || contextOf(host).probation === true) return false;
  const live = ['in_progress.starting', 'in_progress.running', 'in_progress.stopping'];
  const busy = live.flatMap((state) => reads.queue({ machine: 'bead', state, scope: rig, limit: PAGE }));
  return busy.length < policy.rigWorkingMax;
}

function contextOf(row: EntityRow): Record<string, unknown> {
  return (JSON.parse(row.snapshot) as { context: Record<string, unknown> }).context;
}
