/**
 * Names of epochs and incarnations: only equality and "newer than all" matter to the machines, so every state is told
 * with the smallest names. Agents and beads are interchangeable where nothing tells them apart.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { BreakerContext } from '../../machines/breaker.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { JsonObject } from '../core/types.ts';
import type { MachineName } from './machine-names.ts';

/** The epoch of the next dispatch: above every name. */
export const NEW_EPOCH = 900;
/** An epoch that nobody knows any more. */
export const GHOST_EPOCH = 990;
/** The name of an agent's current epoch, by the agent's place. */
export const agentEpoch = (place: number) => place + 1;
/** The name of an epoch that only a bead remembers. */
export const beadEpoch = (place: number) => 101 + place;
/** Names of epochs that only the container or the breaker remembers. */
export const LEAKED_EPOCH = 201;

/** Incarnations: the one that the container has, one that it had, one that nobody has heard of. */
export const CURRENT = 'now';
export const EARLIER = 'was';
export const ANOTHER = 'new';

export type Renaming = {
  readonly epoch: (name: number) => number;
  /** The name of an incarnation of a container. */
  readonly incarnation: (name: string, container: string) => string;
  readonly id: (id: string) => string;
};

export function renamed(machine: MachineName, context: JsonObject, { epoch, incarnation, id }: Renaming): JsonObject {
  const given = context as unknown;
  const maybe = (name: string | null) => (name === null ? null : id(name));
  const told = (name: string | null, where: string) => (name === null ? null : incarnation(name, where));
  const order = (names: number[]) => [...new Set(names.map(epoch))].sort((one, other) => one - other);
  switch (machine) {
    case 'agent': {
      const agent = given as AgentContext;
      const { hook, bead } = agent;
      return {
        ...agent,
        ...{ id: id(agent.id), hook: maybe(hook), bead: maybe(bead), epoch: epoch(agent.epoch) },
        incarnation: told(agent.incarnation, agent.container),
      };
    }
    case 'bead': {
      const bead = given as BeadContext;
      const ids = (names: string[]) => names.map(id).sort();
      return {
        ...bead,
        ...{ id: id(bead.id), title: id(bead.title), agent: maybe(bead.agent), epoch: epoch(bead.epoch) },
        ...{ dependsOn: ids(bead.dependsOn), waitingFor: ids(bead.waitingFor) },
        failedDependencies: ids(bead.failedDependencies),
      } as unknown as JsonObject;
    }
    case 'container': {
      const container = given as ContainerContext;
      const former = [...new Set(container.former.map((name) => incarnation(name, container.id)))].sort();
      const own = told(container.incarnation, container.id);
      return { ...container, former, runs: order(container.runs), incarnation: own };
    }
    case 'breaker': {
      const breaker = given as BreakerContext;
      const probe = breaker.probe === null ? null : epoch(breaker.probe);
      return { ...breaker, probe, pending: order(breaker.pending) } as unknown as JsonObject;
    }
    case 'rig':
      return context;
  }
}

/** It has none of the names that only a step knows. */
export function isTidy(context: JsonObject): boolean {
  return context.incarnation !== ANOTHER && context.epoch !== NEW_EPOCH;
}

/** Every epoch that a context holds. */
export function epochsIn(machine: MachineName, context: JsonObject): readonly number[] {
  const given = context as unknown;
  if (machine === 'agent' || machine === 'bead') return [(given as AgentContext | BeadContext).epoch];
  if (machine === 'container') return (given as ContainerContext).runs;
  if (machine !== 'breaker') return [];
  const { pending, probe } = given as BreakerContext;
  return probe === null ? pending : [...pending, probe];
}
