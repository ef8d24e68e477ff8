/**
 * The town's machines, made from a policy. Read `vocabulary.ts` for the words, `policy.ts` for the numbers,
 * `wiring.ts` for how a chart speaks to the engine, then `bead.ts` and `agent.ts`; `README.md` shows them drawn.
 */
import { agentDefinition } from './agent.ts';
import { beadDefinition } from './bead.ts';
import { breakerDefinition } from './breaker.ts';
import { containerDefinition } from './container.ts';
import { escalationDefinition } from './escalation.ts';
import type { Policy } from './policy.ts';
import { rigDefinition } from './rig.ts';
import { townDefinition } from './town.ts';

export type TownMachines = ReturnType<typeof makeMachines>;

/** Sets of machines that are kept, so that many towns of one policy in one process share them. */
const KEPT_MAX = 48;
const kept = new Map<string, TownMachines>();

/**
 * The machines of a policy. They hold nothing of a town, and to make them costs more than a thousand steps: equal
 * policies get the same ones.
 */
export function townMachines(policy: Policy): TownMachines {
  const settings = JSON.stringify(Object.entries(policy).sort(([one], [other]) => (one < other ? -1 : 1)));
  const known = kept.get(settings);
  if (known) return known;
  if (kept.size >= KEPT_MAX) kept.clear();
  // A copy, so that a policy that its owner changes later is not a set of machines that changes with it.
  const made = makeMachines(structuredClone(policy));
  kept.set(settings, made);
  return made;
}

function makeMachines(policy: Policy) {
  return {
    town: townDefinition(),
    agent: agentDefinition(policy),
    bead: beadDefinition(policy),
    container: containerDefinition(policy),
    breaker: breakerDefinition(policy),
    rig: rigDefinition(policy),
    escalation: escalationDefinition(policy),
  };
}
