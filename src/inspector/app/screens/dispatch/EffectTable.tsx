/** Effects of one group: for whom, which try, when the next one is, what the last one said. */
import type { EffectLine, OutboxGroup } from '../../../contract.ts';
import { type App, useApp } from '../../app.ts';
import { Badge } from '../../parts/Mark.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Until } from '../../parts/Time.tsx';
import { arrive, say } from '../../sending.ts';
import { ConfirmedDeed } from '../ConfirmedDeed.tsx';
import { Cause, Who } from '../cells.tsx';

export type EffectTableProps = {
  readonly group: OutboxGroup;
  readonly items: readonly EffectLine[];
  readonly hasMore: boolean;
  readonly onMore: () => void;
};

export function EffectTable({ group, items, hasMore, onMore }: EffectTableProps) {
  const app = useApp();
  return (
    <Table
      caption={`Effects that are ${group}`}
      columns={columnsOf(app, group)}
      items={items}
      keyOf={({ key }) => key}
      hasMore={hasMore}
      onMore={onMore}
    />
  );
}

/** The place in the log of the step that asked for an effect: the key is `machine/id#seq#index`. */
const seqOf = (key: string): number | null => Number(key.split('#').at(-2)) || null;

function columnsOf(app: App, group: OutboxGroup): readonly Column<EffectLine>[] {
  const isRetried = group === 'waiting' || group === 'stuck';
  const columns: (Column<EffectLine> | false)[] = [
    { key: 'who', head: 'Entity', cell: (line) => <Who of={line} /> },
    { key: 'type', head: 'Effect', cell: ({ type }) => <code>{type}</code> },
    { key: 'attempt', head: 'Try', isNumber: true, cell: ({ attempt }) => <span class="code">{attempt}</span> },
    group === 'settled'
      ? { key: 'status', head: 'Outcome', cell: ({ status }) => <EffectStatus status={status} /> }
      : { key: 'due', head: group === 'running' ? 'Lease' : 'Next try', cell: (line) => <Due line={line} /> },
    {
      key: 'note',
      head: 'Last reason',
      isWide: true,
      cell: ({ note }) => note !== null && <span title={note}>{note}</span>,
    },
    {
      key: 'asked',
      head: 'Asked for by row',
      isNumber: true,
      isMinor: true,
      cell: ({ key }) => <Cause cause={seqOf(key)} />,
    },
    isRetried && { key: 'retry', head: 'Action', cell: (line) => <RetryNow app={app} line={line} /> },
  ];
  return columns.filter((column) => column !== false);
}

function Due({ line: { status, dueAt } }: { readonly line: EffectLine }) {
  if (status === 'dead') return <Badge tone="danger">gave up</Badge>;
  return <Until at={dueAt} />;
}

const OUTCOMES = {
  pending: { tone: 'time', word: 'waits' },
  inflight: { tone: 'live', word: 'runs' },
  done: { tone: 'ok', word: 'done' },
  superseded: { tone: 'plain', word: 'not needed any more' },
  dead: { tone: 'danger', word: 'gave up' },
} as const;

export function EffectStatus({ status }: Pick<EffectLine, 'status'>) {
  const { tone, word } = OUTCOMES[status];
  return <Badge tone={tone}>{word}</Badge>;
}

export function RetryNow({ app, line: { key, type, title } }: { readonly app: App; readonly line: EffectLine }) {
  const run = async (reason: string) => {
    const { seq } = await app.api.retryEffect({ key, reason });
    await arrive(app, seq);
    say(app, `${type} of ${title} is tried again`);
  };
  return (
    <ConfirmedDeed
      label="Retry now"
      about={
        <>
          <code>{type}</code> of {title} is tried again now instead of at its own time.
        </>
      }
      run={run}
    />
  );
}
