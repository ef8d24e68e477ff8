/** Why it does not move: each condition of its next step, whether it holds, and what would make it hold. */
import type { WhyView } from '../../../contract.ts';
import { Badge } from '../../parts/Mark.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Until } from '../../parts/Time.tsx';

type Condition = WhyView['conditions'][number];

export function WhyTab({ why, isPast }: { readonly why: WhyView | null; readonly isPast: boolean }) {
  if (why === null) return <p class="quiet">Nobody knows more of it than its state says.</p>;
  return (
    <div class="why-tab">
      <p class="why-answer">{why.answer}</p>
      {isPast && <p class="quiet">This is about now: what held then is not written down.</p>}
      <Table
        caption="Conditions of its next step"
        columns={COLUMNS}
        items={why.conditions}
        keyOf={({ condition }) => condition}
        toneOf={({ holds }) => (holds ? 'plain' : 'warn')}
      />
    </div>
  );
}

const COLUMNS: readonly Column<Condition>[] = [
  {
    key: 'holds',
    head: 'Holds',
    cell: ({ holds }) => <Badge tone={holds ? 'ok' : 'warn'}>{holds ? 'yes' : 'no'}</Badge>,
  },
  { key: 'condition', head: 'Condition', cell: ({ condition }) => condition },
  {
    key: 'inputs',
    head: 'Because',
    isWide: true,
    isMinor: true,
    cell: ({ inputs }) => <code class="muted">{inputsText(inputs)}</code>,
  },
  { key: 'waits', head: 'Waits for', cell: ({ waitsFor }) => waitsFor !== null && <WaitsFor name={waitsFor} /> },
  { key: 'next', head: 'Next look', cell: ({ nextAt }) => nextAt !== null && <Until at={nextAt} /> },
];

function WaitsFor({ name }: { readonly name: string }) {
  return /^[a-z][\w-]*\/\S+$/i.test(name) ? <Ref reference={name}>{name}</Ref> : <span>{name}</span>;
}

function inputsText(inputs: Condition['inputs']): string {
  return Object.entries(inputs)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}
