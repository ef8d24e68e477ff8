/** A failing seed with a planted defect: made small, saved as an incident, and played again as one. */
import { expect, it, vi } from 'vitest';
import type * as Transitions from '../../machines/beadTransitions.ts';
import type { Incident } from '../../src/incidents/format.ts';
import { parseIncident } from '../../src/incidents/read.ts';
import { playAll } from '../../src/incidents/suite.ts';
import { incidentText, reproOf } from '../../src/simulator/repro.ts';
import { shrink } from '../../src/simulator/shrink.ts';
import { simulate } from '../../src/simulator/simulate.ts';
import { inFolder, size } from './towns.ts';

/** The defect: a run that was evicted closes its bead, although no work was ever finished. */
vi.mock('../../machines/beadTransitions.ts', async (original) => {
  const real = await original<typeof Transitions>();
  return { ...real, evicted: [{ guard: 'isCurrentRun', target: '#bead.closed.done', actions: 'countEviction' }] };
});

const replayed = async (incident: Incident) => (await playAll([incident], { mutations: false, crashesMax: 1 }))[0];

it('shows the same violation as an incident', async () => {
  await inFolder(async (directory) => {
    const play = (seed: number) => simulate({ seed, size, directory });
    let failed = await play(1);
    for (let seed = 2; failed.violations.length === 0 && seed < 60; seed += 1) failed = await play(seed);
    expect(failed.violations[0]?.property).toBe('truth.closed');
    const { outcome } = await shrink(failed, ({ size: smaller, allowed }, untilMs) =>
      simulate({ seed: failed.seed, size: smaller, allowed, untilMs, directory }),
    );
    expect(outcome.faults.length).toBeLessThan(failed.faults.length);
    const text = incidentText(reproOf(outcome));
    const result = await replayed(parseIncident(text, 'found.yaml'));
    expect(result?.result).toBe('fails');
    expect(result?.failures[0]?.problem).toContain(outcome.violations[0]?.sentence);
  });
}, 60_000);
