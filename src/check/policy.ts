/** The model check at the loading of a configuration: fast enough for every start, with the user's own numbers. */
import { type Policy, policySchema } from '../../machines/policy.ts';
import { checkScene, quickScene } from './check.ts';
import { type MachineMaker, realMachines } from './scene.ts';
import { storyText } from './story.ts';

/** A reason to refuse a policy. `setting` is a dotted path, or `policy` for all of it together. */
export type Problem = { readonly setting: string; readonly problem: string };

/** More than any policy needs; a search that was cut off is no reason to refuse. */
const STATES_MAX = 40_000;

/**
 * Why a town should not be run with this policy: a relation that does not hold, or a state in which it would be
 * stuck, with the way there. Empty when there is no reason. It takes about a second.
 */
export function checkPolicy(policy: Policy, machines: MachineMaker = realMachines): readonly Problem[] {
  const parsed = policySchema.safeParse(policy);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({ setting: path.join('.') || 'policy', problem: message }));
  }
  const isOver = (states: number) => states > STATES_MAX;
  const { verdict, sentence, story } = checkScene({ policy: parsed.data, scene: quickScene, machines, isOver });
  if (verdict !== 'refuted' || sentence === null) return [];
  return [{ setting: 'policy', problem: `a town could get stuck with it.\n${storyText(story, sentence)}` }];
}
