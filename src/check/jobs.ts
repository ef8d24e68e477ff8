/** A whole check in pieces that can be done side by side: plain data in, plain data out. */
import type { Policy } from '../../machines/policy.ts';
import { assert } from '../core/errors.ts';
import { checkScene, type SceneReport } from './check.ts';
import { checkMutant, mutants } from './mutants.ts';
import { realMachines, type Scene } from './scene.ts';

/** A scene or a mutant by its place in its list. */
export type Job = { readonly kind: 'scene' | 'mutant'; readonly index: number };

/** What a worker is told at its birth. */
export type Order = {
  readonly policy: Policy;
  readonly scenes: readonly Scene[];
  /** From the birth of the worker on. */
  readonly deadlineMs: number;
};

export type JobOptions = Pick<Order, 'policy' | 'scenes'> & { readonly isOver: (states: number) => boolean };

/** The report of a scene, or of a mutant in its own scene. */
export function doJob({ kind, index }: Job, { policy, scenes, isOver }: JobOptions): SceneReport {
  const scene = scenes[index];
  const mutant = mutants[index];
  if (kind === 'mutant' && mutant) return checkMutant(mutant, policy, isOver);
  assert(kind === 'scene' && scene, `the check has no ${kind} ${index}`);
  return checkScene({ policy, scene, machines: realMachines, isOver });
}
