/** Whose tries are used up or cooling down, and why: the button that gives them back stands beside the count. */
import type { ActionView, OutboxView } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { StateText } from '../../parts/Mark.tsx';
import { StateRef } from '../../parts/Ref.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Age, Until } from '../../parts/Time.tsx';
import { Who } from '../cells.tsx';

type Row = OutboxView['attempts'][number];

export function AttemptsPanel({ attempts }: { readonly attempts: readonly Row[] }) {
  if (attempts.length === 0) return null;
  return (
    <section class="panel" aria-label="Attempts">
      <header class="panel-head">
        <h2>Attempts used up or cooling down</h2>
        <ResetAll attempts={attempts} />
      </header>
      <Table
        caption="Attempts used up or cooling down"
        columns={COLUMNS}
        items={attempts}
        keyOf={({ line }) => line.ref}
      />
    </section>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'who', head: 'Entity', cell: ({ line }) => <Who of={line} /> },
  { key: 'attempts', head: 'Attempts', cell: (row) => <AttemptsCount row={row} /> },
  {
    key: 'reason',
    head: 'Last reason',
    isWide: true,
    cell: ({ reason }) => reason !== null && <span title={reason}>{reason}</span>,
  },
  {
    key: 'state',
    head: 'State',
    isMinor: true,
    cell: ({ line: { machine, state, tone } }) => (
      <StateRef machine={machine} state={state}>
        <StateText state={state} tone={tone} />
      </StateRef>
    ),
  },
  { key: 'since', head: 'Since', isNumber: true, isMinor: true, cell: ({ line }) => <Age at={line.since} /> },
  {
    key: 'next',
    head: 'Next',
    isMinor: true,
    cell: ({ line: { next } }) =>
      next && (
        <>
          <code class="tone-time">{next.name}</code> <Until at={next.dueAt} />
        </>
      ),
  },
];

function AttemptsCount({ row: { line, reset } }: { readonly row: Row }) {
  const { attempts, ref } = line;
  return (
    <span class="attempts-count">
      {attempts && (
        <span class={`code${attempts.value >= attempts.max ? ' tone-danger' : ''}`}>
          {attempts.value} of {attempts.max}
        </span>
      )}
      {reset && (
        <ActionButton to={ref} action={reset}>
          Reset
        </ActionButton>
      )}
    </span>
  );
}

/** One button for each event that resets many of one machine. */
function ResetAll({ attempts }: { readonly attempts: readonly Row[] }) {
  const { machines } = useApp();
  const pluralOf = (name: string) =>
    machines.value.find(({ machine }) => machine === name)?.plural.toLowerCase() ?? 'entities';
  const groups = new Map<string, { readonly action: ActionView; readonly refs: string[] }>();
  for (const { line, reset } of attempts) {
    if (reset === null) continue;
    const key = `${line.machine} ${reset.event}`;
    const group = groups.get(key) ?? { action: reset, refs: [] };
    group.refs.push(line.ref);
    groups.set(key, group);
  }
  return [...groups]
    .filter(([, { refs }]) => refs.length > 1)
    .map(([key, { action, refs }]) => (
      <ActionButton key={key} to={refs} action={action}>
        Reset {refs.length} {pluralOf(key.split(' ')[0] ?? '')}
      </ActionButton>
    ));
}
