/** What it has to do with: each opens in a drawer. Then its long texts. */
import type { EntityPage } from '../../../contract.ts';
import { StateText } from '../../parts/Mark.tsx';
import { StateRef } from '../../parts/Ref.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Age } from '../../parts/Time.tsx';
import { Who } from '../cells.tsx';

type Link = EntityPage['links'][number];

/** What grows has a tab of its own. */
const isStill = ({ isLive }: EntityPage['texts'][number]) => isLive !== true;

export function LinksTab({ page: { links, texts } }: { readonly page: EntityPage }) {
  return (
    <div class="links-tab">
      {links.length === 0 ? (
        <p class="quiet">It has to do with no other entity.</p>
      ) : (
        <Table
          caption="Linked entities"
          columns={COLUMNS}
          items={links}
          keyOf={({ label, line }) => `${label} ${line.ref}`}
        />
      )}
      {texts.filter(isStill).map(({ label, text }) => (
        <details key={label} class="long-text" open>
          <summary>{label}</summary>
          <pre>{text}</pre>
        </details>
      ))}
    </div>
  );
}

const COLUMNS: readonly Column<Link>[] = [
  { key: 'label', head: 'Is its', cell: ({ label }) => <span class="muted">{label}</span> },
  { key: 'who', head: 'Entity', isWide: true, cell: ({ line }) => <Who of={line} /> },
  {
    key: 'state',
    head: 'State',
    cell: ({ line: { machine, state, tone } }) => (
      <StateRef machine={machine} state={state.split(' ')[0] ?? state}>
        <StateText state={state} tone={tone} />
      </StateRef>
    ),
  },
  { key: 'since', head: 'Since', isNumber: true, cell: ({ line }) => <Age at={line.since} /> },
  { key: 'note', head: 'Note', isMinor: true, cell: ({ line: { note } }) => note },
];
