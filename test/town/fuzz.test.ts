/** Towns under everything at once, by seeded dice: nothing gets stuck, nothing disagrees, and the log replays. */
import { describe, expect, it } from 'vitest';
import { walk } from './fuzz/walk.ts';

const SEEDS = 30;
const first = 1;

describe('a town under everything at once', () => {
  it(`comes to rest, with every invariant after every step (${SEEDS} seeds)`, { timeout: 120_000 }, async () => {
    for (let seed = first; seed < first + SEEDS; seed += 1) expect((await walk(seed)).broken).toEqual([]);
  });
});
