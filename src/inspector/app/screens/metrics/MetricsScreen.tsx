/** How the engine does over time: one range for all panels, peaks that lead into the log, time spent in each state. */
import { useRef } from 'preact/hooks';
import type { MetricsView } from '../../../contract.ts';
import { isPartial, nothing } from '../../answers.ts';
import { useAnswer, useApp } from '../../app.ts';
import { Answered } from '../../parts/Answered.tsx';
import { EmptyState, PartialNotice } from '../../parts/States.tsx';
import { Switch } from '../../parts/Tabs.tsx';
import { paths } from '../../paths.ts';
import { dateTimeText } from '../../words.ts';
import { ScreenHead } from '../ScreenHead.tsx';
import { DwellTable } from './DwellTable.tsx';
import './metrics.css';
import { Panel } from './Panel.tsx';
import { fixedRange, RANGES, type RangeKey, rangeKey, rangeOf, type TimeRange } from './range.ts';

export function MetricsScreen() {
  const { route, clock } = useApp();
  const key = rangeKey(route.setting('range'));
  const fixed = fixedRange(route.setting('from'), route.setting('to'));
  const { from, to } = rangeOf((name) => route.setting(name), clock.now.value);
  const answer = useAnswer(paths.metrics({ from, to }), nothing);
  // The last range stays on the page until the next one came: plots do not blink.
  const last = useRef<MetricsView | null>(null);
  if (answer.value.value !== null) last.current = answer.value.value;
  const choose = (chosen: RangeKey) => route.set({ range: chosen === '1h' ? null : chosen, from: null, to: null });
  const draw = (start: number, end: number) =>
    route.set({ from: String(Math.floor(start)), to: String(Math.ceil(end)) }, { push: true });
  return (
    <div class="screen metrics-screen">
      <ScreenHead
        title="Metrics"
        about={fixed ? <Fixed range={fixed} /> : 'Draw over a plot to look closer. Peaks lead into the log.'}
      >
        <Switch
          label="Range of time"
          choices={RANGES.map((range) => ({ key: range.key as RangeKey | 'fixed', label: range.label }))}
          chosen={fixed ? 'fixed' : key}
          onChoose={(chosen) => chosen !== 'fixed' && choose(chosen)}
        />
      </ScreenHead>
      {last.current !== null && answer.value.value === null ? (
        <Panels view={last.current} onRange={draw} />
      ) : (
        <Answered answer={answer}>{(view) => <Panels view={view} onRange={draw} />}</Answered>
      )}
    </div>
  );
}

function Fixed({ range: { from, to } }: { readonly range: TimeRange }) {
  return (
    <>
      From {dateTimeText(from)} to {dateTimeText(to)}
    </>
  );
}

type PanelsProps = { readonly view: MetricsView; readonly onRange: (from: number, to: number) => void };

export function Panels({ view, onRange }: PanelsProps) {
  if (view.panels.length === 0 && view.dwell.length === 0) {
    return (
      <EmptyState title="Nothing measured yet">The first points come within a minute of the first commit.</EmptyState>
    );
  }
  return (
    <>
      {isPartial(view) && <PartialNotice />}
      <div class="metrics">
        {view.panels.map((panel) => (
          <Panel key={panel.title} panel={panel} stepMs={view.stepMs} from={view.from} to={view.to} onRange={onRange} />
        ))}
      </div>
      {view.dwell.map((heat) => (
        <DwellTable key={heat.machine} heat={heat} />
      ))}
    </>
  );
}
