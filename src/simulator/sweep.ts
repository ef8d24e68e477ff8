/** Many seeds, one after another or side by side, with what they found added up. */
import { allEdges, Coverage } from './coverage.ts';
import { playSeeds } from './pool.ts';
import type { Size } from './scenario.ts';
import type { Figures, Outcome } from './simulate.ts';

/** With so many failures there is no need to look for more. */
const FAILURES_MAX = 20;

export type SweepOptions = {
  readonly seeds: Iterable<number>;
  readonly size: Size;
  /** An empty folder for the towns' keys. */
  readonly directory: string;
  /** Threads that play towns; 1 when absent: no other thread than this one. */
  readonly workers?: number;
  /** Aborted: the sweep ends with what it has. */
  readonly signal?: AbortSignal;
  /** Told after each town. */
  readonly onTown?: (outcome: Outcome, sweep: Sweep) => void;
};

export type Sweep = {
  towns: number;
  simulatedMs: number;
  rows: number;
  faults: number;
  /** Towns that were played twice, with the same log. */
  repeated: number;
  readonly figures: { -readonly [K in keyof Figures]: number };
  /** By seed. */
  readonly failures: Outcome[];
  readonly coverage: Coverage;
};

/** Plays all seeds, or until so many failed that more would tell nothing new. */
export async function sweep({ seeds, size, directory, workers = 1, signal, onTown }: SweepOptions): Promise<Sweep> {
  const all: Sweep = {
    ...{ towns: 0, simulatedMs: 0, rows: 0, faults: 0, repeated: 0, failures: [] },
    figures: { dispatches: 0, runs: 0, closed: 0, beads: 0, merges: 0, kills: 0 },
    coverage: new Coverage(),
  };
  const pool = { seeds, size, directory, workers, signal: signal ?? new AbortController().signal };
  for await (const { outcome, repeated } of playSeeds(pool)) {
    add(all, outcome);
    if (repeated) all.repeated += 1;
    if (outcome.violations.length > 0) all.failures.push(outcome);
    onTown?.(outcome, all);
    if (all.failures.length >= FAILURES_MAX) break;
  }
  all.failures.sort((a, b) => a.seed - b.seed);
  return all;
}

function add(all: Sweep, { simulatedMs, rows, faults, figures, edges }: Outcome): void {
  all.towns += 1;
  all.simulatedMs += simulatedMs;
  all.rows += rows;
  all.faults += faults.length;
  for (const name of Object.keys(figures) as (keyof Figures)[]) all.figures[name] += figures[name];
  all.coverage.add(edges);
}

/** Edges of the charts that no town took. */
export function unhit({ coverage }: Pick<Sweep, 'coverage'>): {
  readonly all: number;
  readonly missing: readonly string[];
} {
  const all = allEdges();
  return { all: all.length, missing: all.filter((edge) => !coverage.hits.has(edge)) };
}
