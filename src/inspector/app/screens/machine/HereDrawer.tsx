/** Who is here: the entities in a state, with one event for many of them. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { EntityLine, HereView } from '../../../contract.ts';
import { isPartial } from '../../answers.ts';
import { useApp } from '../../app.ts';
import { ofMachine, usePages } from '../../hooks.ts';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { Drawer } from '../../parts/Drawer.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { EmptyState, ErrorState, PartialNotice, Skeleton } from '../../parts/States.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Age, Until } from '../../parts/Time.tsx';
import { type HereSort, paths } from '../../paths.ts';
import type { ScreenProps } from '../../screens.ts';
import { durationText, idOf, machineOf, numberText } from '../../words.ts';

const FILTER_MS = 200;

export function HereDrawer({ reference }: ScreenProps) {
  const [machine, state] = [machineOf(reference), idOf(reference)];
  const { route } = useApp();
  const sort = useSignal<HereSort>('since');
  const filter = useSignal('');
  const pages = usePages<EntityLine, HereView>({
    path: (after) =>
      paths.here(machine, { state, sort: sort.value, filter: filter.value, ...(after === undefined ? {} : { after }) }),
    pick: ({ lines }) => lines,
    keyOf: ({ ref }) => ref,
    concerns: useMemo(() => ofMachine(machine), [machine]),
  });
  const { view, problem, items } = pages;
  return (
    <Drawer title={<code>{state}</code>} label={`Who is in ${state}`} href={route.machineHref(machine)}>
      {view === null && problem === null && <Skeleton />}
      {view === null && problem !== null && <ErrorState problem={problem} onRetry={pages.retry} />}
      {view !== null && (
        <>
          <Sentence view={view} />
          {isPartial(view) && <PartialNotice />}
          <FilterField
            onFilter={(words) => {
              filter.value = words;
            }}
          />
          {items.length === 0 ? (
            <Nobody isFiltered={filter.value !== ''} />
          ) : (
            <Table
              caption={`Entities in ${state}`}
              columns={columnsOf(items)}
              items={items}
              keyOf={({ ref }) => ref}
              toneOf={({ tone }) => tone}
              sort={{
                by: sort.value,
                onSort: (by) => {
                  sort.value = by as HereSort;
                },
              }}
              hasMore={pages.hasMore}
              onMore={() => void pages.more()}
            />
          )}
          <Bulk view={view} items={items} />
        </>
      )}
    </Drawer>
  );
}

function Sentence({ view: { count, medianMs, oldestMs } }: { view: HereView }) {
  if (count === 0) return null;
  return (
    <p class="muted">
      {numberText(count)} here · median stay {durationText(medianMs)} · oldest {durationText(oldestMs)}
    </p>
  );
}

function Nobody({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <EmptyState title="Nobody here has these words." />;
  return <EmptyState title="Nobody is here now.">Whoever enters this state appears at once.</EmptyState>;
}

function FilterField({ onFilter }: { onFilter: (words: string) => void }) {
  const words = useSignal('');
  useEffect(() => {
    const timer = setTimeout(() => onFilter(words.value.trim()), FILTER_MS);
    return () => clearTimeout(timer);
  }, [words.value]);
  return (
    <input
      class="filter"
      type="search"
      placeholder="Filter by id or title"
      aria-label="Filter by id or title"
      value={words.value}
      onInput={(event) => {
        words.value = event.currentTarget.value;
      }}
    />
  );
}

/** Columns that nobody has anything for are left out: a drawer is narrow. */
function columnsOf(items: readonly EntityLine[]): readonly Column<EntityLine>[] {
  const all: (Column<EntityLine> & { readonly has?: (line: EntityLine) => boolean })[] = [
    { key: 'id', head: 'Id', cell: ({ ref }) => <Ref reference={ref} /> },
    {
      key: 'title',
      head: 'Title',
      isWide: true,
      sort: 'title',
      has: ({ id, title }) => title !== id,
      cell: ({ title }) => <span title={title}>{title}</span>,
    },
    {
      key: 'link',
      head: 'With',
      has: ({ link }) => link !== null,
      cell: ({ link }) => link && <Ref reference={link.ref}>{link.title}</Ref>,
    },
    { key: 'since', head: 'Since', isNumber: true, sort: 'since', cell: ({ since }) => <Age at={since} /> },
    {
      key: 'attempts',
      head: 'Tries',
      isNumber: true,
      sort: 'attempts',
      has: ({ attempts }) => attempts !== null,
      cell: ({ attempts }) => attempts && `${attempts.value}/${attempts.max}`,
    },
    {
      key: 'next',
      head: 'Next',
      isNumber: true,
      sort: 'next',
      has: ({ next }) => next !== null,
      cell: ({ next }) =>
        next && (
          <span title={next.name}>
            <Until at={next.dueAt} />
          </span>
        ),
    },
  ];
  return all.filter(({ has }) => has === undefined || items.some(has));
}

/** One event to all that are listed. The dialog says how many will take it before anything is sent. */
function Bulk({ view, items }: { view: HereView; items: readonly EntityLine[] }) {
  if (view.actions.length === 0 || items.length === 0) return null;
  const references = items.map(({ ref }) => ref);
  return (
    <section class="card">
      <h3>Send to {references.length === 1 ? 'it' : `all ${numberText(references.length)} that are listed`}</h3>
      <div class="actions">
        {view.actions.map((action) => (
          <ActionButton key={action.event} to={references} action={action} />
        ))}
      </div>
      <p class="muted">A preview comes first. Each event is written to the log with your name.</p>
    </section>
  );
}
