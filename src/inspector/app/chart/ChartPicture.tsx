/**
 * A chart as a live picture: counts, what is active, what was taken last; states and lines can be pressed and walked.
 */

import type { ReadonlySignal } from '@preact/signals';
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Chart } from '../../../core/chart.ts';
import type { Layout } from '../../contract.ts';
import { drawChart } from '../../draw/draw.ts';
import { neighboursOf } from '../../draw/neighbours.ts';
import { useApp } from '../app.ts';
import type { Places } from '../counts.ts';
import { machineOf } from '../words.ts';
import { chartLife } from './chart-life.ts';
import { childrenOf } from './FigureView.tsx';
import { flash } from './flashes.ts';
import { FIT_MAX } from './view-box.ts';

export type ChartPictureProps = {
  readonly chart: Chart;
  readonly layout: Layout;
  /** Before each id, when a page shows several charts. */
  readonly prefix?: string;
  readonly label: string;
  readonly word?: string;
  readonly plural?: string;
  readonly places: ReadonlySignal<Places>;
  /** Leaf states that are outlined. */
  readonly active?: readonly string[];
  /** Edges that are bold. */
  readonly taken?: readonly string[];
  readonly heat?: ReadonlyMap<string, number>;
  /** False: a still picture, like of the past. */
  readonly isLive?: boolean;
  /** Of a whole picture: how large it is where there is room for it. The page's style keeps it inside. */
  readonly scale?: number;
  /** The part that is seen; all of it when absent. */
  readonly viewBox?: string | null;
  readonly onState?: (state: string) => void;
  readonly onLine?: (edges: readonly string[]) => void;
  readonly onFocusState?: (state: string | null) => void;
};

const NOTHING: readonly string[] = [];
const COLD: ReadonlyMap<string, number> = new Map();

/** A property as a signal, so that only what depends on it is drawn again. */
function useAsSignal<T>(value: T): ReadonlySignal<T> {
  const held = useSignal(value);
  held.value = value;
  return held;
}

export function ChartPicture(props: ChartPictureProps) {
  const { chart, layout, prefix = '', label, word = 'entity', plural = 'entities', isLive = true, viewBox } = props;
  const { scale = FIT_MAX } = props;
  const { clock, live } = useApp();
  const svg = useRef<SVGSVGElement>(null);
  const active = useAsSignal(props.active ?? NOTHING);
  const taken = useAsSignal(props.taken ?? NOTHING);
  const heat = useAsSignal(props.heat ?? COLD);
  const figure = useMemo(() => drawChart(chart, layout, { prefix }), [chart, layout, prefix]);
  const life = useMemo(
    () => chartLife({ chart, layout, places: props.places, active, taken, heat, now: clock.now, word, plural }),
    [chart, layout, props.places],
  );
  const children = useMemo(() => childrenOf(figure, life), [figure, life]);
  useSignalEffect(() => {
    const rows = live.flashes.value.filter(({ ref }) => machineOf(ref) === chart.machine);
    if (isLive && rows.length > 0 && svg.current !== null) flash({ svg: svg.current, layout, prefix }, rows);
  });
  useEffect(() => props.onFocusState?.(life.focused.value), [life.focused.value]);
  const press = (element: Element | null) => pressed(element, props);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof Element) || event.metaKey || event.ctrlKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      if (press(event.target)) event.preventDefault();
      return;
    }
    const from = event.target.getAttribute('data-state');
    const to = from === null ? null : stepFrom(chart, layout, from, event.key);
    if (to === null || svg.current === null) return;
    event.preventDefault();
    event.stopPropagation();
    focusState(svg.current, to);
  };
  const onFocus = (event: FocusEvent, isIn: boolean) => {
    const state = event.target instanceof Element ? event.target.getAttribute('data-state') : null;
    if (isIn) life.focused.value = state;
    else if (life.focused.peek() === state) life.focused.value = null;
  };
  return (
    <svg
      ref={svg}
      class={`chart ${layout.direction}`}
      role="group"
      aria-label={label}
      viewBox={viewBox ?? `0 0 ${layout.width} ${layout.height}`}
      {...(viewBox ? {} : { width: layout.width * scale, height: layout.height * scale })}
      onClick={(event) => press(event.target instanceof Element ? event.target : null)}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => onFocus(event, true)}
      onFocusOut={(event) => onFocus(event, false)}
    >
      {children}
    </svg>
  );
}

/** Tells what was pressed; false when it was neither a state nor a line. */
function pressed(element: Element | null, { layout, onState, onLine }: ChartPictureProps): boolean {
  const place = element?.closest('[data-state], [data-line]') ?? null;
  const state = place?.getAttribute('data-state') ?? null;
  if (state !== null && place?.getAttribute('role') === 'button') {
    onState?.(state);
    return true;
  }
  const line = layout.lines[Number(place?.getAttribute('data-line') ?? -1)];
  if (line === undefined) return false;
  onLine?.(line.edges);
  return true;
}

const STEPS = { ArrowRight: 'next', ArrowLeft: 'previous' } as const;

/** Right and left follow the lines, down and up the order of the document. */
function stepFrom(chart: Chart, layout: Layout, state: string, key: string): string | null {
  const { next, previous, above, below } = neighboursOf(chart, layout, state);
  if (key === 'ArrowDown') return below;
  if (key === 'ArrowUp') return above;
  if (key !== 'ArrowRight' && key !== 'ArrowLeft') return null;
  return { next, previous }[STEPS[key]][0] ?? null;
}

function focusState(svg: SVGSVGElement, state: string): void {
  svg.querySelector<SVGGElement>(`[data-state="${CSS.escape(state)}"]`)?.focus();
}
