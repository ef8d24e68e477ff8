/** What a rig has to do with a wait: whether its agents can start, why not, and what mends that. */
import type { Reads } from '../store/port.ts';
import type { WhyCondition } from './api.ts';
import type { Parties } from './parties.ts';

type Parts = { readonly reads: Reads; readonly parties: Parties };

/** The condition that a rig lets agents start. */
export function ofRig({ parties, reads }: Parts, rig: string): WhyCondition {
  const party = parties.find('rig', rig);
  const state = party?.state ?? 'unknown';
  const paused = { condition: `rig ${rig} is active`, inputs: { rig, state }, nextAt: null };
  if (!party || !isRefused(state)) {
    return { ...paused, holds: state === 'active', waitsFor: `a person: RESUME rig/${rig}` };
  }
  const { reason, container } = party.context;
  const [timer] = reads.timers({ entity: party.ref }, { limit: 1 }).items;
  return {
    condition: `rig ${rig} can start agents, which it can not: ${reason ?? 'no reason was given'}`,
    holds: false,
    inputs: { rig, state, container: container ?? '' },
    nextAt: timer?.dueAt ?? null,
    waitsFor: state.startsWith('blocked.')
      ? `a person: mend that and RESUME rig/${rig}, or configure the rig`
      : 'what its agents need',
  };
}

/** It was refused a start that any of its agents would be refused. */
export function isRefused(state: string): boolean {
  return /^(blocked|unready)\./.test(state);
}
