/** How the town reads its own entities: typed contexts, by the engine's view of them. */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { BreakerContext } from '../../machines/breaker.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { EscalationContext } from '../../machines/escalation.ts';
import type { RigContext } from '../../machines/rig.ts';
import type { TownContext } from '../../machines/town.ts';
import { Refused } from '../core/errors.ts';
import type { EntityRef, EpochMs } from '../core/types.ts';
import { refText } from '../core/types.ts';

export type Contexts = {
  town: TownContext;
  agent: AgentContext;
  bead: BeadContext;
  container: ContainerContext;
  breaker: BreakerContext;
  rig: RigContext;
  escalation: EscalationContext;
};
export type TownMachine = keyof Contexts;

export type Party<M extends TownMachine> = {
  readonly ref: EntityRef;
  readonly state: string;
  readonly since: EpochMs;
  readonly context: Contexts[M];
};

export interface Parties {
  find<M extends TownMachine>(machine: M, id: string): Party<M> | null;
  /** Refused unknown_entity with the sentence to show. */
  get<M extends TownMachine>(machine: M, id: string): Party<M>;
}

/** What the town needs of the engine to read its entities. */
export type EntitySource = (ref: EntityRef) => { state: string; since: EpochMs; context: object } | null;

export function createParties(source: EntitySource): Parties {
  const find = <M extends TownMachine>(machine: M, id: string): Party<M> | null => {
    const ref = { machine, id };
    const found = source(ref);
    // What can not be read has no context: it is as if it were not there, and its own machine has it quarantined.
    return found && Object.keys(found.context).length > 0
      ? { ref, state: found.state, since: found.since, context: found.context as Contexts[M] }
      : null;
  };
  return {
    find,
    get: (machine, id) => {
      const party = find(machine, id);
      if (party) return party;
      throw new Refused('unknown_entity', `there is no ${refText({ machine, id })} in this town`, { machine, id });
    },
  };
}
