/** The head of an entity: its name, where it stands and since when, and in one sentence what it waits for. */
import type { EntityPage, LogLine } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { Badge, StateText } from '../../parts/Mark.tsx';
import { PageLink, StateRef } from '../../parts/Ref.tsx';
import { Age, Until } from '../../parts/Time.tsx';
import { queryText } from '../../paths.ts';
import { countText } from '../../words.ts';
import { EventLink } from '../cells.tsx';

export type EntityHeadProps = {
  readonly page: EntityPage;
  /** The row looked at; null when live. Of the past, only what was true then is said. */
  readonly row: LogLine | null;
  /** The drawer says the title already. */
  readonly isInDrawer?: boolean;
};

export function EntityHead({ page, row, isInDrawer = false }: EntityHeadProps) {
  const { line, status, rev } = page;
  const state = row?.after ?? line.state;
  const { route, machines } = useApp();
  const label = machines.value.find(({ machine }) => machine === line.machine)?.label ?? line.machine;
  return (
    <header class="entity-head">
      {!isInDrawer && (
        <h1>
          <code>{line.id}</code> {line.title !== line.id && line.title}
        </h1>
      )}
      <p class="entity-where">
        <a class="ref" href={route.machineHref(line.machine)}>
          {label}
        </a>
        <StateRef machine={line.machine} state={state.split(' ')[0] ?? state}>
          {row === null ? <StateText state={state} tone={line.tone} /> : <StateText state={state} />}
        </StateRef>
        {row === null && (
          <span class="muted">
            for <Age at={line.since} />
          </span>
        )}
        <span class="muted">
          <PageLink to={`log${queryText({ entity: line.ref })}`}>{countText(rev, 'change')}</PageLink>
        </span>
        {status === 'quarantined' && <Badge tone="danger">quarantined: its snapshot can not be read</Badge>}
        {status === 'error' && <Badge tone="danger">stopped with an error</Badge>}
        {status === 'done' && <Badge tone="ok">finished</Badge>}
      </p>
      {row === null && line.note !== null && <p class="entity-note">{line.note}</p>}
      {row === null && <WaitingFor page={page} />}
    </header>
  );
}

/** Events that are named in the sentence; the others are counted. */
const NAMED = 4;

/** "Waiting for AGENT.DONE, PR.CLOSED, or warn in 10m 03s." */
export function WaitingFor({ page: { waitingFor, status } }: { readonly page: EntityPage }) {
  const { events, timers } = waitingFor;
  if (status !== 'active') return null;
  if (events.length === 0 && timers.length === 0) {
    return <p class="waiting-for">Waiting for nothing: no event and no timer can move it.</p>;
  }
  const parts = [
    ...events.slice(0, NAMED).map((event) => <EventLink key={event} event={event} />),
    ...(events.length > NAMED
      ? [
          <span key="more" title={events.slice(NAMED).join(', ')}>
            {events.length - NAMED} more
          </span>,
        ]
      : []),
    ...timers.map(({ id, name, dueAt }) => (
      <span key={id}>
        <code class="tone-time">{name}</code> <Until at={dueAt} />
      </span>
    )),
  ];
  return (
    <p class="waiting-for">
      Waiting for{' '}
      {parts.map((part, index) => (
        <>
          {index > 0 && (index === parts.length - 1 ? ' or ' : ', ')}
          {part}
        </>
      ))}
      .
    </p>
  );
}
