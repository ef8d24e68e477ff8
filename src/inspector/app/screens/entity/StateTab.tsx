/** Where it stands in its chart, and what moved it last. */
import { MachineChart } from '../../chart/MachineChart.tsx';
import type { Seen } from './seen.ts';

/** Room for the chart in px: the better of its two layouts is picked by it. */
const WIDE = { width: 840, height: 440 };
const NARROW = { width: 360, height: 480 };

export function StateTab({ seen: { page, row }, isDrawer }: { readonly seen: Seen; readonly isDrawer: boolean }) {
  const { machine, state, ref } = page.line;
  return (
    <MachineChart
      machine={machine}
      active={(row?.after ?? state).split(' ')}
      taken={row?.taken ?? page.lastTaken}
      prefix={isDrawer ? `drawer-${ref}-` : 'page-'}
      room={isDrawer ? NARROW : WIDE}
      isScrolled
    />
  );
}
