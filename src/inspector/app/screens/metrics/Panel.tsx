/** One panel of the metrics: the plot, what is in it said in words, and its peaks as links into the log. */
import { useEffect, useRef } from 'preact/hooks';
import type { MetricsView, Series } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { PageLink } from '../../parts/Ref.tsx';
import { queryText } from '../../paths.ts';
import { timeText } from '../../words.ts';
import type { Colours, PlotHandle } from './Plot.ts';
import { type Peak, peaksOf, quantity } from './series.ts';

const HEIGHT = 180;

export type PanelProps = {
  readonly panel: MetricsView['panels'][number];
  /** Width of a point: a peak's rows end with it. */
  readonly stepMs: number;
  readonly from: number;
  readonly to: number;
  readonly onRange: (from: number, to: number) => void;
};

export function Panel({ panel, stepMs, from, to, onRange }: PanelProps) {
  const isEmpty = panel.series.every(({ points }) => points.every(([, value]) => value === null));
  const peaks = peaksOf(panel.series);
  return (
    <section class="metric" aria-label={panel.title}>
      <h2>{panel.title}</h2>
      <p class="muted">{panel.description}</p>
      {isEmpty ? (
        <p class="quiet metric-empty">Nothing was measured in this time.</p>
      ) : (
        <PlotPlace {...{ panel, from, to, onRange }} />
      )}
      {!isEmpty && <p class="unseen">{panel.series.map(spoken).join(' ')}</p>}
      {peaks.length > 0 && (
        <p class="peaks">
          <span class="muted">Peaks</span>
          {peaks.map((peak) => (
            <PeakLink key={`${peak.series} ${peak.at}`} peak={peak} stepMs={stepMs} isNamed={panel.series.length > 1} />
          ))}
        </p>
      )}
    </section>
  );
}

function spoken({ name, unit, points }: Series): string {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
  if (values.length === 0) return `${name}: nothing measured.`;
  const last = values.at(-1) ?? 0;
  return `${name}: last ${quantity(last, unit)}, highest ${quantity(Math.max(...values), unit)}.`;
}

type PeakLinkProps = { readonly peak: Peak; readonly stepMs: number; readonly isNamed: boolean };

function PeakLink({ peak: { at, series, value, unit }, stepMs, isNamed }: PeakLinkProps) {
  return (
    <PageLink to={`log${queryText({ until: at + stepMs - 1 })}`} class="ref code">
      {timeText(at).slice(0, 5)} {isNamed && `${series} `}
      {quantity(value, unit)}
    </PageLink>
  );
}

/** Where the canvas goes. The plotter is loaded when the first panel is there. */
function PlotPlace({ panel, from, to, onRange }: Omit<PanelProps, 'stepMs'>) {
  const { theme } = useApp();
  const element = useRef<HTMLDivElement>(null);
  const choose = useRef(onRange);
  choose.current = onRange;
  const chosenTheme = theme.value;
  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    let handle: PlotHandle | null = null;
    let isGone = false;
    const resize = new ResizeObserver(() => handle?.resize(place.clientWidth));
    void import('./Plot.ts').then(({ plot }) => {
      if (isGone) return;
      const range = (start: number, end: number) => choose.current(start, end);
      handle = plot(place, { panel, from, to, height: HEIGHT, colours: coloursOf(place), onRange: range });
      resize.observe(place);
    });
    return () => {
      isGone = true;
      resize.disconnect();
      handle?.destroy();
    };
  }, [panel, from, to, chosenTheme]);
  return <div ref={element} class="plot" role="img" aria-label={`${panel.title}, drawn over time`} />;
}

const SERIES = ['accent', 'time', 'ok', 'warn', 'danger', 'muted'];

/** A canvas knows no custom properties: they are read from the page in the theme that holds. */
function coloursOf(place: HTMLElement): Colours {
  const probe = document.createElement('span');
  place.append(probe);
  const read = (name: string) => {
    probe.className = `colour-${name}`;
    return getComputedStyle(probe).color;
  };
  const colours = { series: SERIES.map(read), muted: read('muted'), line: read('line') };
  probe.remove();
  return colours;
}
