/** The outline of a machine as a view of its screen. */
import type { ReadonlySignal } from '@preact/signals';
import type { MachineView } from '../../../contract.ts';
import { Outline } from '../../chart/Outline.tsx';
import type { Places } from '../../counts.ts';

type Props = {
  readonly view: MachineView;
  readonly places: ReadonlySignal<Places>;
  /** Only seen where the chart has no room. */
  readonly isStandIn?: boolean;
};

export function MachineOutline({ view, places, isStandIn = false }: Props) {
  return (
    <div class={`machine-outline${isStandIn ? ' only-narrow' : ''}`}>
      <Outline chart={view.chart} places={places} />
    </div>
  );
}
