/** Cells that several screens share: every event, sender, cause and state in a row of the log is a link. */
import type { EffectLine, EntityLine, LogLine } from '../../contract.ts';
import { useApp } from '../app.ts';
import { StateText } from '../parts/Mark.tsx';
import { PageLink, Ref, StateRef } from '../parts/Ref.tsx';
import { queryText } from '../paths.ts';
import { dateTimeText, machineOf, numberText, timeText } from '../words.ts';
import './screens.css';

/** An event as people say it: `after backoff` for a timer's, `created` for a birth; all others by their names. */
export function eventText(event: string): string {
  if (event === 'xstate.init') return 'created';
  const [, kind, name] = event.split('.');
  if (event.startsWith('xstate.after.')) return `after ${name}`;
  return event.startsWith('xstate.') && name !== undefined ? `${kind} ${event.split('.').slice(2).join('.')}` : event;
}

/** Leads to every row of the log with this event. */
export function EventLink({ event, tone }: { readonly event: string; readonly tone?: LogLine['tone'] }) {
  return (
    <PageLink to={`log${queryText({ event })}`} class={`ref code${tone && tone !== 'plain' ? ` tone-${tone}` : ''}`}>
      {eventText(event)}
    </PageLink>
  );
}

/** The time of day with its milliseconds, which give way first where there is little room. */
export function FineTime({ at }: { readonly at: number }) {
  const [seconds, ms] = timeText(at, true).split('.');
  return (
    <time class="code" dateTime={new Date(at).toISOString()} title={dateTimeText(at)}>
      {seconds}
      <span class="ms">.{ms}</span>
    </time>
  );
}

/** Who sent an event: an entity opens, any other name leads to all that it sent. */
export function Sender({ by }: { readonly by: string }) {
  const { machines } = useApp();
  const isEntity = by.includes('/') && machines.value.some(({ machine }) => machine === machineOf(by));
  if (isEntity) return <Ref reference={by}>{by}</Ref>;
  return <PageLink to={`log${queryText({ by })}`}>{by}</PageLink>;
}

/** The row that set this one off, with all that it set off. */
export function Cause({ cause }: { readonly cause: number | null }) {
  if (cause === null) return null;
  return (
    <PageLink to={`log${queryText({ tree: cause })}`} class="ref code">
      {numberText(cause)}
    </PageLink>
  );
}

/** What of a state's path is new beside another one: `starting` of `in_progress.starting` after `in_progress.idle`. */
export function newPart(before: string, after: string): string {
  const [from, to] = [before.split('.'), after.split('.')];
  const isShared = (count: number) => from.slice(0, count).join('.') === to.slice(0, count).join('.');
  let shared = 0;
  while (shared < to.length - 1 && isShared(shared + 1)) shared += 1;
  return before.includes(' ') || after.includes(' ') ? after : to.slice(shared).join('.');
}

/** Where an event led: `from → to`, only the state when it stayed; of the target what is new beside the source. */
export function StateMove({ row }: { readonly row: Pick<LogLine, 'ref' | 'before' | 'after' | 'rejected'> }) {
  const { ref, before, after } = row;
  const state = (name: string, shown = name) => (
    <StateRef machine={machineOf(ref)} state={name.split(' ')[0] ?? name}>
      <StateText state={shown} />
    </StateRef>
  );
  if (before === after || before === '') return after === '' ? <span class="muted">not born</span> : state(after);
  return (
    <span class="state-move">
      <span class="state-from">{state(before)} </span>
      <span class="muted">→</span> {state(after, newPart(before, after))}
    </span>
  );
}

/** What a row has to say beside where it led: why it was refused, a person's reason, or the reason in its payload. */
export function noteOf({ rejected, reason, payload }: LogLine): string | null {
  const told = payload.reason ?? payload.cause ?? payload.message ?? payload.summary;
  return rejected ?? reason ?? (typeof told === 'string' ? told : null);
}

export function Note({ row }: { readonly row: LogLine }) {
  const note = noteOf(row);
  if (note === null) return null;
  return (
    <span class={row.rejected !== null || row.tone === 'danger' ? 'tone-danger' : 'muted'} title={note}>
      {row.rejected !== null && 'refused: '}
      {note}
    </span>
  );
}

/** An entity by its title, with its id before it where the title does not have it. */
export function Who({ of: { ref, title } }: { readonly of: Pick<EntityLine | LogLine | EffectLine, 'ref' | 'title'> }) {
  const id = ref.slice(ref.indexOf('/') + 1);
  return (
    <span class="who">
      <Ref reference={ref} title={`${ref} · ${title}`}>
        <code>{id}</code>
        {title !== id && title !== ref && <span class="who-title"> {title}</span>}
      </Ref>
    </span>
  );
}
