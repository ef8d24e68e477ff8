/** The machines whose composition is searched. */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { BreakerContext } from '../../machines/breaker.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { RigContext } from '../../machines/rig.ts';

export type Contexts = {
  agent: AgentContext;
  bead: BeadContext;
  container: ContainerContext;
  breaker: BreakerContext;
  rig: RigContext;
};
export type MachineName = keyof Contexts;
