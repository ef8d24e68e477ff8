/** The overview: one sentence, what needs a person and what to press, then everything at a glance. */
import './overview.css';
import type { MachineSummary, OverviewView } from '../../../contract.ts';
import { useAnswer } from '../../app.ts';
import { Answered } from '../../parts/Answered.tsx';
import { Mark } from '../../parts/Mark.tsx';
import { PageLink } from '../../parts/Ref.tsx';
import { ScreenPlace } from '../../parts/ScreenPlace.tsx';
import { EmptyState, Skeleton } from '../../parts/States.tsx';
import { paths } from '../../paths.ts';
import type { ScreenProps } from '../../screens.ts';
import { numberText } from '../../words.ts';
import { Grid } from './Grid.tsx';
import { NeedsYouList } from './NeedsYouList.tsx';
import { Sparks } from './Sparks.tsx';
import { Strip } from './Strip.tsx';
import { Waves } from './Waves.tsx';

export function OverviewScreen(_: ScreenProps) {
  const answer = useAnswer(paths.overview());
  return (
    <div class="screen overview">
      <Answered answer={answer} skeleton={<Skeleton rows={14} />}>
        {(view) => <Overview view={view} />}
      </Answered>
    </div>
  );
}

function Overview({ view }: { view: OverviewView }) {
  const { sentence, needsYou, machines, sparks, word } = view;
  const there = machines.filter(({ total }) => total > 0);
  const isEmpty = there.length === 0;
  const isCalm = needsYou.total === 0;
  return (
    <>
      <header class={`headline ${isCalm ? 'calm' : 'needy'}`}>
        <h1>
          <Mark tone={isCalm ? 'ok' : 'warn'} /> {isEmpty ? `This ${word} is empty` : sentence}
        </h1>
      </header>
      {isEmpty && <FirstSteps word={word} />}
      {!isCalm && <NeedsYouList items={needsYou.items} total={needsYou.total} />}
      {!isEmpty && <Sparks series={sparks} />}
      {there
        .filter(({ form }) => form === 'grid' || form === 'waves')
        .map((summary) => (
          <MachineSection key={summary.machine} view={view} summary={summary} />
        ))}
      <div class="overview-lists">
        {there
          .filter(({ form }) => form === 'list')
          .map((summary) => (
            <MachineSection key={summary.machine} view={view} summary={summary} />
          ))}
      </div>
      <Thumbnails machines={machines} />
    </>
  );
}

function MachineSection({ view, summary }: { view: OverviewView; summary: MachineSummary }) {
  const { machine, plural, total, form } = summary;
  const grid = view.grids.find((other) => other.machine === machine);
  const waves = view.waves.find((other) => other.machine === machine);
  return (
    <section class={`overview-machine form-${form}`} aria-label={plural}>
      <h2>
        <PageLink to={`machines/${encodeURIComponent(machine)}`}>{plural}</PageLink>{' '}
        <span class="muted">{numberText(total)}</span>
      </h2>
      <Strip summary={summary} />
      {grid && <Grid lines={grid.lines} more={grid.more} machine={machine} isDense={form === 'grid'} />}
      {waves && <Waves {...waves} />}
    </section>
  );
}

/**
 * Every machine as a small chart with everybody in it. They come after the first paint: the page reads without them.
 */
function Thumbnails({ machines }: { machines: readonly MachineSummary[] }) {
  return (
    <section class="overview-machine" aria-label="Charts">
      <h2>Charts</h2>
      <ul class="thumbnails">
        {machines.map(({ machine, plural, total }) => (
          <li key={machine} class="thumbnail">
            <h3>
              <PageLink to={`machines/${encodeURIComponent(machine)}`}>{plural}</PageLink>{' '}
              <span class="muted">{numberText(total)}</span>
            </h3>
            <ScreenPlace name="thumbnail" reference={machine} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function FirstSteps({ word }: { word: string }) {
  return (
    <EmptyState title="Nothing has happened yet.">
      Everything in this {word} is an event to an entity. Send the first one by <code>POST</code> to its API, or from
      its command line: whatever it makes stands here at once, without a reload.
    </EmptyState>
  );
}
