/** The model check at the loading of a configuration: fast enough for every start, with the user's own numbers. */
import { type Policy, policySchema } from '../../machines/policy.ts';
import type { PolicyProblem } from '../town/options.ts';
import { checkingScene, quickScene } from './check.ts';
import { type MachineMaker, realMachines } from './scene.ts';
import { driven, type Portions } from './search.ts';
import { storyText } from './story.ts';

/** More than any policy needs; a search that was cut off is no reason to refuse. */
const STATES_MAX = 40_000;

/**
 * Why a town should not be run with this policy: a relation that does not hold, or a state in which it would be
 * stuck, with the way there. Empty when there is no reason. It takes about a second.
 */
export function checkPolicy(policy: Policy, machines: MachineMaker = realMachines): readonly PolicyProblem[] {
  return driven(checkingPolicy(policy, machines), isTooMuch);
}

/** True ends a search that explodes. */
export const isTooMuch = (states: number): boolean => states > STATES_MAX;

/** The same in portions of some milliseconds each, for a town that goes on meanwhile. */
export function* checkingPolicy(policy: Policy, machines: MachineMaker): Portions<readonly PolicyProblem[]> {
  const parsed = policySchema.safeParse(policy);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({ setting: path.join('.') || 'policy', problem: message }));
  }
  const report = yield* checkingScene({ policy: parsed.data, scene: quickScene, machines });
  const { verdict, sentence, story } = report;
  if (verdict !== 'refuted' || sentence === null) return [];
  return [{ setting: 'policy', problem: `a town could get stuck with it.\n${storyText(story, sentence)}` }];
}
