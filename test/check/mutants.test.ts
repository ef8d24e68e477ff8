/** The mutant suite: every defect that was shipped elsewhere is found, and the list is what it says it is. */
import { expect, test } from 'vitest';
import { defaultPolicy } from '../../machines/policy.ts';
import { checkScene } from '../../src/check/check.ts';
import { machinesOf, mutantScenes, mutants } from '../../src/check/mutants.ts';

const isOver = () => false;

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  '%s is found',
  (_, mutant) => {
    const scene = mutantScenes[mutant.where];
    const { verdict, sentence, story } = checkScene({
      policy: defaultPolicy,
      scene,
      machines: machinesOf(mutant),
      isOver,
    });
    expect(verdict).toBe('refuted');
    expect(sentence).not.toBe(null);
    // Each way to a defect can be told from the first state on.
    expect(story.every(({ happened }) => happened.length > 0)).toBe(true);
  },
  240_000,
);

test('there are at least twenty, each of a public issue and with a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { issue } of mutants) expect(issue).toMatch(/^[\w-]+\/[\w-]+#\d+$/);
});
