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

export function townMachines(policy: Policy) {
  return {
    town: townDefinition(),
    agent: agentDefinition(policy),
    bead: beadDefinition(policy),
    container: containerDefinition(policy),
    breaker: breakerDefinition(policy),
    rig: rigDefinition(),
    escalation: escalationDefinition(policy),
  };
}
