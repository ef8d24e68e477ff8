/**
 * Matching ready beads to free agents. Level-triggered: it looks at what is, never at what changed, so that a lost
 * notification strands nothing; and it only proposes: the charts of bead, agent, breaker, container and rig decide
 * in one transaction.
 */
import type { Policy } from '../../machines/policy.ts';
import { BREAKER } from '../../machines/wiring.ts';
import type { Reads } from '../store/port.ts';
import type { Parties, Party } from './parties.ts';

export type Match = { readonly agent: string; readonly bead: string; readonly probe: boolean };
/** What a look found: dispatches to propose, and containers that are wanted. */
export type Proposal = { readonly matches: readonly Match[]; readonly wanted: readonly string[] };

export type MatchParts = { readonly reads: Reads; readonly parties: Parties; readonly policy: Policy };

const AGENTS_MAX = 1_000;
const MERGING_MAX = 100;
const NOTHING: Proposal = { matches: [], wanted: [] };

export function propose(parts: MatchParts): Proposal {
  const { matches, wanted } = proposeRuns(parts);
  return { matches, wanted: [...new Set([...wanted, ...wantedForMerges(parts)])] };
}

/** What a run left is in its container: a merge needs it, whether or not anything may be dispatched. */
function wantedForMerges({ reads, parties }: MatchParts): readonly string[] {
  return reads
    .queue({ machine: 'bead', state: 'in_progress.inReview.merging', limit: MERGING_MAX })
    .flatMap(({ id }) => parties.find('bead', id)?.context.agent ?? [])
    .flatMap((agent) => parties.find('agent', agent)?.context.container ?? [])
    .filter((container) => parties.find('container', container)?.state === 'absent');
}

function proposeRuns(parts: MatchParts): Proposal {
  const breaker = parts.parties.find('breaker', BREAKER);
  if (!breaker || !lets(breaker)) return NOTHING;
  const probe = breaker.state.startsWith('halfOpen');
  const slots = probe ? 1 : freeSlots(parts);
  if (slots <= 0) return NOTHING;
  const pairs = pair(parts, slots);
  const up = (agent: Party<'agent'>) => parts.parties.find('container', agent.context.container)?.state ?? 'absent';
  const matches = pairs
    .filter(({ agent }) => up(agent).startsWith('up.'))
    .map(({ agent, bead }) => ({ agent: agent.context.id, bead, probe }));
  const absent = pairs.filter(({ agent }) => up(agent) === 'absent').map(({ agent }) => agent.context.container);
  return { matches, wanted: [...new Set(absent)] };
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

type Pair = { agent: Party<'agent'>; bead: string };

/** Retries go first, each to the agent that kept it; then each free agent takes the first bead of its rig's queue. */
function pair(parts: MatchParts, slots: number): readonly Pair[] {
  const { reads, parties } = parts;
  const pairs: Pair[] = [];
  const ready = reads
    .queue({ machine: 'agent', state: 'idle.ready', limit: AGENTS_MAX })
    .flatMap(({ id }) => parties.find('agent', id) ?? []);
  const left = new Map([...new Set(ready.map(({ context }) => context.rig))].map((rig) => [rig, rigSlots(parts, rig)]));
  const take = (agent: Party<'agent'>, bead: string) => {
    const { rig } = agent.context;
    const free = left.get(rig) ?? 0;
    if (free <= 0 || pairs.length >= slots) return;
    left.set(rig, free - 1);
    pairs.push({ agent, bead });
  };
  const byRig = new Map<string, Party<'agent'>[]>();
  for (const agent of ready) {
    const { hook, rig, id } = agent.context;
    if (hook === null) byRig.set(rig, [...(byRig.get(rig) ?? []), agent]);
    else if (isRetryDue(parties, hook, id)) take(agent, hook);
  }
  for (const [rig, agents] of byRig) {
    const most = Math.min(agents.length, slots - pairs.length, left.get(rig) ?? 0);
    if (most <= 0) continue;
    const beads = reads.queue({ machine: 'bead', state: 'open.ready', scope: rig, limit: most });
    beads.forEach(({ id }, index) => {
      const agent = agents[index];
      if (agent) take(agent, id);
    });
  }
  return pairs;
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
