/** The navigation: every page, with counts that move; and the states in which somebody waits for a person. */
import type { ComponentChildren } from 'preact';
import type { MachineSummary } from '../../contract.ts';
import { useApp } from '../app.ts';
import { countWithin } from '../counts.ts';
import { begun } from '../keys.ts';
import { KeyHint } from '../parts/KeyHint.tsx';
import { StateRef } from '../parts/Ref.tsx';
import { leafName, shortNumber } from '../words.ts';

export function Nav() {
  const { overview, machines } = useApp();
  const view = overview.value.value;
  const stuck = view?.effectsStuck ?? 0;
  const overdue = view?.timersOverdue ?? 0;
  return (
    <nav id="nav" class="nav" aria-label="Pages" data-keys={begun.value === 'g' ? 'shown' : undefined}>
      <Entry to="" keys="g h" label="Overview">
        {view && view.needsYou.total > 0 && <Count value={view.needsYou.total} isBad />}
      </Entry>
      <h2>Machines</h2>
      {machines.value.map((summary) => (
        <MachineEntry key={summary.machine} summary={summary} />
      ))}
      <h2>Engine</h2>
      <Entry to="timers" keys="g t" label="Timers">
        {overdue > 0 && <Count value={overdue} isBad word="overdue" />}
      </Entry>
      <Entry to="dispatch" keys="g o" label="Dispatch">
        {stuck > 0 && <Count value={stuck} isBad word="stuck" />}
      </Entry>
      <Entry to="breakers" keys="g b" label="Breakers" />
      <Entry to="log" keys="g l" label="Log" />
      <Entry to="metrics" keys="g s" label="Metrics" />
      <NeedsYou />
    </nav>
  );
}

type EntryProps = { to: string; label: string; keys?: string; children?: ComponentChildren };

function Entry({ to, label, keys, children }: EntryProps) {
  const { route } = useApp();
  const isHere = route.path.value === `/${to}`;
  return (
    <a class="nav-entry" href={route.href(to)} aria-current={isHere ? 'page' : undefined}>
      <span>{label}</span>
      {keys && <KeyHint keys={keys} />}
      {children}
    </a>
  );
}

function Count({ value, isBad, word }: { value: number; isBad?: boolean; word?: string }) {
  return (
    <span class={`count${isBad ? ' bad' : ''}`}>
      {shortNumber(value)}
      {word && ` ${word}`}
    </span>
  );
}

function MachineEntry({ summary }: { summary: MachineSummary }) {
  const { machine, plural, attention } = summary;
  const { total, waiting } = useTotals(summary, attention);
  return (
    <Entry to={`machines/${encodeURIComponent(machine)}`} label={plural}>
      {waiting > 0 && (
        <span class="count bad" title={`${waiting} in a state that needs a person`}>
          ▲ {shortNumber(waiting)}
        </span>
      )}
      <Count value={total} />
    </Entry>
  );
}

/** Waiting entities as the stream has them now; the total as the last answer told it. */
function useTotals(summary: MachineSummary, states: readonly string[]) {
  const places = useApp().live.counts.value.get(summary.machine)?.places;
  const told = new Map(summary.counts.map(({ state, count }) => [state, { count, oldestSince: 0 }]));
  const waiting = states.reduce((sum, state) => sum + countWithin(places ?? told, state), 0);
  return { total: summary.total, waiting };
}

function NeedsYou() {
  const { machines, live } = useApp();
  const waiting = machines.value.flatMap(({ machine, label, attention, counts }) => {
    const places = live.counts.value.get(machine)?.places;
    return attention
      .map((state) => ({ state, machine, label, count: places ? countWithin(places, state) : countIn(counts, state) }))
      .filter(({ count }) => count > 0);
  });
  if (waiting.length === 0) return null;
  return (
    <>
      <h2>Needs you</h2>
      {waiting.map(({ state, machine, label, count }) => (
        <StateRef key={`${machine}/${state}`} machine={machine} state={state}>
          <span class="nav-entry">
            <span>
              {label} {leafName(state)}
            </span>
            <Count value={count} isBad />
          </span>
        </StateRef>
      ))}
    </>
  );
}

const countIn = (counts: MachineSummary['counts'], state: string) =>
  counts.find((other) => other.state === state)?.count ?? 0;
