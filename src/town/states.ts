/** The states that a list can be narrowed to: those of the charts, whole or by their beginning. */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import { chart, rootId } from '../core/chart.ts';
import { Refused } from '../core/errors.ts';
import type { Reads } from '../store/port.ts';

const known = new Map<string, readonly string[]>();

/** Every state of a machine, `open` as well as `open.ready`; empty for a machine that the town has not. */
export function statesOf(machine: string): readonly string[] {
  if (known.size === 0) {
    for (const definition of Object.values(townMachines(defaultPolicy))) {
      const ids = chart(definition).nodes.flatMap(({ id }) => (id === rootId ? [] : [id]));
      known.set(definition.name, ids);
    }
  }
  return known.get(machine) ?? [];
}

/** Refused `invalid`, listing the states that there are. What an older chart left in the store is a state too. */
export function checkState(reads: Reads, machine: string, state: string): void {
  const states = statesOf(machine);
  if (states.includes(state)) return;
  if (reads.census(machine).some((there) => `${there.state}.`.startsWith(`${state}.`))) return;
  const list = states.join(', ');
  throw new Refused('invalid', `a ${machine} has no state "${state}"; it can be in: ${list}`, { state, states });
}
