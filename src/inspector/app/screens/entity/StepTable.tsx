/** A short list of steps of one entity, for where no timeline fits: the history of a breaker. */
import type { LogLine } from '../../../contract.ts';
import { type Column, Table } from '../../parts/Table.tsx';
import { TimeOfDay } from '../../parts/Time.tsx';
import { Cause, EventLink, Note, Sender, StateMove } from '../cells.tsx';

const COLUMNS: readonly Column<LogLine>[] = [
  { key: 'at', head: 'Time', cell: ({ at }) => <TimeOfDay at={at} /> },
  { key: 'event', head: 'Event', cell: ({ event, tone }) => <EventLink event={event} tone={tone} /> },
  { key: 'state', head: 'State', cell: (row) => <StateMove row={row} /> },
  { key: 'note', head: 'Note', isWide: true, cell: (row) => <Note row={row} /> },
  { key: 'by', head: 'By', isMinor: true, cell: ({ by }) => <Sender by={by} /> },
  { key: 'cause', head: 'Cause', isNumber: true, isMinor: true, cell: ({ cause }) => <Cause cause={cause} /> },
];

export function StepTable({ rows, caption }: { readonly rows: readonly LogLine[]; readonly caption: string }) {
  return <Table caption={caption} columns={COLUMNS} items={rows} keyOf={({ seq }) => String(seq)} />;
}
