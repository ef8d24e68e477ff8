/** The chart of a machine by its name, small: for an entity's page, a thumbnail, a breaker. Live counts if wanted. */
import { type ReadonlySignal, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { MachineView } from '../../contract.ts';
import { nothing } from '../answers.ts';
import { useAnswer, useApp } from '../app.ts';
import { type Places, placesOf } from '../counts.ts';
import { Answered } from '../parts/Answered.tsx';
import { Skeleton } from '../parts/States.tsx';
import { paths } from '../paths.ts';
import { ChartPicture } from './ChartPicture.tsx';
import { better } from './layouts.ts';
import { Outline } from './Outline.tsx';
import { useLayouts } from './use-layouts.ts';
import { useSteady } from './use-steady.ts';
import { fitted, type Size } from './view-box.ts';

type MachineChartProps = {
  readonly machine: string;
  /** Leaf states that are outlined: where the entity stands. */
  readonly active?: readonly string[];
  /** Edges that are bold: the last that were taken. */
  readonly taken?: readonly string[];
  /** How many entities stand in each state; else the picture is about one entity. */
  readonly hasCounts?: boolean;
  /** Before each id: a page may show the same machine twice. */
  readonly prefix?: string;
  /** The room that there is, when it is not a whole screen. */
  readonly room?: Size;
  /** Never smaller than it was drawn, so that it can be read: what has no room is scrolled to, from what is active. */
  readonly isScrolled?: boolean;
};

const EMPTY: Places = new Map();

export function MachineChart(props: MachineChartProps) {
  const { machine, active = [], taken = [], prefix = `${machine}-`, ...rest } = props;
  const { hasCounts = false } = rest;
  const { live } = useApp();
  // The chart itself does not change while the page is open; its counts come with the stream.
  const answer = useAnswer(paths.machine(machine), nothing);
  const places = useComputed(() => {
    if (!hasCounts) return EMPTY;
    return live.counts.value.get(machine)?.places ?? placesOf(answer.value.value?.summary.counts ?? []);
  });
  return (
    <Answered answer={answer}>
      {(view) => <Laid view={view} places={places} active={active} taken={taken} prefix={prefix} {...rest} />}
    </Answered>
  );
}

type LaidProps = Omit<MachineChartProps, 'machine'> & {
  readonly view: MachineView;
  readonly places: ReadonlySignal<Places>;
};

function Laid({ view: fetched, places, active = [], taken = [], hasCounts = false, prefix = '', ...shown }: LaidProps) {
  const { room, isScrolled = false } = shown;
  const { route } = useApp();
  const frame = useRef<HTMLDivElement>(null);
  const view = useSteady(fetched);
  const { layouts, isPending } = useLayouts(view, null);
  const { chart, summary } = view;
  const layout = better(layouts, room);
  useEffect(() => {
    if (isScrolled && frame.current !== null) scrollToActive(frame.current);
  }, [layout, active.join(' ')]);
  if (layout === null && isPending) return <Skeleton rows={4} />;
  if (layout === null) return <Outline chart={chart} places={places} active={active} />;
  const { machine, label, plural } = summary;
  return (
    <div ref={frame} class={`chart-small${isScrolled ? ' scrolled' : ''}`}>
      <ChartPicture
        chart={chart}
        layout={layout}
        prefix={prefix}
        label={`${label}, chart`}
        {...(isScrolled && room && { scale: Math.max(1, fitted(layout, room).scale) })}
        word={label}
        plural={plural}
        places={places}
        active={active}
        taken={taken}
        isLive={hasCounts}
        onState={(state) => route.openDrawer({ kind: 'here', machine, state })}
        onLine={(edges) => route.openDrawer({ kind: 'edge', machine, edge: edges.join(',') })}
      />
    </div>
  );
}

/** The innermost active state into the middle; the page itself stays where it is. */
function scrollToActive(frame: HTMLElement): void {
  const active = [...frame.querySelectorAll('.row.active, .state.active')];
  const depthOf = (box: Element) => box.getAttribute('data-state')?.split('.').length ?? 0;
  const innermost = active.sort((a, b) => depthOf(b) - depthOf(a))[0]?.getBoundingClientRect();
  if (innermost === undefined) return;
  const around = frame.getBoundingClientRect();
  frame.scrollBy({
    left: innermost.left + innermost.width / 2 - around.left - around.width / 2,
    top: innermost.top + innermost.height / 2 - around.top - around.height / 2,
  });
}
