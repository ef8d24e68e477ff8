/** Each try with its reason and the last lines that it wrote, the counter with its reset, and the effects asked for. */
import type { AttemptLine, EntityPage } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { Badge } from '../../parts/Mark.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { EmptyState } from '../../parts/States.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Age, TimeOfDay, Until } from '../../parts/Time.tsx';
import { spanText } from '../../words.ts';
import { EffectStatus, RetryNow } from '../dispatch/EffectTable.tsx';
import { FactList } from './FactList.tsx';
import type { Seen } from './seen.ts';

type EffectLine = EntityPage['effects'][number];

export function AttemptsTab({ seen: { page, row, then } }: { readonly seen: Seen }) {
  const { attempts, effects, facts, actions, line } = page;
  const counters = facts.filter(({ kind }) => kind === 'counter');
  // Of the past, tries that had begun by then: what came later was not known.
  const shown = row === null ? attempts : attempts.filter(({ startedAt }) => startedAt === null || startedAt <= row.at);
  return (
    <div class="attempts-tab">
      {row === null && <FactList facts={counters} actions={actions} reference={line.ref} />}
      {shown.length === 0 ? (
        <EmptyState title="No tries yet">
          Each time that work is begun for it, a try is listed here with how it ended.
        </EmptyState>
      ) : (
        <ol class="attempts" aria-label="Tries, the newest first">
          {shown.map((attempt) => (
            <Attempt key={attempt.number} attempt={attempt} reference={line.ref} />
          ))}
        </ol>
      )}
      <h2>Effects</h2>
      {row === null ? (
        <Effects effects={effects} />
      ) : (
        <EffectsThen types={then.moment?.effects.map(({ type }) => type) ?? []} />
      )}
    </div>
  );
}

function Attempt({ attempt, reference }: { readonly attempt: AttemptLine; readonly reference: string }) {
  const { number, about, startedAt, endedAt, outcome, reason, tail, facts, tone } = attempt;
  return (
    <li class={`attempt tone-edge-${tone}`}>
      <p class="attempt-head">
        <strong>#{number}</strong>
        {outcome !== null && <Badge tone={tone}>{outcome}</Badge>}
        {about.map(({ ref, title }) => (
          <Ref key={ref} reference={ref}>
            {title}
          </Ref>
        ))}
        {startedAt !== null && (
          <span class="muted">
            <TimeOfDay at={startedAt} /> · {endedAt === null ? <Age at={startedAt} /> : spanText(endedAt - startedAt)}
            {endedAt === null && ' so far'}
          </span>
        )}
      </p>
      {reason !== null && <p class={tone === 'danger' ? 'tone-danger' : undefined}>{reason}</p>}
      <FactList facts={facts} actions={[]} reference={reference} />
      {tail !== null && tail !== '' && (
        <details open={tone === 'danger'}>
          <summary>Last output</summary>
          <pre class="tail">{tail}</pre>
        </details>
      )}
    </li>
  );
}

const COLUMNS: readonly Column<EffectLine>[] = [
  { key: 'type', head: 'Effect', cell: ({ type }) => <code>{type}</code> },
  { key: 'status', head: 'Status', cell: ({ status }) => <EffectStatus status={status} /> },
  { key: 'attempt', head: 'Try', isNumber: true, cell: ({ attempt }) => <span class="code">{attempt}</span> },
  {
    key: 'due',
    head: 'Next',
    cell: ({ status, dueAt }) => (status === 'pending' || status === 'inflight') && <Until at={dueAt} />,
  },
  {
    key: 'note',
    head: 'Last reason',
    isWide: true,
    cell: ({ note }) => note !== null && <span title={note}>{note}</span>,
  },
  { key: 'retry', head: 'Action', cell: (line) => <Retry line={line} /> },
];

function Retry({ line }: { readonly line: EffectLine }) {
  const app = useApp();
  if (line.status !== 'pending' && line.status !== 'dead') return null;
  return <RetryNow app={app} line={line} />;
}

function Effects({ effects }: { readonly effects: readonly EffectLine[] }) {
  if (effects.length === 0) return <p class="quiet">It asks for nothing outside at the moment.</p>;
  return <Table caption="Effects" columns={COLUMNS} items={effects} keyOf={({ key }) => key} />;
}

function EffectsThen({ types }: { readonly types: readonly string[] }) {
  if (types.length === 0) return <p class="quiet">It asked for nothing outside then.</p>;
  return (
    <ul class="plain-list">
      {types.map((type, index) => (
        <li key={`${type} ${index}`}>
          <code>{type}</code> <span class="muted">was asked for</span>
        </li>
      ))}
    </ul>
  );
}
