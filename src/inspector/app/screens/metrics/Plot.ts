/** Draws the series of a panel on a canvas. Its own chunk: only the metrics page brings the plotter. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { MetricsView, Series } from '../../../contract.ts';
import { columnsOf, quantity } from './series.ts';

export type PlotOptions = {
  readonly panel: MetricsView['panels'][number];
  readonly from: number;
  readonly to: number;
  readonly height: number;
  /** Colours in order of the series, and of the ink and the lines, as the page has them now. */
  readonly colours: Colours;
  /** A range was drawn with the pointer, in epoch milliseconds. */
  readonly onRange: (from: number, to: number) => void;
};
export type Colours = { readonly series: readonly string[]; readonly muted: string; readonly line: string };

/** All plots of a page show the pointer at the same time. */
const SYNC = 'metrics';

export type PlotHandle = { readonly destroy: () => void; readonly resize: (width: number) => void };

export function plot(element: HTMLElement, options: PlotOptions): PlotHandle {
  const { panel, height } = options;
  const { times, values } = columnsOf(panel.series);
  const data = [times, ...values] as uPlot.AlignedData;
  const chart = new uPlot(
    { ...uplotOptions(options), width: Math.max(200, element.clientWidth), height },
    data,
    element,
  );
  return { destroy: () => chart.destroy(), resize: (width) => chart.setSize({ width: Math.max(200, width), height }) };
}

function uplotOptions({ panel, from, to, colours, onRange }: PlotOptions): Omit<uPlot.Options, 'width' | 'height'> {
  const unit = panel.series[0]?.unit ?? '';
  const axis = {
    stroke: colours.muted,
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1 },
  };
  // A long unit has no room on the axis: the description of the panel has it.
  const axisUnit = unit.length <= 2 ? unit : '';
  const short = (value: number | null) => (value === null ? '' : quantity(value, axisUnit));
  return {
    scales: {
      x: { time: true, range: [from / 1000, to / 1000] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] },
    },
    axes: [
      { ...axis, size: 28, font: FONT, values: '{HH}:{mm}' as unknown as uPlot.Axis.Values },
      { ...axis, size: 56, font: FONT, values: (_, ticks) => ticks.map(short) },
    ],
    series: [
      { value: '{HH}:{mm}:{ss}' },
      ...panel.series.map((series, index) => lineOf(series, colours.series[index % colours.series.length] ?? '')),
    ],
    cursor: { sync: { key: SYNC }, drag: { x: true, y: false, setScale: false } },
    legend: { live: true },
    hooks: {
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 6) return;
          onRange(chart.posToVal(left, 'x') * 1000, chart.posToVal(left + width, 'x') * 1000);
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

const FONT = '11px ui-monospace, "DejaVu Sans Mono", monospace';

/** So few points are drawn one by one. */
const FEW = 30;

function lineOf({ name, unit, points }: Series, stroke: string): uPlot.Series {
  return {
    label: name,
    stroke,
    width: 1.5,
    // A line needs two points beside each other; where there are few, each is drawn.
    points: { show: points.filter(([, value]) => value !== null).length <= FEW, size: 4, fill: stroke },
    value: (_, value) => (value === null ? '–' : quantity(value, unit)),
  };
}
