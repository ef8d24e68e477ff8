/** Shrinking: what is left of a failing seed is what the violation needs. */
import { expect, it } from 'vitest';
import { parseRepro, reproOf } from '../../src/simulator/repro.ts';
import { type Candidate, shrink } from '../../src/simulator/shrink.ts';
import type { Outcome } from '../../src/simulator/simulate.ts';

const NEEDED = ['start.lost:b1#1:1', 'town.killed:at:3'];
const STRUCK = [
  ...NEEDED,
  ...Array.from({ length: 40 }, (_, index) => `heartbeat.dropped:b${index}#1:${index}`),
  ...Array.from({ length: 20 }, (_, index) => `town.killed:at:${index + 4}`),
];

function scenarioOf(beads: number, containers: number): Outcome['scenario'] {
  const many = (length: number) => Array.from({ length });
  return { beads: many(beads), agents: [{}], containers: many(containers) } as unknown as Outcome['scenario'];
}

/** A world in which two faults and two beads are enough to break something. */
function outcomeOf({ size, allowed }: Candidate): Outcome {
  const breaks = NEEDED.every((id) => allowed.has(id)) && (size.beadsMax ?? 20) >= 2;
  const count = size.beadsMax ?? 20;
  return {
    ...{ seed: 7, size, faults: STRUCK.filter((id) => allowed.has(id)), hash: 'h', simulatedMs: 0, rows: 0, tail: [] },
    violations: breaks ? [{ property: 'P4', atMs: 1, sentence: 'broken' }] : [],
    scenario: scenarioOf(count, size.containersMax ?? 3),
    edges: new Map(),
    figures: { dispatches: 0, runs: 0, closed: 0, beads: 0, merges: 0, kills: 0 },
  };
}

it('leaves only the faults that it takes, and as few beads', async () => {
  const failed = outcomeOf({ size: { days: 1 }, allowed: new Set(STRUCK) });
  const { candidate, outcome, tries } = await shrink(failed, async (smaller) => outcomeOf(smaller));
  expect([...candidate.allowed].sort()).toEqual([...NEEDED].sort());
  expect([candidate.size.beadsMax, candidate.size.containersMax]).toEqual([2, 1]);
  expect(outcome.violations[0]?.property).toBe('P4');
  expect(tries).toBeLessThan(100);
});

it('is saved as a file that can be read again', () => {
  const repro = reproOf(outcomeOf({ size: { days: 1 }, allowed: new Set(NEEDED) }));
  expect(parseRepro(JSON.stringify(repro))).toEqual(repro);
  expect(() => parseRepro('{"seed":"x"}')).toThrow('no saved simulation');
});
