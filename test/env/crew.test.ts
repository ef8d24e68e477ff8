/** Jobs side by side: each is answered once, and what breaks in a thread is heard here. */
import { expect, test } from 'vitest';
import { defaultPolicy } from '../../machines/policy.ts';
import type { SceneReport } from '../../src/check/check.ts';
import type { Job, Order } from '../../src/check/jobs.ts';
import { mutantScenes } from '../../src/check/mutants.ts';
import { inThreads } from '../../src/env/crew.ts';

const program = new URL('../../src/check/worker.js', import.meta.url);
const order: Order = {
  ...{ policy: defaultPolicy, scenes: [mutantScenes.gate, mutantScenes.pair], deadlineMs: 600_000 },
};
const scene = (index: number): Job => ({ kind: 'scene', index });

async function answers(jobs: readonly Job[]): Promise<readonly (readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for await (const { index, answer } of inThreads<Job, SceneReport>({ program, order, jobs, workers: 2 })) {
    found.push([index, `${answer.verdict} ${answer.scene}`]);
  }
  return found.sort(([one], [other]) => one - other);
}

test('each job has its answer, and one that can not be done ends the work', async () => {
  expect(await answers([scene(0), scene(1), scene(0)])).toEqual([
    [0, 'proved gate'],
    [1, 'proved pair'],
    [2, 'proved gate'],
  ]);
  await expect(answers([scene(0), scene(9)])).rejects.toThrow('the check has no scene 9');
});
