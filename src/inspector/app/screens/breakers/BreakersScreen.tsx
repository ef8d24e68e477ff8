/** What stops everything when too much fails: how near it is, what it holds back, and the two buttons. */
import type { BreakerView } from '../../../contract.ts';
import { useAnswer, useApp } from '../../app.ts';
import { MachineChart } from '../../chart/MachineChart.tsx';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { Answered } from '../../parts/Answered.tsx';
import { Badge, StateText } from '../../parts/Mark.tsx';
import { Ref, StateRef } from '../../parts/Ref.tsx';
import { EmptyState } from '../../parts/States.tsx';
import { Age } from '../../parts/Time.tsx';
import { paths } from '../../paths.ts';
import { countText, numberText } from '../../words.ts';
import { FactList } from '../entity/FactList.tsx';
import { StepTable } from '../entity/StepTable.tsx';
import { ScreenHead } from '../ScreenHead.tsx';
import './breakers.css';
import { inWindow, WindowBar } from './WindowBar.tsx';

export function BreakersScreen() {
  const answer = useAnswer(paths.breakers());
  return (
    <div class="screen breakers-screen">
      <ScreenHead
        title="Breakers"
        about="They stop everything when too much fails in a short time, and let one through to try."
      />
      <Answered answer={answer}>
        {({ breakers }) =>
          breakers.length === 0 ? (
            <EmptyState title="There is no breaker">
              A machine that counts failures in a window and opens at a limit is shown here, when its description says
              so.
            </EmptyState>
          ) : (
            breakers.map((breaker) => <Breaker key={breaker.line.ref} breaker={breaker} />)
          )
        }
      </Answered>
    </div>
  );
}

export function Breaker({ breaker }: { readonly breaker: BreakerView }) {
  const { line, closed, reason, actions, history, facts } = breaker;
  const { clock, route } = useApp();
  return (
    <article class="breaker" aria-label={line.title}>
      <header class="breaker-head">
        <h2>
          <Ref reference={line.ref}>{line.title}</Ref>
        </h2>
        <Badge tone={closed ? 'ok' : line.tone === 'plain' ? 'warn' : line.tone}>
          {closed ? 'closed: work flows' : <StateText state={line.state} />}
        </Badge>
        <span class="muted">
          since <Age at={line.since} />
        </span>
        <span class="breaker-actions">
          {actions.map((action) => (
            <ActionButton key={action.event} to={line.ref} action={action} />
          ))}
        </span>
      </header>
      {reason !== null && <p class={closed ? 'muted' : 'breaker-reason'}>{reason}</p>}
      <Holding holding={breaker.holding} />
      <div class="breaker-body">
        <div>
          <WindowBar breaker={breaker} now={clock.now.value} hrefOf={(reference) => route.entityHref(reference)} />
          <Failures failures={inWindow(breaker, clock.now.value)} />
          <FactList facts={facts} actions={actions} reference={line.ref} />
          <h3>Opened and closed, the newest first</h3>
          {history.length === 0 ? (
            <p class="quiet">It has never changed its state.</p>
          ) : (
            <StepTable rows={history} caption={`What ${line.title} did, the newest first`} />
          )}
        </div>
        <MachineChart
          machine={line.machine}
          active={line.state.split(' ')}
          taken={history[0]?.taken ?? []}
          prefix={`${line.ref}-`}
          room={{ width: 420, height: 320 }}
        />
      </div>
    </article>
  );
}

function Holding({ holding }: Pick<BreakerView, 'holding'>) {
  const { machines } = useApp();
  if (holding === null || holding.count === 0) return null;
  const { machine, state, count } = holding;
  const plural = machines.value.find((summary) => summary.machine === machine)?.plural.toLowerCase() ?? machine;
  return (
    <p>
      Holds back{' '}
      <StateRef machine={machine} state={state}>
        <strong>{numberText(count)}</strong> {plural} in <code>{state}</code>
      </StateRef>
    </p>
  );
}

/** What the ticks of the window are, for reading: the newest first. */
function Failures({ failures }: Pick<BreakerView, 'failures'>) {
  if (failures.length === 0) return <p class="quiet">Nothing failed in the window.</p>;
  return (
    <details class="failures">
      <summary>{countText(failures.length, 'failure')} in the window</summary>
      <ul>
        {failures.toReversed().map(({ at, ref, text }, index) => (
          <li key={`${at}-${index}`}>
            <Age at={at} /> {ref && <Ref reference={ref} />} {text}
          </li>
        ))}
      </ul>
    </details>
  );
}
