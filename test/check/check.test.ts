/**
 * The model check on the real machines: what it proves, what it refuses, and that it never proves what it did not
 * finish.
 */
import { expect, test } from 'vitest';
import { defaultPolicy, type PolicyPatch, policySchema } from '../../machines/policy.ts';
import { createAbstraction } from '../../src/check/abstraction.ts';
import { check, quickScene, recovery, scenesFor } from '../../src/check/check.ts';
import { mutantScenes, mutants } from '../../src/check/mutants.ts';
import { mutated } from '../../src/check/mutation.ts';
import { checkPolicy } from '../../src/check/policy.ts';
import { realMachines, type Scene } from '../../src/check/scene.ts';
import { storyText } from '../../src/check/story.ts';

const policyOf = (patch: PolicyPatch) => policySchema.parse({ ...defaultPolicy, ...patch });
const verdicts = (scenes: readonly Scene[], policy = defaultPolicy, isOver?: (states: number) => boolean) =>
  [...check({ policy, scenes, ...(isOver && { isOver }) })].map(({ verdict, sentence }) => sentence ?? verdict);

test('the machines can not get stuck, with the built-in policy', () => {
  const scenes = Object.values(mutantScenes);
  expect(verdicts(scenes)).toEqual(scenes.map(() => 'proved'));
}, 240_000);

test.each<[string, PolicyPatch]>([
  [
    'everything once',
    {
      ...{ attemptsMax: 1, runsMax: 1, dispatchesMax: 1, dispatchesPerHour: 1, breakerFailures: 1 },
      ...{ mergeTriesMax: 1, reworksMax: 1, stopTriesMax: 1, healthMissesMax: 1, evictionsFree: 0 },
    },
  ],
  ['one token an hour', { townDispatchesPerHour: 1, townDispatchesPerDay: 1 }],
  [
    'numbers without end',
    {
      ...{ breakerFailures: 1_000_000, dispatchesPerHour: 1_000_000, dispatchesMax: 1_000_000 },
      ...{ townDispatchesPerHour: 1_000_000, townDispatchesPerDay: 1_000_000 },
    },
  ],
  ['budgets', { beadBudgetUsd: 1, townBudgetUsdPerDay: 5 }],
])('nor with %s', (_, patch) => {
  expect(verdicts([quickScene], policyOf(patch))).toEqual(['proved']);
});

test('a search that was cut off has no verdict', () => {
  expect(verdicts([quickScene], defaultPolicy, (states) => states > 1_000)).toEqual(['no verdict']);
});

test('the scene of any size says in its name what it leaves out', () => {
  expect(scenesFor(2, 2, false).map(({ name }) => name)).toEqual([
    '2 × 2 with ghosts; the breaker opens and closes, tokens do not run out, losses clipped to 1, runs are done, die or fall silent',
  ]);
});

test('a recovery ends within the hour, whatever the town was in', () => {
  const found = recovery(defaultPolicy);
  expect(found?.states).toBeGreaterThan(1_000);
  expect((found?.longestMs ?? Number.POSITIVE_INFINITY) / 60_000).toBeLessThanOrEqual(60);
}, 240_000);

test('a policy that is sound has no problem', () => {
  expect(checkPolicy(defaultPolicy)).toEqual([]);
});

test('a policy whose relations do not hold is refused by its settings', () => {
  expect(checkPolicy({ ...defaultPolicy, leaseMs: 1, dispatchesMax: 2 }).map(({ setting }) => setting)).toEqual([
    'leaseMs',
    'dispatchesMax',
  ]);
});

test('machines that get stuck are refused with the way there, as a numbered story', () => {
  const stuck = mutants.find(({ name }) => name === 'scheduled, never spawned')?.machines.bead ?? {};
  const machines = (policy: typeof defaultPolicy) => {
    const real = realMachines(policy);
    return real.bead ? { ...real, bead: mutated(real.bead, stuck) } : real;
  };
  const [problem] = checkPolicy(defaultPolicy, machines);
  expect(problem?.problem).toMatch(/^a town could get stuck with it\.\n {2}1\. /);
  expect(problem?.problem).toContain('bead b1 hears DISPATCH: open.ready → in_progress.starting');
  expect(problem?.problem).toMatch(/So bead b1: in_progress\.retryDue has no timer, no effect under way, and .*\.$/);
});

test('a story without a step is its end', () => {
  expect(storyText([], 'it is so')).toBe('  So it is so.');
});

test('a field that nobody has classified stops the check', () => {
  const { told } = createAbstraction(defaultPolicy, { tokens: true, window: true, probation: true });
  expect(() => told('rig', 'active', { id: 'r', config: {}, reason: null, mood: 1 })).toThrow("context field 'mood'");
});
