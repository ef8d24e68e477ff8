/**
 * Who works on what, told from the log alone: a second account of agents and beads that shares no code with the charts.
 */
import type { LogRow } from '../store/port.ts';

export type AgentEntry = { state: string; epoch: number; bead: string | null; container: string };
export type ContainerEntry = { labels: readonly string[]; slots: number | null; runs: Set<number> };
export type BeadEntry = {
  state: string;
  epoch: number;
  agent: string | null;
  generation: number;
  /** Times of the dispatches of this generation. */
  dispatchedAt: number[];
  /** Epochs of this generation that showed a sign of life: each was paid for. */
  paid: Set<number>;
  /** Ends of this generation that a person caused, or that no cap counts. */
  excused: number;
  dependsOn: readonly string[];
  waived: boolean;
};

export class Roster {
  readonly agents = new Map<string, AgentEntry>();
  readonly beads = new Map<string, BeadEntry>();
  readonly containers = new Map<string, ContainerEntry>();

  agent(id: string): AgentEntry {
    return entry(this.agents, id, () => ({ state: '', epoch: 0, bead: null, container: '' }));
  }

  container(id: string): ContainerEntry {
    return entry(this.containers, id, () => ({ labels: [], slots: null, runs: new Set<number>() }));
  }

  bead(id: string): BeadEntry {
    return entry(this.beads, id, () => ({
      ...{ state: '', epoch: 0, agent: null, generation: 1, dispatchedAt: [], paid: new Set<number>() },
      ...{ excused: 0, dependsOn: [], waived: false },
    }));
  }

  /** Takes a row that was accepted. */
  take(row: LogRow): void {
    if (row.entity.machine === 'agent') this.#takeAgent(row);
    else if (row.entity.machine === 'bead') this.#takeBead(row);
    else if (row.entity.machine === 'container') this.#takeContainer(row);
  }

  #takeAgent({ entity, event, after }: LogRow): void {
    const agent = this.agent(entity.id);
    agent.state = after;
    if (event.type !== 'ASSIGN') return;
    agent.epoch = Number(event.epoch);
    agent.bead = String(event.bead);
    agent.container = String(event.container);
  }

  #takeContainer({ entity, event, before, after }: LogRow): void {
    const container = this.container(entity.id);
    const said = (event.type === 'xstate.init' ? event.input : event) as Partial<ContainerEntry>;
    if (event.type === 'xstate.init' || event.type === 'CONFIGURE') {
      Object.assign(container, { labels: said.labels ?? [], slots: said.slots ?? null });
    }
    if (event.type === 'PLACE' || event.type === 'REVIVED') container.runs.add(Number(event.epoch));
    if (event.type === 'VACATE') container.runs.delete(Number(event.epoch));
    // It is let go with all that it hosts.
    if (after === 'stopping' && before !== 'stopping') container.runs.clear();
  }

  #takeBead({ entity, event, after, at }: LogRow): void {
    const bead = this.bead(entity.id);
    bead.state = after;
    switch (event.type) {
      case 'DISPATCH':
        bead.epoch = Number(event.epoch);
        bead.agent = String(event.agent);
        bead.dispatchedAt.push(at);
        break;
      case 'RUN.STARTED':
        bead.paid.add(Number(event.epoch));
        break;
      case 'RUN.STOPPED':
      case 'RUN.NEEDS_INPUT':
        bead.excused += 1;
        break;
      case 'RELEASE':
        bead.waived = true;
        break;
      case 'REOPEN':
        Object.assign(bead, { generation: bead.generation + 1, dispatchedAt: [], paid: new Set(), excused: 0 });
        break;
    }
  }
}

function entry<T>(map: Map<string, T>, id: string, make: () => T): T {
  const known = map.get(id);
  if (known) return known;
  const made = make();
  map.set(id, made);
  return made;
}

export const isLive = (agent: AgentEntry): boolean => agent.state.startsWith('working.');
export const isStopping = (agent: AgentEntry): boolean => agent.state === 'working.stopping';
export const isTerminal = (state: string): boolean => /^(closed|failed)\./.test(state);
export const expectsRun = (state: string): boolean => /^in_progress\.(starting|running|stopping)$/.test(state);
