/** Who is in a leaf state since when, read in slices between which the process does its work. */
import type { StateId } from '../../core/types.ts';
import type { Stay } from '../../store/port.ts';
import type { InspectorSource } from '../source.ts';

/** Some milliseconds. */
const SLICE = 2_000;

export async function* staysIn(
  source: InspectorSource,
  leaf: { readonly machine: string; readonly state: StateId },
): AsyncGenerator<readonly Stay[]> {
  for (let after: string | null | undefined; after !== null; ) {
    const page = source.reads.stays(leaf, { limit: SLICE, ...(after !== undefined && { after }) });
    yield page.items;
    after = page.next;
    if (after !== null) await paused(source);
  }
}

/** Lets what waits have its turn. */
export function paused({ env }: InspectorSource): Promise<void> {
  return new Promise((resolve) => env.clock.soon(resolve));
}
