/** The second hundred seeds, in a file of their own so that they are played beside the first. */
import { expect, it } from 'vitest';
import { playAll } from './towns.ts';

it('seeds 101 to 200 violate no property, and are the same when played twice', async () => {
  const all = await playAll(101, 200);
  expect(all.repeated).toBe(2);
}, 300_000);
