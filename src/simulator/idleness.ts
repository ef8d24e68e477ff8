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
type Look = {
  readonly reads: Reads;
  readonly policy: Policy;
  /** Ids of the containers that can be reached. */
  readonly reachable: readonly string[];
};

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

function missedBy(look: Look): Map<string, string> {
  const { reads, policy } = look;
  const missed = new Map<string, string>();
  const breaker = reads.entity({ machine: 'breaker', id: BREAKER });
  // While it ramps it lets in few; half open it lets one through to see.
  if (breaker?.state !== 'closed.available' && breaker?.state !== 'halfOpen.waiting') return missed;
  const agents = reads.entities({ machine: 'agent' }, { limit: PAGE }).items;
  if (agents.filter(({ state }) => state.startsWith('working.')).length >= policy.workingMax) return missed;
  for (const agent of agents) {
    const { hook, rig } = contextOf(agent);
    if (agent.state !== 'idle.ready' || hook !== null) continue;
    if (!isOpen(look, String(rig))) continue;
    for (const bead of reads.queue({ machine: 'bead', state: 'open.ready', scope: String(rig), limit: PAGE })) {
      const since = (ref: EntityRef) => `${ref.id} since ${sinceOf(reads, ref)}`;
      missed.set(bead.id, [bead, agent.ref, breaker.ref, ...agents.map(({ ref }) => ref)].map(since).join(', '));
    }
  }
  return missed;
}

/** A rig that is at work with room for one more, and a container with its labels that takes runs or can be made. */
function isOpen({ reads, policy, reachable }: Look, rig: string): boolean {
  const row = reads.entity({ machine: 'rig', id: rig });
  if (row?.state !== 'active') return false;
  const { labels = [] } = contextOf(row).config as { labels?: readonly string[] };
  const hosts = reachable.flatMap((id) => reads.entity({ machine: 'container', id }) ?? []);
  const ready = hosts.filter((host) => takes(host, labels));
  // One that is made ready is waited for, before another one is woken.
  const isComing = ready.some(({ state }) => state === 'provisioning');
  if (!ready.some(({ state }) => state.startsWith('up.') || (state === 'absent' && !isComing))) return false;
  const live = ['in_progress.starting', 'in_progress.running', 'in_progress.stopping'];
  const busy = live.flatMap((state) => reads.queue({ machine: 'bead', state, scope: rig, limit: PAGE }));
  return busy.length < policy.rigWorkingMax;
}

function takes(host: EntityRow, needs: readonly string[]): boolean {
  const { probation, labels, slots, runs } = contextOf(host) as { [field: string]: unknown } & Hosting;
  return (
    probation !== true && needs.every((label) => labels.includes(label)) && (slots === null || runs.length < slots)
  );
}

type Hosting = { labels: readonly string[]; slots: number | null; runs: readonly number[] };

function contextOf(row: EntityRow): Record<string, unknown> {
  return (JSON.parse(row.snapshot) as { context: Record<string, unknown> }).context;
}
