/** What may be pressed now, which timers run, what the last step was; of the past, what was armed at that moment. */
import type { LogLine, MomentView } from '../../../contract.ts';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { StateText } from '../../parts/Mark.tsx';
import { Until } from '../../parts/Time.tsx';
import { durationText, timeText } from '../../words.ts';
import { Cause, EventLink, Note, Sender, StateMove } from '../cells.tsx';
import { FactList } from './FactList.tsx';
import { JsonTree } from './JsonTree.tsx';
import type { Seen } from './seen.ts';

export function EntitySide({ seen, isDrawer }: { readonly seen: Seen; readonly isDrawer: boolean }) {
  const { page, row, rows } = seen;
  const step = row ?? rows.at(-1) ?? null;
  const facts = <FactList facts={page.facts} actions={row === null ? page.actions : []} reference={page.line.ref} />;
  return (
    <>
      {row === null ? <Actions seen={seen} /> : <Then seen={seen} />}
      {row === null && facts}
      {row === null && <Timers seen={seen} />}
      {step && <LastStep step={step} isPast={row !== null} isDrawer={isDrawer} />}
      {row !== null && page.facts.length > 0 && (
        <section class="side-panel" aria-label="Facts, as they are now">
          <h2 class="muted">Facts, as they are now</h2>
          {facts}
        </section>
      )}
    </>
  );
}

function Actions({ seen: { page } }: { readonly seen: Seen }) {
  const { actions, access, line, status } = page;
  return (
    <section class="side-panel" aria-label="Send an event">
      <h2>Send an event</h2>
      {actions.length === 0 ? (
        <p class="quiet">
          {status === 'active' ? 'A person can send it nothing in this state.' : 'It is finished: it takes no event.'}
        </p>
      ) : (
        <>
          <div class="action-row">
            {actions.map((action) => (
              <ActionButton key={action.event} to={line.ref} action={action} />
            ))}
          </div>
          <p class="quiet">
            {access === 'operate'
              ? 'Only what this state accepts. Each is logged with your name; Shift asks for a reason first.'
              : 'You may look, not operate: the link that you came by has no right to send.'}
          </p>
        </>
      )}
    </section>
  );
}

function Timers({ seen: { page } }: { readonly seen: Seen }) {
  if (page.timers.length === 0) return null;
  return (
    <section class="side-panel" aria-label="Timers">
      <h2>Timers</h2>
      <ul class="plain-list">
        {page.timers.map(({ id, name, dueAt, delayMs }) => (
          <li key={id}>
            <code class="tone-time">{name}</code> <Until at={dueAt} />{' '}
            <span class="muted">of {durationText(delayMs)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was armed and wanted at the moment looked at. Buttons act on now, so there are none. */
function Then({ seen: { row, then } }: { readonly seen: Seen }) {
  const moment = then.moment;
  return (
    <section class="side-panel" aria-label="At that moment">
      <h2>At that moment</h2>
      <p>{row && <StateText state={row.after} />}</p>
      {moment === null ? <p class="quiet">Its timers and effects are on their way.</p> : <Armed moment={moment} />}
      <p class="quiet">Reading only: what is sent acts on now.</p>
    </section>
  );
}

function Armed({ moment: { timers, effects, accepts, time } }: { readonly moment: MomentView }) {
  return (
    <ul class="plain-list">
      {timers.map(({ name, dueAt }) => (
        <li key={`${name} ${dueAt}`}>
          timer <code class="tone-time">{name}</code> due {timeText(dueAt)}{' '}
          <span class="muted">({durationText(dueAt - time)} later)</span>
        </li>
      ))}
      {timers.length === 0 && <li class="muted">No timer was armed.</li>}
      {effects.map(({ key, type }) => (
        <li key={key}>
          effect <code>{type}</code> was wanted
        </li>
      ))}
      {accepts.length > 0 && (
        <li class="muted">
          It accepted <code>{accepts.join(', ')}</code>.
        </li>
      )}
    </ul>
  );
}

type LastStepProps = { readonly step: LogLine; readonly isPast: boolean; readonly isDrawer: boolean };

function LastStep({ step, isPast, isDrawer }: LastStepProps) {
  return (
    <section class="side-panel" aria-label="Step">
      <h2>{isPast ? 'This step' : 'Last step'}</h2>
      <p>
        <EventLink event={step.event} tone={step.tone} /> <span class="muted">by</span> <Sender by={step.by} />{' '}
        <span class="muted">at {timeText(step.at)}</span>
      </p>
      <p>
        <StateMove row={step} />
      </p>
      <p>
        <Note row={step} />
      </p>
      {step.cause !== null && (
        <p class="muted">
          set off by row <Cause cause={step.cause} />
        </p>
      )}
      {Object.keys(step.payload).length > 0 && (
        <details open={!isDrawer}>
          <summary class="muted">Payload</summary>
          <JsonTree value={step.payload} label="Its payload" />
        </details>
      )}
    </section>
  );
}
