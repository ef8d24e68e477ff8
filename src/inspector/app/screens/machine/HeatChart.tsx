/** The chart of the machine screen: heat over it, the layout that was asked for, and what can be done with it. */
import type { ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HeatView, Layout, MachineView } from '../../../contract.ts';
import { useAnswer, useApp } from '../../app.ts';
import { type HeatName, heatSteps } from '../../chart/heat.ts';
import { better } from '../../chart/layouts.ts';
import { Outline } from '../../chart/Outline.tsx';
import { useLayouts } from '../../chart/use-layouts.ts';
import type { Places } from '../../counts.ts';
import { ofMachine } from '../../hooks.ts';
import { paths } from '../../paths.ts';
import { spanText } from '../../words.ts';
import { ChartStage } from './ChartStage.tsx';

export type HeatChartProps = {
  readonly view: MachineView;
  readonly places: ReadonlySignal<Places>;
  readonly heat: HeatName;
  readonly isLive: boolean;
  readonly taken: readonly string[];
};

export function HeatChart(props: HeatChartProps) {
  return props.heat === 'counts' ? <LaidOut {...props} heatView={null} /> : <Heated {...props} />;
}

function Heated(props: HeatChartProps) {
  const { machine } = props.view.summary;
  const concerns = useMemo(() => ofMachine(machine), [machine]);
  const answer = useAnswer(paths.heat(machine), concerns);
  return <LaidOut {...props} heatView={answer.value.value} />;
}

type LaidOutProps = HeatChartProps & { readonly heatView: HeatView | null };

function LaidOut({ view, places, heat, heatView, isLive, taken }: LaidOutProps) {
  const { route } = useApp();
  const wanted = route.query.value.get('collapsed');
  const collapsed = wanted === null ? null : wanted === 'none' ? [] : wanted.split(',');
  const { layouts, isPending } = useLayouts(view, collapsed);
  const steps = useMemo(() => (heat === 'counts' ? undefined : heatSteps(heatView, heat)), [heatView, heat]);
  const direction = route.setting('direction');
  const layout: Layout | null = direction === 'down' || direction === 'right' ? layouts[direction] : better(layouts);
  if (layout === null) {
    return (
      <div class="machine-outline not-laid-out">
        <p class="muted" role="status">
          {isPending ? 'The chart is being laid out.' : 'This chart can not be laid out here: this is its outline.'}
        </p>
        <Outline chart={view.chart} places={places} />
      </div>
    );
  }
  return (
    <ChartStage view={view} layout={layout} places={places} heat={steps} isLive={isLive} taken={taken}>
      {heat !== 'counts' && heatView && <HeatLegend view={heatView} heat={heat} />}
      {isPending && (
        <span class="muted" role="status">
          The other picture is being laid out…
        </span>
      )}
    </ChartStage>
  );
}

function HeatLegend({ view, heat }: { view: HeatView; heat: HeatName }) {
  const most = Math.max(0, ...view.states.map(({ medianMs, failures }) => (heat === 'dwell' ? medianMs : failures)));
  return (
    <p class="heat-legend muted">
      <span class="heat-scale" aria-hidden="true">
        <i class="heat-1" />
        <i class="heat-2" />
        <i class="heat-3" />
        <i class="heat-4" />
        <i class="heat-5" />
      </span>
      {heat === 'dwell' ? `median stay up to ${spanText(most)}` : `failures up to ${most}`} · last {view.rows} rows
    </p>
  );
}
