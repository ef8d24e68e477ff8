/** Every leaf state of a machine as a row: who is there, how long, what leads away. */
import type { ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ChartNode } from '../../../../core/chart.ts';
import type { MachineView } from '../../../contract.ts';
import { useAnswer } from '../../app.ts';
import type { Places } from '../../counts.ts';
import { ofMachine } from '../../hooks.ts';
import { StateText } from '../../parts/Mark.tsx';
import { StateRef } from '../../parts/Ref.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Age } from '../../parts/Time.tsx';
import { paths } from '../../paths.ts';
import { numberText, spanText } from '../../words.ts';

export function StateTable({ view, places }: { view: MachineView; places: ReadonlySignal<Places> }) {
  const { machine } = view.summary;
  const concerns = useMemo(() => ofMachine(machine), [machine]);
  const heat = useAnswer(paths.heat(machine), concerns).value.value;
  const heats = new Map(heat?.states.map((state) => [state.state, state]));
  const leaves = view.chart.nodes.filter(({ kind }) => kind === 'atomic' || kind === 'final');
  const count = ({ id }: ChartNode) => places.value.get(id)?.count ?? 0;
  const columns: Column<ChartNode>[] = [
    { key: 'state', head: 'State', cell: ({ id }) => <StateCell machine={machine} id={id} /> },
    { key: 'count', head: 'Here', isNumber: true, cell: (node) => (count(node) > 0 ? numberText(count(node)) : '–') },
    {
      key: 'oldest',
      head: 'Oldest',
      isNumber: true,
      cell: ({ id }) => <Oldest at={places.value.get(id)?.oldestSince} />,
    },
    {
      key: 'median',
      head: 'Median stay',
      isNumber: true,
      isMinor: true,
      cell: ({ id }) => (heats.has(id) ? spanText(heats.get(id)?.medianMs ?? 0) : '–'),
    },
    {
      key: 'failures',
      head: 'Failures',
      isNumber: true,
      isMinor: true,
      cell: ({ id }) => numberText(heats.get(id)?.failures ?? 0),
    },
    { key: 'about', head: 'What it is', isWide: true, isMinor: true, cell: ({ description }) => description ?? '' },
  ];
  return (
    <div class="screen-body">
      <Table
        caption={`States of ${machine}`}
        columns={columns}
        items={leaves}
        keyOf={({ id }) => id}
        toneOf={(node) => (node.tags.includes('attention') && count(node) > 0 ? 'warn' : 'plain')}
      />
    </div>
  );
}

function StateCell({ machine, id }: { machine: string; id: string }) {
  return (
    <StateRef machine={machine} state={id}>
      <StateText state={id} />
    </StateRef>
  );
}

function Oldest({ at }: { at: number | undefined }) {
  return at === undefined ? <>–</> : <Age at={at} />;
}
