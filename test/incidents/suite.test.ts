/** Every incident of the field that fits the town as it is: as written, and under a sample of its mutations. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Fold } from '../../src/incidents/fold.ts';
import type { PlayedIncident, WaitingIncident } from '../../src/incidents/format.ts';
import { readIncidents } from '../../src/incidents/read.ts';
import { playOne } from '../../src/incidents/suite.ts';

const TIMEOUT_MS = 60_000;
/** The command plays more; here one crash point for each incident keeps the tests short. */
const CRASHES_MAX = 1;

const all = readIncidents([fileURLToPath(new URL('../../data/incidents', import.meta.url))]);
const played = all.filter((incident): incident is PlayedIncident => !('waitsFor' in incident));
const waiting = all.filter((incident): incident is WaitingIncident => 'waitsFor' in incident);
const place = { directory: mkdtempSync(join(tmpdir(), 'yardmaster-incidents-')), fold: new Fold() };
afterAll(() => rmSync(place.directory, { recursive: true, force: true }));

async function failuresOf(incident: PlayedIncident): Promise<readonly string[]> {
  const { failures } = await playOne(incident, { mutations: true, crashesMax: CRASHES_MAX }, place);
  return failures.map(({ variation, problem }) => `${variation}: ${problem}`);
}

describe('an incident holds as written and under its mutations', () => {
  it.each(played.filter(({ known }) => known === undefined).map((incident) => [incident.id, incident] as const))(
    '%s',
    async (_, incident) => expect(await failuresOf(incident)).toEqual([]),
    TIMEOUT_MS,
  );

  // Faults of the present town: each of these tests says so as soon as its fault is mended.
  it.fails.each(played.filter(({ known }) => known !== undefined).map((incident) => [incident.id, incident] as const))(
    '%s is known to fail',
    async (_, incident) => expect(await failuresOf(incident)).toEqual([]),
    TIMEOUT_MS,
  );
});

describe('the collection', () => {
  it('has all 88 incidents of the field, those that wait with what will have to hold', () => {
    expect(all.filter(({ id }) => /^I\d+$/.test(id))).toHaveLength(88);
    expect(waiting.every(({ correct, source }) => correct.length > 0 && source.length > 0)).toBe(true);
  });
});
