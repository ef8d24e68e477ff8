/** A run looks at the bead that it works on. */
import { Refused } from '../core/errors.ts';
import type { Town } from '../town/api.ts';
import type { Caller } from './caller.ts';

const ATTEMPTS_MAX = 10;

export function describeBead(town: Town, { bead }: Caller): string {
  const ref = { machine: 'bead', id: bead };
  const view = town.get(ref);
  if (!view) throw new Refused('unknown_entity', `there is no bead ${bead} in this town`);
  const attempts = town.attempts(ref, ATTEMPTS_MAX).map(({ epoch, outcome, reason, branch }) => {
    return { epoch, outcome, reason, branch };
  });
  const { title, rig, labels, dependsOn } = view.context;
  const details = { id: bead, title, rig, labels, dependsOn, state: view.substate, attempts };
  return `${JSON.stringify(details, null, 2)}\n\n${town.brief(bead)}`;
}
