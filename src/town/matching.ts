/**
 * Matching ready beads to free agents. Level-triggered: it looks at what is, never at what changed, so that a lost
 * notification strands nothing; and it only proposes: the charts of bead, agent, breaker, container and rig decide
 * in one transaction.
 */
import type { Policy } from '../../machines/policy.ts';
import { BREAKER } from '../../machines/wiring.ts';
import type { Parties, Party } from './parties.ts';
import { Placement, type PlacementParts, spotsOf, type Wanted } from './placement.ts';

export type Match = {
  readonly agent: string;
  readonly bead: string;
  readonly probe: boolean;
  readonly container: string;
  /** The labels of the rig, for the container to judge. */
  readonly needs: readonly string[];
};
/** What a look found: dispatches to propose, and containers that are wanted. */
export type Proposal = { readonly matches: readonly Match[]; readonly wanted: readonly string[] };

export type MatchParts = PlacementParts & { readonly policy: Policy };

const AGENTS_MAX = 1_000;
const MERGING_MAX = 100;
const NOTHING: Proposal = { matches: [], wanted: [] };

export function propose(parts: MatchParts): Proposal {
  const { matches, wanted } = proposeRuns(parts);
  return { matches, wanted: [...new Set([...wanted, ...wantedForMerges(parts)])] };
}

/** What a run left is in its container: a merge needs it, whether or not anything may be dispatched. */
function wantedForMerges({ reads, parties, isConnected = () => true }: MatchParts): readonly string[] {
  return reads
    .queue({ machine: 'bead', state: 'in_progress.inReview.merging', limit: MERGING_MAX })
    .flatMap(({ id }) => whereItWas(parties, parties.find('bead', id)) ?? [])
    .filter((container) => parties.find('container', container)?.state === 'absent' && isConnected(container));
}

function proposeRuns(parts: MatchParts): Proposal {
  const breaker = parts.parties.find('breaker', BREAKER);
  if (!breaker || !lets(breaker)) return NOTHING;
  const probe = breaker.state.startsWith('halfOpen');
  const slots = probe ? 1 : freeSlots(parts);
  if (slots <= 0) return NOTHING;
  const pairing = new Pairing(parts, slots);
  pairing.pair();
  return { matches: pairing.pairs.map((match) => ({ ...match, probe })), wanted: [...pairing.wanted] };
}

function lets(breaker: Party<'breaker'>): boolean {
  return ['closed.available', 'closed.ramping', 'halfOpen.waiting'].includes(breaker.state);
}

function freeSlots({ reads, policy }: MatchParts): number {
  const working = reads
    .census('agent')
    .filter(({ state }) => state.startsWith('working.'))
    .reduce((sum, { count }) => sum + count, 0);
  return policy.workingMax - working;
}

type Pair = Omit<Match, 'probe'>;

/** Retries go first, each to the agent that kept it; then the free agents take the first beads of their rig's queue. */
class Pairing {
  readonly pairs: Pair[] = [];
  readonly wanted = new Set<string>();
  readonly #parts: MatchParts;
  readonly #slots: number;
  readonly #placement: Placement;
  /** Slots that are left, by rig. */
  readonly #left = new Map<string, number>();

  constructor(parts: MatchParts, slots: number) {
    this.#parts = parts;
    this.#slots = slots;
    this.#placement = new Placement(spotsOf(parts));
  }

  pair(): void {
    const { reads, parties } = this.#parts;
    const free = new Map<string, Party<'agent'>[]>();
    for (const { id } of reads.queue({ machine: 'agent', state: 'idle.ready', limit: AGENTS_MAX })) {
      const agent = parties.find('agent', id);
      if (!agent) continue;
      const { hook, rig } = agent.context;
      if (hook === null) free.set(rig, [...(free.get(rig) ?? []), agent]);
      else if (isRetryDue(parties, hook, id) && this.#room(rig) > 0) this.#take([agent], hook);
    }
    for (const [rig, agents] of free) this.#pairRig(rig, agents);
  }

  #pairRig(rig: string, agents: Party<'agent'>[]): void {
    const limit = Math.min(agents.length, this.#room(rig));
    if (limit <= 0) return;
    const beads = this.#parts.reads.queue({ machine: 'bead', state: 'open.ready', scope: rig, limit });
    for (const { id } of beads) {
      const taker = this.#take(agents, id);
      // All of them need the same: where one finds no place, none does.
      if (!taker) return;
      agents.splice(agents.indexOf(taker), 1);
    }
  }

  #room(rig: string): number {
    const left = this.#left.get(rig) ?? rigSlots(this.#parts, rig);
    this.#left.set(rig, left);
    return Math.min(left, this.#slots - this.pairs.length);
  }

  /** The first of the agents that can be placed with the bead; without one, a container is wanted. */
  #take(agents: readonly Party<'agent'>[], bead: string): Party<'agent'> | null {
    const hopeless = new Set<string | null>();
    for (const agent of agents) {
      const { pinned, rig, id } = agent.context;
      if (hopeless.has(pinned)) continue;
      const wanted = wantedBy(this.#parts.parties, { bead, rig, pinned });
      const { container, wake } = this.#placement.choose(wanted);
      if (wake !== null) this.wanted.add(wake);
      if (container !== null) {
        this.#left.set(rig, (this.#left.get(rig) ?? 0) - 1);
        this.pairs.push({ agent: id, bead, container, needs: wanted.needs });
        return agent;
      }
      hopeless.add(pinned);
    }
    return null;
  }
}

/** What a run of the bead asks of a container. */
export function wantedBy(parties: Parties, run: { bead: string; rig: string; pinned: string | null }): Wanted {
  const bead = parties.find('bead', run.bead);
  return {
    needs: parties.find('rig', run.rig)?.context.config.labels ?? [],
    pinned: run.pinned,
    previous: whereItWas(parties, bead),
    failed: (bead?.context.startFailures ?? 0) > 0,
  };
}

/** Where the latest run of a bead was; one of before there were several containers does not say. */
function whereItWas(parties: Parties, bead: Party<'bead'> | null): string | null {
  if (!bead) return null;
  const { container, agent } = bead.context;
  return container ?? (agent === null ? null : (parties.find('agent', agent)?.context.container ?? null));
}

function isRetryDue(parties: Parties, bead: string, agent: string): boolean {
  const party = parties.find('bead', bead);
  return party?.state === 'in_progress.retryDue' && party.context.agent === agent;
}

function rigSlots({ reads, parties, policy }: MatchParts, rig: string): number {
  if (parties.find('rig', rig)?.state !== 'active') return 0;
  const live = ['in_progress.starting', 'in_progress.running', 'in_progress.stopping'];
  const most = policy.rigWorkingMax;
  const working = live.map((state) => reads.queue({ machine: 'bead', state, scope: rig, limit: most }).length);
  return most - working.reduce((sum, count) => sum + count, 0);
}
