/** What fires next: overdue timers first, how many are due in each hour of the day to come, each with "fire now". */
import { useEffect } from 'preact/hooks';
import type { TimerLine, TimersView } from '../../../contract.ts';
import { type App, useApp } from '../../app.ts';
import { usePages } from '../../hooks.ts';
import { EmptyState } from '../../parts/States.tsx';
import { type Column, Table } from '../../parts/Table.tsx';
import { Until } from '../../parts/Time.tsx';
import { paths } from '../../paths.ts';
import { countText, dateTimeText, durationText } from '../../words.ts';
import { ConfirmedDeed } from '../ConfirmedDeed.tsx';
import { Cause, EventLink, Who } from '../cells.tsx';
import { Listing } from '../Listing.tsx';
import { ScreenHead } from '../ScreenHead.tsx';
import { DensityStrip } from './DensityStrip.tsx';
import './timers.css';

/** Leases move deadlines without a row in the log, so the list is asked for again now and then. */
const REFETCH_MS = 10_000;

export function TimersScreen() {
  const pages = usePages<TimerLine, TimersView>({ path: paths.timers, pick: ({ lines }) => lines, keyOf: timerKey });
  const { retry } = pages;
  useEffect(() => {
    const timer = setInterval(retry, REFETCH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="screen timers-screen">
      <ScreenHead title="Timers" about={<About view={pages.view} />} />
      <Listing pages={pages}>
        {(view) => (
          <>
            <DensityStrip density={view.density} now={view.now} />
            {pages.items.length === 0 ? (
              <EmptyState title="No timer is set">
                A state with a delayed transition sets one when it is entered; it is listed here until it fires or the
                state is left.
              </EmptyState>
            ) : (
              <TimerTable items={pages.items} hasMore={pages.hasMore} onMore={() => void pages.more()} />
            )}
          </>
        )}
      </Listing>
    </div>
  );
}

const timerKey = ({ ref, id }: TimerLine) => `${ref} ${id}`;

function About({ view }: { readonly view: TimersView | null }) {
  if (view === null) return <>What fires next.</>;
  return (
    <>
      {countText(view.total, 'timer')}, the next first
      {view.overdue > 0 && <strong class="tone-danger"> · {view.overdue} overdue</strong>}
    </>
  );
}

type TimerTableProps = { readonly items: readonly TimerLine[]; readonly hasMore: boolean; readonly onMore: () => void };

function TimerTable({ items, hasMore, onMore }: TimerTableProps) {
  const app = useApp();
  return (
    <Table
      caption="Timers, the next to fire first"
      columns={columnsOf(app)}
      items={items}
      keyOf={timerKey}
      toneOf={({ overdue }) => (overdue ? 'danger' : 'plain')}
      hasMore={hasMore}
      onMore={onMore}
    />
  );
}

const columnsOf = (app: App): readonly Column<TimerLine>[] => [
  { key: 'due', head: 'Due', cell: ({ dueAt, overdue }) => <Until at={dueAt} tone={overdue ? 'danger' : 'time'} /> },
  { key: 'who', head: 'Entity', isWide: true, cell: (line) => <Who of={line} /> },
  { key: 'name', head: 'Delay', cell: ({ name }) => <code class="tone-time">{name}</code> },
  { key: 'event', head: 'Event', cell: ({ event }) => <EventLink event={event} />, isMinor: true },
  {
    key: 'after',
    head: 'Waits',
    cell: ({ delayMs }) => <span class="code">{durationText(delayMs)}</span>,
    isNumber: true,
    isMinor: true,
  },
  {
    key: 'lease',
    head: 'Moved by',
    isMinor: true,
    cell: ({ leaseUntil }) =>
      leaseUntil === null ? null : (
        <span title={`A sign of life moved it to ${dateTimeText(leaseUntil)}`}>sign of life</span>
      ),
  },
  { key: 'set', head: 'Set by row', cell: ({ setSeq }) => <Cause cause={setSeq} />, isNumber: true, isMinor: true },
  { key: 'fire', head: 'Action', cell: (line) => <FireNow app={app} line={line} /> },
];

function FireNow({ app, line }: { readonly app: App; readonly line: TimerLine }) {
  const { ref, id, name, event, title, dueAt } = line;
  const run = async (reason: string) => {
    const { seq, state } = await app.api.fireTimer({ ref, id, reason });
    await app.live.reached(seq);
    app.notice.value = { text: `${name} of ${title} fired: it is in ${state} now.`, tone: 'ok' };
    await app.answers.refetchAll();
  };
  return (
    <ConfirmedDeed
      label="Fire now"
      about={
        <>
          <code>{name}</code> of {title} fires now instead of at {dateTimeText(dueAt)}: it gets <code>{event}</code>, as
          if the time had come.
        </>
      }
      run={run}
    />
  );
}
