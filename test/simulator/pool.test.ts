/** Towns side by side: threads change nothing but the time that it takes, and an interruption ends them. */
import { expect, it } from 'vitest';
import { sweep } from '../../src/simulator/sweep.ts';
import { inFolder, size } from './towns.ts';

const seeds = [1, 2, 3];

it('gives the same figures with two threads as with none', async () => {
  await inFolder(async (directory) => {
    const alone = await sweep({ seeds, size, directory });
    const together = await sweep({ seeds, size, directory, workers: 2 });
    expect(together.towns).toBe(3);
    expect([together.rows, together.figures, together.simulatedMs]).toEqual([
      ...[alone.rows, alone.figures, alone.simulatedMs],
    ]);
    expect([...together.coverage.hits].sort()).toEqual([...alone.coverage.hits].sort());
  });
}, 60_000);

it('ends with what it has when it is interrupted', async () => {
  const controller = new AbortController();
  const onTown = () => controller.abort();
  const { towns } = await inFolder((directory) => sweep({ seeds, size, directory, signal: controller.signal, onTown }));
  expect(towns).toBe(1);
});
