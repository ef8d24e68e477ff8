/** Many seeds, one after another, with what they found added up. */
import { allEdges, Coverage } from './coverage.ts';
import type { Size } from './scenario.ts';
import { type Figures, type Outcome, simulate } from './simulate.ts';

/** One seed of so many is played twice: the same log, or the town is not deterministic. */
const TWICE_EVERY = 50;
/** With so many failures there is no need to look for more. */
const FAILURES_MAX = 20;

export type SweepOptions = {
  readonly seeds: Iterable<number>;
  readonly size: Size;
  /** An empty folder for the towns' key. */
  readonly directory: string;
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
  readonly failures: Outcome[];
  readonly coverage: Coverage;
};

export async function sweep({ seeds, size, directory, onTown }: SweepOptions): Promise<Sweep> {
  const all: Sweep = {
    ...{ towns: 0, simulatedMs: 0, rows: 0, faults: 0, repeated: 0, failures: [] },
    figures: { dispatches: 0, runs: 0, closed: 0, beads: 0, merges: 0, kills: 0 },
    coverage: new Coverage(),
  };
  for (const seed of seeds) {
    const outcome = await simulate({ seed, size, directory });
    add(all, outcome);
    if (outcome.violations.length > 0) all.failures.push(outcome);
    else if (seed % TWICE_EVERY === 0) await repeat(all, outcome, directory);
    onTown?.(outcome, all);
    if (all.failures.length >= FAILURES_MAX) break;
  }
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

async function repeat(all: Sweep, first: Outcome, directory: string): Promise<void> {
  const { seed, size, hash } = first;
  const again = await simulate({ seed, size, directory });
  all.repeated += 1;
  if (again.hash === hash) return;
  const sentence = `seed ${seed} played twice gives two logs, ${hash.slice(0, 8)} and ${again.hash.slice(0, 8)}`;
  all.failures.push({ ...again, violations: [{ property: 'determinism', atMs: 0, sentence }] });
}

/** Edges of the charts that no town took. */
export function unhit({ coverage }: Pick<Sweep, 'coverage'>): {
  readonly all: number;
  readonly missing: readonly string[];
} {
  const all = allEdges();
  return { all: all.length, missing: all.filter((edge) => !coverage.hits.has(edge)) };
}
