/** Machines with a defect that bites under some policies only: what a check at loading is there for. */
import type { Policy } from '../../machines/policy.ts';
import { mutants } from '../../src/check/mutants.ts';
import { mutated } from '../../src/check/mutation.ts';
import type { MachineMaker } from '../../src/check/scene.ts';

/** With so many reminders, a bead whose retry is due waits for nobody. */
export const STUCK = { remindersMax: 77 };

export const plantedIn =
  (real: MachineMaker): MachineMaker =>
  (policy: Policy) => {
    const machines = real(policy);
    const defect = mutants.find(({ name }) => name === 'scheduled, never spawned')?.machines.bead;
    if (policy.remindersMax !== STUCK.remindersMax || !machines.bead || !defect) return machines;
    return { ...machines, bead: mutated(machines.bead, defect) };
  };

/** How the refusal of such a policy reads: a sentence, the first step of the way there, and its end. */
export const REFUSAL = new RegExp(
  [
    'the policy was not accepted, nothing was changed\\. policy: a town could get stuck with it\\.\\n {2}1\\. ',
    'So bead b1: in_progress\\.retryDue has no timer',
  ].join('[\\s\\S]*'),
);
