/** A transition: what it needs and does, and the last times that it was taken, by whom, with what effects. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ChartEdge } from '../../../../core/chart.ts';
import type { FiringView } from '../../../contract.ts';
import { nothing } from '../../answers.ts';
import { useAnswer, useApp } from '../../app.ts';
import { ofMachine } from '../../hooks.ts';
import { Answered } from '../../parts/Answered.tsx';
import { Drawer } from '../../parts/Drawer.tsx';
import { Badge } from '../../parts/Mark.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { EmptyState } from '../../parts/States.tsx';
import { Table } from '../../parts/Table.tsx';
import { Switch } from '../../parts/Tabs.tsx';
import { TimeOfDay } from '../../parts/Time.tsx';
import { paths } from '../../paths.ts';
import type { ScreenProps } from '../../screens.ts';
import { idOf, machineOf } from '../../words.ts';

/** The reference is `machine/edge,edge…`: a line may stand for several edges. */
export function EdgeDrawer({ reference }: ScreenProps) {
  const { route } = useApp();
  const [machine, ids] = [machineOf(reference), idOf(reference).split(',')];
  const chosen = useSignal(ids[0] ?? '');
  const chart = useAnswer(paths.machine(machine), nothing).value.value?.chart ?? null;
  const edges = ids.map((id) => chart?.edges.find((edge) => edge.id === id)).filter((edge) => edge !== undefined);
  const edge = edges.find(({ id }) => id === chosen.value) ?? null;
  const title = edge === null ? 'Transition' : `${edge.event} → ${edge.target ?? 'stays'}`;
  return (
    <Drawer title={<code>{title}</code>} label={title} href={route.machineHref(machine)}>
      {edges.length > 1 && (
        <Switch
          label="Transitions on this line"
          choices={edges.map(({ id, event, guard }) => ({ key: id, label: guard ? `${event} if ${guard}` : event }))}
          chosen={chosen.value}
          onChoose={(id) => {
            chosen.value = id;
          }}
        />
      )}
      {edge !== null && <About edge={edge} />}
      <Firings key={chosen.value} machine={machine} edge={chosen.value} />
    </Drawer>
  );
}

function About({ edge }: { edge: ChartEdge }) {
  const rows = [
    ['From', edge.source],
    ['To', edge.targets.length === 0 ? 'stays where it is' : edge.targets.join(', ')],
    ['When', edge.event],
    ['Only if', edge.guard],
    ['Does', edge.actions.join(', ')],
  ] as const;
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
    </dl>
  );
}

function Firings({ machine, edge }: { machine: string; edge: string }) {
  const concerns = useMemo(() => ofMachine(machine), [machine]);
  const answer = useAnswer(paths.edge(machine, edge), concerns);
  return (
    <Answered answer={answer}>
      {({ firings, lookedBackTo }) =>
        firings.length === 0 ? (
          <EmptyState title="It was not taken lately.">
            The log was looked through back to row {lookedBackTo}. When it is taken, it shows here.
          </EmptyState>
        ) : (
          <>
            <h3>Last {firings.length} times, newest first</h3>
            <Table
              caption="Times that it was taken, newest first"
              columns={[
                { key: 'at', head: 'At', cell: ({ row }) => <TimeOfDay at={row.at} /> },
                {
                  key: 'who',
                  head: 'Who',
                  isWide: true,
                  cell: ({ row }) => <Ref reference={row.ref} title={row.title} />,
                },
                { key: 'by', head: 'By', cell: ({ row }) => <span class="muted">{row.by}</span> },
                { key: 'effects', head: 'Effects', cell: (firing) => <Effects firing={firing} /> },
              ]}
              items={firings}
              keyOf={({ row }) => String(row.seq)}
            />
          </>
        )
      }
    </Answered>
  );
}

function Effects({ firing: { effects } }: { firing: FiringView }) {
  return (
    <>
      {effects.map(({ type, status, note }) => (
        <span key={type} title={note ?? status}>
          <Badge tone={status === 'done' ? 'ok' : status === 'dead' ? 'danger' : 'plain'}>{type}</Badge>
        </span>
      ))}
    </>
  );
}
