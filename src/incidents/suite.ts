/** Plays incidents, each as written and under its mutations, and says what held. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sizeOf } from '../simulator/scenario.ts';
import { simulate } from '../simulator/simulate.ts';
import { failureOf } from './checks.ts';
import { instantText } from './durations.ts';
import { Fold } from './fold.ts';
import type { Incident, PlayedIncident, SimulatedIncident } from './format.ts';
import type { History } from './history.ts';
import { crashPoints, swaps, unrolled, type Variation, variationText } from './mutations.ts';
import { replay } from './replay.ts';

export type SuiteOptions = {
  /** False: only as written. */
  readonly mutations: boolean;
  /** Crash points for each incident; more commits than these are sampled evenly. */
  readonly crashesMax: number;
};

export type Failure = { readonly variation: string; readonly problem: string };
export type IncidentResult = {
  readonly id: string;
  readonly title: string;
  readonly result: 'holds' | 'fails' | 'waits';
  /** The part that it waits for. */
  readonly waitsFor: string | null;
  /** The fault that it is known to show. */
  readonly known: string | null;
  /** Replays by kind of mutation, `commits` that there were to crash after, checks that mutations do not ask. */
  readonly replays: { readonly plain: number; readonly crash: number; readonly twice: number; readonly order: number };
  readonly commits: number;
  readonly unmutated: readonly string[];
  readonly failures: readonly Failure[];
};

/** Where replays keep their files, and the machines that they share. */
export type Place = { readonly directory: string; readonly fold: Fold };

const NONE = { plain: 0, crash: 0, twice: 0, order: 0 };

/** All incidents, one after another. Leaves nothing behind. */
export async function playAll(
  incidents: readonly Incident[],
  options: SuiteOptions,
): Promise<readonly IncidentResult[]> {
  const place = { directory: mkdtempSync(join(tmpdir(), 'yardmaster-incidents-')), fold: new Fold() };
  const results: IncidentResult[] = [];
  try {
    for (const incident of incidents) {
      const result = await playAny(incident, options, place);
      results.push(result);
    }
  } finally {
    rmSync(place.directory, { recursive: true, force: true });
  }
  return results;
}

function playAny(incident: Incident, options: SuiteOptions, place: Place): IncidentResult | Promise<IncidentResult> {
  if ('waitsFor' in incident) return waiting(incident);
  return 'simulation' in incident ? playSimulated(incident, place) : playOne(incident, options, place);
}

/** A town of the simulator has its own faults, and crashes of its own: it is not mutated. */
async function playSimulated(incident: SimulatedIncident, { directory }: Place): Promise<IncidentResult> {
  const { id, title, known = null } = incident;
  const { faults, seed, ...size } = incident.simulation;
  const outcome = await simulate({ seed, size: sizeOf(size), allowed: new Set(faults), directory });
  const failures = outcome.violations.map(({ property, sentence, atMs }) => ({
    variation: 'as simulated',
    problem: `${property} after ${instantText(atMs)}: ${sentence}`,
  }));
  const result = failures.length === 0 ? ('holds' as const) : ('fails' as const);
  return {
    id,
    title,
    result,
    waitsFor: null,
    known,
    failures,
    replays: { ...NONE, plain: 1 },
    commits: 0,
    unmutated: [],
  };
}

function waiting({ id, title, waitsFor }: Extract<Incident, { waitsFor: string }>): IncidentResult {
  return { id, title, result: 'waits', waitsFor, known: null, replays: NONE, commits: 0, unmutated: [], failures: [] };
}

/** One incident that can be played. Uses the folder of the place; leaves it to the caller. */
export async function playOne(incident: PlayedIncident, options: SuiteOptions, place: Place): Promise<IncidentResult> {
  const plain = await replay(incident, { variation: { kind: 'plain' }, ...place });
  const variations = options.mutations
    ? variationsOf(incident, { commits: plain.commits, most: options.crashesMax })
    : [];
  const failures = [...failuresOf(incident, plain, { kind: 'plain' })];
  for (const variation of variations) {
    const history = await replay(incident, { variation, ...place });
    failures.push(...failuresOf(incident, history, variation));
  }
  const { id, title, known = null, expect } = incident;
  const count = (...kinds: string[]) => variations.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    ...{ id, title, known, waitsFor: null, result: failures.length === 0 ? 'holds' : 'fails' },
    replays: { plain: 1, crash: count('crash'), twice: count('twice'), order: count('swap', 'reversed') },
    commits: plain.commits,
    unmutated: expect.flatMap(({ unmutated }) => unmutated ?? []),
    failures,
  };
}

function variationsOf(incident: PlayedIncident, { commits, most }: { commits: number; most: number }): Variation[] {
  return [
    ...crashPoints(commits, most).map((commit): Variation => ({ kind: 'crash', commit })),
    { kind: 'twice' },
    { kind: 'reversed' },
    ...swaps(unrolled(incident)).map((step): Variation => ({ kind: 'swap', step })),
  ];
}

function failuresOf(incident: PlayedIncident, history: History, variation: Variation): readonly Failure[] {
  const problems = history.violations.map(({ at, problem }) => `${instantText(at)} ${problem}`);
  const isPlain = variation.kind === 'plain';
  // A mutation that did not happen proves nothing.
  if (variation.kind === 'crash' && history.restarts === 0) problems.push('the crash never came');
  incident.expect.forEach((check, index) => {
    if (!isPlain && check.unmutated !== undefined) return;
    const problem = failureOf(check, history);
    if (problem !== null) problems.push(`expect[${index}]: ${problem}`);
  });
  if (isPlain) {
    unrolled(incident).forEach((step, index) => {
      const refusal = history.refusals.find((one) => one.step === index);
      if (refusal && !step.refused) problems.push(`the town refused step ${index + 1}: ${refusal.message}`);
      if (step.refused && history.taken.has(index))
        problems.push(`the town took step ${index + 1}, which it had to refuse`);
    });
  }
  return problems.map((problem) => ({ variation: variationText(variation), problem }));
}
