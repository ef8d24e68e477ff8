/** A machine: its chart with everybody in it, live or as of a moment; the same as an outline and as a table. */
import './machine.css';
import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { MachineView } from '../../../contract.ts';
import { useAnswer, useApp } from '../../app.ts';
import type { HeatName } from '../../chart/heat.ts';
import { useSteady } from '../../chart/use-steady.ts';
import { placesOf } from '../../counts.ts';
import { ofMachine } from '../../hooks.ts';
import { Answered } from '../../parts/Answered.tsx';
import { Switch } from '../../parts/Tabs.tsx';
import { paths } from '../../paths.ts';
import type { ScreenProps } from '../../screens.ts';
import { countText, numberText } from '../../words.ts';
import { AsOfBand } from './AsOfBand.tsx';
import { useAsOf } from './as-of.ts';
import { HeatChart } from './HeatChart.tsx';
import { MachineOutline } from './MachineOutline.tsx';
import { StateTable } from './StateTable.tsx';

export function MachineScreen({ reference: machine }: ScreenProps) {
  const concerns = useMemo(() => ofMachine(machine), [machine]);
  const answer = useAnswer(paths.machine(machine), concerns);
  return <Answered answer={answer}>{(view) => <Machine view={view} />}</Answered>;
}

const VIEWS = [
  { key: 'chart', label: 'Chart' },
  { key: 'outline', label: 'Outline' },
  { key: 'table', label: 'Table' },
] as const;
type ViewName = (typeof VIEWS)[number]['key'];

const HEATS = [
  { key: 'counts', label: 'Counts', hint: 'How many stand in each state' },
  { key: 'dwell', label: 'Dwell', hint: 'Warmer: entities stay longer' },
  { key: 'failures', label: 'Failures', hint: 'Warmer: more went wrong from here' },
] as const;

function Machine({ view: fetched }: { view: MachineView }) {
  const view = useSteady(fetched);
  const { live, route } = useApp();
  const { machine, label, plural, counts, total } = view.summary;
  const asOf = useAsOf(machine);
  const places = useComputed(() => asOf.places.value ?? live.counts.value.get(machine)?.places ?? placesOf(counts));
  const chosen = route.setting('view');
  const viewName = (VIEWS.find(({ key }) => key === chosen)?.key ?? 'chart') as ViewName;
  const heat = (HEATS.find(({ key }) => key === route.setting('heat'))?.key ?? 'counts') as HeatName;
  const inPast = asOf.isOn.value;
  return (
    <div class={`screen machine${inPast ? ' past' : ''}`} data-view={viewName}>
      <header class="screen-head">
        <h1>{plural}</h1>
        <Switch
          label="Time"
          choices={[
            { key: 'live', label: 'Live' },
            { key: 'past', label: 'As of…', hint: 'Look back: the same chart as it was' },
          ]}
          chosen={inPast ? 'past' : 'live'}
          onChoose={(key) => (key === 'past' ? asOf.enter() : asOf.leave())}
        />
        <Switch
          label="View"
          choices={VIEWS}
          chosen={viewName}
          onChoose={(key) => route.set({ view: key === 'chart' ? null : key })}
        />
        <span class="heat-switch">
          <Switch
            label="Shown on states"
            choices={HEATS}
            chosen={heat}
            onChoose={(key) => route.set({ heat: key === 'counts' ? null : key })}
          />
        </span>
        <span class="spring" />
        <Facts view={view} />
      </header>
      {viewName === 'chart' && (
        <>
          <HeatChart view={view} places={places} heat={heat} isLive={!inPast} taken={asOf.taken.value} />
          {/* Where a picture has no room, the outline stands in its place. */}
          {chosen === '' && <MachineOutline view={view} places={places} isStandIn />}
        </>
      )}
      {viewName === 'outline' && <MachineOutline view={view} places={places} />}
      {viewName === 'table' && <StateTable view={view} places={places} />}
      {total === 0 && !inPast && <NobodyHere label={label} />}
      {inPast && <AsOfBand asOf={asOf} />}
    </div>
  );
}

function NobodyHere({ label }: { label: string }) {
  return (
    <p class="machine-empty muted">
      No {label.toLowerCase()} exists yet. It appears here with the first event that makes one.
    </p>
  );
}

function Facts({ view }: { view: MachineView }) {
  const { chart, versions, summary } = view;
  const old = versions.filter(({ current }) => !current);
  const states = chart.nodes.length - 1;
  return (
    <span class="machine-facts muted">
      {numberText(summary.total)} here · {countText(states, 'state')} · {countText(chart.edges.length, 'transition')}
      {old.length > 0 && (
        <details class="versions">
          <summary>{countText(old.length, 'older version')}</summary>
          <ul>
            {versions.map(({ hash, entities, current }) => (
              <li key={hash}>
                <code>{hash.slice(0, 12)}</code> {countText(entities, 'entity', 'entities')}
                {current && ' · in use'}
              </li>
            ))}
            <li class="versions-note">
              Of an older version its fingerprint and settings are kept, not its chart: it can not be drawn. With its
              next event an entity is in the version in use.
            </li>
          </ul>
        </details>
      )}
    </span>
  );
}
