/** A hundred short towns in a world that breaks, for the test files that share the seeds among them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Sweep, sweep } from '../../src/simulator/sweep.ts';

export const size = { days: 0.04, beadsMax: 5 };

/** Plays the seeds and expects no violation. */
export async function playAll(first: number, last: number): Promise<Sweep> {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const all = await inFolder((directory) => sweep({ seeds, size, directory }));
  const failed = all.failures.map(({ seed, violations }) => `seed ${seed}: ${JSON.stringify(violations[0])}`);
  expect(failed).toEqual([]);
  expect(all.towns).toBe(seeds.length);
  return all;
}

export async function inFolder<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-seeds-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
