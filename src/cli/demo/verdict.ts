/** Whether the demo came to exactly the end that it is meant to come to. */
import type { VerifyReport } from '../../town/api.ts';
import type { Recovery } from '../recovery.ts';
import type { BeadSummary } from '../summary.ts';
import { HOPELESS, signs } from './plan.ts';

export type DemoEnd = {
  readonly beads: readonly BeadSummary[];
  readonly recoveries: readonly Recovery[];
  readonly verified: VerifyReport;
};

/** A sentence for each thing that differs; none when all is as it should be. */
export function differences({ beads, recoveries, verified }: DemoEnd): readonly string[] {
  const states = beads.flatMap(({ id, state }) => {
    const wanted = id === HOPELESS ? 'failed.gaveUp' : 'closed.merged';
    return state === wanted ? [] : [`${id} is ${state}, not ${wanted}`];
  });
  const unseen = Object.entries(signs).flatMap(([bead, sign]) => {
    const wasSeen = recoveries.some(({ subject, happened }) => subject === bead && sign.test(happened));
    return wasSeen ? [] : [`the fault of ${bead} was not noticed (${sign.source})`];
  });
  const log = verified.problems.map(({ entity, problem }) => `${entity}: ${problem}`);
  return [...states, ...unseen, ...log];
}
