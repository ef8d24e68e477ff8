/**
 * A machine's view whose chart and layouts stay the same objects while they are the same machine's: each fetch brings
 * equal ones anew, and what is drawn of them must not be drawn again, nor its zoom be lost.
 */
import { useRef } from 'preact/hooks';
import type { MachineView } from '../../contract.ts';

export function useSteady(view: MachineView): MachineView {
  const kept = useRef(view);
  const { chart, layouts } = kept.current;
  const isSame = keyOf(kept.current) === keyOf(view);
  if (!isSame) kept.current = view;
  return isSame ? { ...view, chart, layouts } : view;
}

/** The definition in use, and which layouts there are of it. */
function keyOf({ summary, versions, chart, layouts }: MachineView): string {
  const current = versions.find((version) => version.current)?.hash ?? `${chart.nodes.length} ${chart.edges.length}`;
  return `${summary.machine} ${current} ${layouts.down !== null} ${layouts.right !== null}`;
}
