/** How long entities of a machine stay in each state: the middle, the slow tenth, and how often it failed there. */
import type { HeatView } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { StateText } from '../../parts/Mark.tsx';
import { StateRef } from '../../parts/Ref.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { countText, numberText, spanText } from '../../words.ts';

type Dwell = HeatView['states'][number];

export function DwellTable({ heat }: { readonly heat: HeatView }) {
  const { machines } = useApp();
  if (heat.states.length === 0) return null;
  const label = machines.value.find(({ machine }) => machine === heat.machine)?.label ?? heat.machine;
  const states = heat.states.toSorted((a, b) => b.medianMs - a.medianMs);
  return (
    <section class="panel" aria-label={`${label}: time in each state`}>
      <header class="panel-head">
        <h2>{label}: time in each state</h2>
        <span class="muted">over the last {countText(heat.rows, 'row')}, the longest first</span>
      </header>
      <Table
        caption={`${label}: time in each state`}
        columns={columnsOf(heat)}
        items={states}
        keyOf={({ state }) => state}
      />
    </section>
  );
}

function columnsOf({ machine, states }: HeatView): readonly Column<Dwell>[] {
  const longest = Math.max(1, ...states.map(({ p90Ms }) => p90Ms));
  return [
    {
      key: 'state',
      head: 'State',
      isWide: true,
      cell: ({ state }) => (
        <StateRef machine={machine} state={state}>
          <StateText state={state} />
        </StateRef>
      ),
    },
    { key: 'bar', head: 'Spread', isMinor: true, cell: (dwell) => <DwellBar dwell={dwell} longest={longest} /> },
    { key: 'median', head: 'Median', isNumber: true, cell: ({ medianMs }) => spanText(medianMs) },
    { key: 'p90', head: 'Slow tenth', isNumber: true, cell: ({ p90Ms }) => spanText(p90Ms) },
    { key: 'visits', head: 'Visits', isNumber: true, cell: ({ visits }) => numberText(visits) },
    {
      key: 'failures',
      head: 'Failures',
      isNumber: true,
      cell: ({ failures }) => <span class={failures > 0 ? 'tone-danger' : 'muted'}>{numberText(failures)}</span>,
    },
  ];
}

const BAR = 120;

/** On a scale of logarithms: a second and an hour both can be seen. */
function DwellBar({ dwell: { medianMs, p90Ms }, longest }: { readonly dwell: Dwell; readonly longest: number }) {
  const width = (ms: number) => (Math.log1p(ms) / Math.log1p(longest)) * BAR;
  return (
    <svg class="dwell-bar" width={BAR} height={10} aria-hidden="true">
      <rect class="dwell-p90" width={width(p90Ms)} height={10} rx={2} />
      <rect class="dwell-median" width={width(medianMs)} height={10} rx={2} />
    </svg>
  );
}
