/**
 * One seed: the production town on a virtual clock in a world that breaks, from the warm-up to the quiet, under
 * the eyes of every oracle. The same seed gives the same log, byte for byte.
 */
import { createHash } from 'node:crypto';
import { coerceError } from '../core/errors.ts';
import { createSimulatedEnv } from '../env/simulated.ts';
import type { LogRow } from '../store/port.ts';
import { Dice } from './dice.ts';
import { type Allowed, Faults } from './faults.ts';
import type { Violation } from './findings.ts';
import { Play } from './play.ts';
import { type Scenario, type Size, scenarioOf } from './scenario.ts';
import { Network, Truth, type World } from './world.ts';

export type Simulation = {
  readonly seed: number;
  readonly size: Size;
  /** What is left of the faults; null: all that the seed brings. */
  readonly allowed?: Allowed;
  /** Simulated time after which nobody looks any more; null: to the end. */
  readonly untilMs?: number | null;
  /** Aborted: it ends within a simulated minute, and its outcome says nothing. */
  readonly signal?: AbortSignal;
  /** An empty folder for the town's key; the town keeps nothing else on disk. */
  readonly directory: string;
};

export type Outcome = {
  readonly seed: number;
  readonly size: Size;
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  /** Ids of the faults that struck, in order. */
  readonly faults: readonly string[];
  /** SHA-256 of the whole log. */
  readonly hash: string;
  readonly simulatedMs: number;
  readonly rows: number;
  readonly edges: ReadonlyMap<string, number>;
  readonly figures: Figures;
  /** The last rows before the end. */
  readonly tail: readonly LogRow[];
};

export type Figures = {
  readonly dispatches: number;
  readonly runs: number;
  readonly closed: number;
  readonly beads: number;
  readonly merges: number;
  readonly kills: number;
};

const TAIL = 60;
const PAGE = 1_000;

/** Plays one seed to its end, or to the first violation. Never throws for what the town does. */
export async function simulate({
  seed,
  size,
  allowed = null,
  untilMs = null,
  signal,
  directory,
}: Simulation): Promise<Outcome> {
  const dice = new Dice(seed);
  const env = createSimulatedEnv({ seed });
  const faults = new Faults(dice, allowed);
  const scenario = scenarioOf(dice, size);
  const world: World = { env, dice, faults, door: null, network: new Network(), truth: new Truth() };
  const play = new Play(world, scenario, { directory, untilMs, ...(signal && { signal }) });
  const startedAt = env.clock.now();
  try {
    await play.perform();
  } catch (thrown) {
    const { stack, message } = coerceError(thrown);
    play.findings.add('crash', stack ?? message);
  }
  const { store, history, findings, coverage } = play;
  return {
    ...{ seed, size, scenario, violations: findings.violations, faults: faults.struck, rows: history.rows },
    hash: hashOf(store.read.log.bind(store.read)),
    simulatedMs: env.clock.now() - startedAt,
    edges: coverage.hits,
    figures: {
      dispatches: history.dispatches,
      runs: world.truth.started,
      closed: [...history.roster.beads.values()].filter(({ state }) => state.startsWith('closed.')).length,
      beads: history.roster.beads.size,
      merges: world.truth.merges,
      kills: play.kills,
    },
    tail: [...store.read.log({}, { limit: TAIL, order: 'desc' })].reverse(),
  };
}

function hashOf(
  log: (filter: object, range: { from: number; limit: number; order: 'asc' }) => readonly LogRow[],
): string {
  const hash = createHash('sha256');
  for (let from = 0; ; ) {
    const rows = log({}, { from, limit: PAGE, order: 'asc' });
    for (const row of rows) hash.update(JSON.stringify(row));
    if (rows.length < PAGE) return hash.digest('hex');
    from += rows.length;
  }
}
