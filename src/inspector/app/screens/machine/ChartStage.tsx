/** Where the chart stands: pan, zoom, fit, collapse, each by pointer, by key and by a button. */

import type { ReadonlySignal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Layout, MachineView } from '../../../contract.ts';
import { collapsible, toggled } from '../../../draw/level.ts';
import { useApp } from '../../app.ts';
import { ChartPicture } from '../../chart/ChartPicture.tsx';
import { fitted, moved, type Size, type View, viewBox, zoomed } from '../../chart/view-box.ts';
import type { Places } from '../../counts.ts';
import { useKeys } from '../../keys.ts';
import { KeyHint } from '../../parts/KeyHint.tsx';
import { leafName } from '../../words.ts';

type ChartStageProps = {
  readonly view: MachineView;
  readonly layout: Layout;
  readonly places: ReadonlySignal<Places>;
  readonly heat?: ReadonlyMap<string, number> | undefined;
  readonly isLive: boolean;
  readonly taken: readonly string[];
  readonly children: ComponentChildren;
};

const STEP = 1.25;

export function ChartStage({ view, layout, places, heat, isLive, taken, children }: ChartStageProps) {
  const { route } = useApp();
  const stage = useRef<HTMLDivElement>(null);
  const zoom = useZoom(stage, layout);
  const focused = useSignal<string | null>(null);
  const { machine, label, plural } = view.summary;
  const drawers = route.drawers.value;
  const front = drawers.at(-1);
  const selected = front?.kind === 'here' && front.machine === machine ? [front.state] : [];
  const chosen = focused.value ?? selected[0] ?? null;
  const toggle = () => {
    const target = chosen === null ? null : compoundOf(view, chosen);
    const next = target === null ? levelOf(view, layout) : toggled(view.chart, layout.collapsed, target);
    route.set({ collapsed: next.length === 0 ? 'none' : next.join(',') }, { push: true });
  };
  useKeys({
    f: () => zoom.fit(),
    '+': () => zoom.by(STEP),
    '=': () => zoom.by(STEP),
    '-': () => zoom.by(1 / STEP),
    c: toggle,
  });
  return (
    <div class="chart-stage" ref={stage} data-zoomed={zoom.view.value !== null} {...zoom.handlers}>
      <ChartPicture
        chart={view.chart}
        layout={layout}
        label={`${plural}, chart. Arrow keys follow the lines.`}
        word={label.toLowerCase()}
        plural={plural.toLowerCase()}
        places={places}
        active={selected}
        taken={taken}
        {...(heat ? { heat } : {})}
        isLive={isLive}
        viewBox={zoom.box.value}
        onState={(state) => {
          if (!zoom.wasDragged()) route.showDrawer({ kind: 'here', machine, state });
        }}
        onLine={(edges) => {
          if (!zoom.wasDragged()) route.showDrawer({ kind: 'edge', machine, edge: edges.join(',') });
        }}
        onFocusState={(state) => {
          if (state !== null) focused.value = state;
        }}
      />
      <div class="chart-tools">
        {children}
        <Tools zoom={zoom} layout={layout} onCollapse={toggle} view={view} chosen={chosen} />
      </div>
    </div>
  );
}

type ToolsProps = {
  zoom: Zoom;
  layout: Layout;
  onCollapse: () => void;
  view: MachineView;
  /** The state that has the focus, or the drawer; null: none. */
  chosen: string | null;
};

function Tools({ zoom, layout, onCollapse, view, chosen }: ToolsProps) {
  const { route } = useApp();
  const other = layout.direction === 'down' ? 'right' : 'down';
  const canCollapse = collapsible(view.chart).length > 0;
  return (
    <div class="chart-buttons">
      <button type="button" class="button small" title="All of it" onClick={() => zoom.fit()}>
        Fit <KeyHint keys="f" />
      </button>
      <button type="button" class="button small" aria-label="Nearer" onClick={() => zoom.by(STEP)}>
        <KeyHint keys="+" />
      </button>
      <button type="button" class="button small" aria-label="Farther" onClick={() => zoom.by(1 / STEP)}>
        <KeyHint keys="−" />
      </button>
      {canCollapse && (
        <button
          type="button"
          class="button small"
          title="The state that was chosen last; without one, every state"
          onClick={onCollapse}
        >
          {collapseWords(view, layout, chosen)} <KeyHint keys="c" />
        </button>
      )}
      <button
        type="button"
        class="button small"
        title="The other way round"
        onClick={() => route.set({ direction: other })}
      >
        {other === 'right' ? 'To the right' : 'Downwards'}
      </button>
    </div>
  );
}

function collapseWords(view: MachineView, layout: Layout, chosen: string | null): string {
  const target = chosen === null ? null : compoundOf(view, chosen);
  if (target === null) return layout.collapsed.length > 0 ? 'Expand all' : 'Collapse all';
  return `${layout.collapsed.includes(target) ? 'Expand' : 'Collapse'} ${leafName(target)}`;
}

/** The state itself when it has states inside, else what it is in; null at the top level. */
function compoundOf({ chart }: MachineView, state: string): string | null {
  const all = collapsible(chart);
  if (all.includes(state)) return state;
  const parent = chart.nodes.find(({ id }) => id === state)?.parent ?? null;
  return parent !== null && all.includes(parent) ? parent : null;
}

/** Everything open when something is closed; else everything closed. */
function levelOf({ chart }: MachineView, layout: Layout): readonly string[] {
  return layout.collapsed.length > 0 ? [] : collapsible(chart);
}

type Zoom = ReturnType<typeof useZoom>;

/** Null: all of it, by the browser's own scaling, as the server painted it. */
function useZoom(stage: { readonly current: HTMLElement | null }, layout: Layout) {
  const view = useSignal<View | null>(null);
  const box = useSignal<string | null>(null);
  const drag = useRef<{ x: number; y: number; distance: number } | null>(null);
  const dragged = useRef(false);
  const size = (): Size => ({ width: stage.current?.clientWidth ?? 1, height: stage.current?.clientHeight ?? 1 });
  const show = (next: View | null) => {
    view.value = next;
    box.value = next === null ? null : viewBox(next, size());
  };
  const current = () => view.peek() ?? fitted(layout, size());
  useEffect(() => show(null), [layout]);
  const middle = (event: MouseEvent) => {
    const frame = stage.current?.getBoundingClientRect();
    if (frame === undefined) return { x: 0, y: 0 };
    return { x: event.clientX - frame.x - frame.width / 2, y: event.clientY - frame.y - frame.height / 2 };
  };
  const onWheel = (event: WheelEvent) => {
    // Pinching and Ctrl zoom, as everywhere; without them the wheel moves, but only what was zoomed before.
    if (event.ctrlKey || event.metaKey) show(zoomed(current(), Math.exp(-event.deltaY / 300), middle(event)));
    else if (view.peek() === null) return;
    else show(moved(current(), { x: -event.deltaX, y: -event.deltaY }, layout));
    event.preventDefault();
  };
  useEffect(() => {
    const element = stage.current;
    // Not passive: the page itself must not zoom.
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, [layout]);
  return {
    view,
    box,
    fit: () => show(null),
    by: (factor: number) => show(zoomed(current(), factor)),
    wasDragged: () => dragged.current,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        dragged.current = false;
        if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, distance: 0 };
      },
      onPointerMove: (event: PointerEvent) => {
        const from = drag.current;
        if (from === null || event.buttons === 0) return;
        const by = { x: event.clientX - from.x, y: event.clientY - from.y };
        const distance = from.distance + Math.abs(by.x) + Math.abs(by.y);
        if (distance > 5) {
          dragged.current = true;
          show(moved(current(), by, layout));
        }
        drag.current = { x: event.clientX, y: event.clientY, distance };
      },
      onPointerUp: () => {
        drag.current = null;
      },
    },
  };
}
