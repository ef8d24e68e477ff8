/**
 * What surrounds a town and outlives its process: the clock, the dice, the network, and what really happened, which the
 * town can not see.
 */
import type { RunReport } from '../agents/port.ts';
import type { EngineEvent, EntityRef } from '../core/types.ts';
import type { SimulatedEnv } from '../env/simulated.ts';
import type { Dice } from './dice.ts';
import type { Faults } from './faults.ts';

/** The town's process as the world reaches it; both reject when it is not there. */
export interface Door {
  /** From a container, by its id. */
  report(container: string, report: RunReport): Promise<void>;
  send(to: EntityRef, event: EngineEvent, by: string): Promise<unknown>;
}

export type World = {
  readonly env: SimulatedEnv;
  readonly dice: Dice;
  readonly faults: Faults;
  /** Null while no process of the town is up. */
  door: Door | null;
  readonly network: Network;
  readonly truth: Truth;
};

/** The two directions between town and container; cuts may overlap. */
export class Network {
  #toContainer = 0;
  #toTown = 0;

  get reachesContainer(): boolean {
    return this.#toContainer === 0;
  }

  get reachesTown(): boolean {
    return this.#toTown === 0;
  }

  /** Returns what ends the cut. */
  cut(direction: 'toContainer' | 'toTown'): () => void {
    if (direction === 'toContainer') this.#toContainer += 1;
    else this.#toTown += 1;
    return () => {
      if (direction === 'toContainer') this.#toContainer -= 1;
      else this.#toTown -= 1;
    };
  }
}

/** What really happened, for the oracles. */
export class Truth {
  /** Beads of which some run ended with work, or said so. */
  readonly finished = new Set<string>();
  /** The target branches: head of the work → merge commit, by bead. */
  readonly merged = new Map<string, Map<string, string>>();
  /** How often a bead's work really went into its target branch. */
  merges = 0;
  started = 0;

  isMerged(bead: string): boolean {
    return (this.merged.get(bead)?.size ?? 0) > 0;
  }
}

/** A promise that the virtual clock resolves. */
export function after(env: SimulatedEnv, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0) resolve();
    else env.clock.at(env.clock.now() + ms, resolve);
  });
}

/** An answer that never comes. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** A connection that failed, with the code that the system gives it. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  constructor(readonly code: 'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT') {
    super(`the other side can not be reached (${code})`);
  }
}
