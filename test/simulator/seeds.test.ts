/** The first hundred seeds: no property is violated, and every seed is played the same again. */
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/simulator/simulate.ts';
import { unhit } from '../../src/simulator/sweep.ts';
import { inFolder, playAll, size } from './towns.ts';

it('seeds 1 to 100 violate no property, move through the charts, and are the same when played twice', async () => {
  const all = await playAll(1, 100);
  expect(all.repeated).toBe(2);
  expect(all.figures.kills).toBeGreaterThan(50);
  expect(all.figures.closed).toBeGreaterThan(300);
  const { all: edges, missing } = unhit(all);
  expect(1 - missing.length / edges).toBeGreaterThan(0.65);
}, 300_000);

const play = (seed: number, allowed: ReadonlySet<string> | null = null) =>
  inFolder((directory) => simulate({ seed, size, allowed, directory }));

describe('one seed', () => {
  it('gives the same log byte for byte when the faults that struck are named', async () => {
    const first = await play(9);
    expect(first.faults.length).toBeGreaterThan(3);
    const again = await play(9, new Set(first.faults));
    expect(again.hash).toBe(first.hash);
  });

  it('gives a peaceful town when no fault is allowed: all work is closed by the first run', async () => {
    const { faults, figures, violations } = await play(9, new Set());
    expect(violations).toEqual([]);
    expect(faults).toEqual([]);
    expect(figures.runs).toBe(figures.dispatches);
    expect(figures.kills).toBe(0);
  });

  it('keeps the other faults as they were when one is taken out', async () => {
    const first = await play(4);
    const [gone, ...rest] = first.faults;
    const again = await play(4, new Set(rest));
    expect(again.faults).not.toContain(gone);
    expect(first.faults).toEqual(expect.arrayContaining([...again.faults]));
  });
});
