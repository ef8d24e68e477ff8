/** An entity: what it is and waits for, its chart, what may be pressed, its timeline; now, or as it was at a moment. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { EntityPage } from '../../../contract.ts';
import { useAnswer, useApp } from '../../app.ts';
import { ofEntity } from '../../hooks.ts';
import { Answered } from '../../parts/Answered.tsx';
import { type Choice, Tabs } from '../../parts/Tabs.tsx';
import { paths } from '../../paths.ts';
import { AsOf } from './AsOf.tsx';
import { AttemptsTab } from './AttemptsTab.tsx';
import { ContextTab } from './ContextTab.tsx';
import './entity.css';
import { EntityHead } from './EntityHead.tsx';
import { EntitySide } from './EntitySide.tsx';
import { LinksTab } from './LinksTab.tsx';
import { OutputTab } from './OutputTab.tsx';
import { RawTab } from './RawTab.tsx';
import { StateTab } from './StateTab.tsx';
import { type Seen, seenOf } from './seen.ts';
import { Timeline } from './Timeline.tsx';
import { useMoment, useTimeline, useTravel } from './useTimeline.ts';
import { WhyTab } from './WhyTab.tsx';

/** Leases move heartbeats without a row in the log, so the page is asked for again now and then. */
const REFETCH_MS = 10_000;

export type EntityViewProps = {
  readonly reference: string;
  /** In a drawer it keeps tab and moment to itself; a page has them in its address. */
  readonly isDrawer: boolean;
};

type TabName = 'state' | 'output' | 'context' | 'attempts' | 'why' | 'links' | 'raw';

export function EntityView({ reference, isDrawer }: EntityViewProps) {
  const answer = useAnswer(paths.entity(reference), ofEntity(reference));
  const timeline = useTimeline(reference);
  const [travel, setTravel] = useTravel(isDrawer);
  const then = useMoment(reference, travel.at);
  const front = useApp().route.drawers.value.at(-1);
  const isInFront = isDrawer ? front?.kind === 'entity' && front.reference === reference : front === undefined;
  useEffect(() => {
    const timer = setInterval(() => void answer.refetch(), REFETCH_MS);
    return () => clearInterval(timer);
  }, [answer]);
  return (
    <Answered answer={answer}>
      {(page) => {
        const seen = seenOf({ page, timeline, travel, then });
        return (
          <div class={`entity${isDrawer ? ' is-narrow' : ''}${seen.row === null ? '' : ' is-past'}`}>
            <AsOf seen={seen} onTravel={setTravel} />
            {!isDrawer && <EntityHead page={page} row={seen.row} />}
            <Body {...{ seen, isDrawer }} />
            <Timeline timeline={timeline} travel={travel} onTravel={setTravel} isInFront={isInFront} />
          </div>
        );
      }}
    </Answered>
  );
}

function Body({ seen, isDrawer }: { readonly seen: Seen; readonly isDrawer: boolean }) {
  const { page } = seen;
  const [tab, setTab] = useTab(isDrawer);
  const choices = tabsOf(page, isDrawer);
  const chosen = choices.find(({ key }) => key === tab)?.key ?? 'state';
  return (
    <div class="entity-body">
      <div class="entity-main">
        {isDrawer && <EntityHead page={page} row={seen.row} isInDrawer />}
        {isDrawer && <EntitySide seen={seen} isDrawer />}
        <Tabs label="About it" choices={choices} chosen={chosen} onChoose={setTab}>
          <Tab name={chosen} seen={seen} isDrawer={isDrawer} />
        </Tabs>
      </div>
      {!isDrawer && (
        <aside class="entity-side" aria-label="Facts and actions">
          <EntitySide seen={seen} isDrawer={false} />
        </aside>
      )}
    </div>
  );
}

function useTab(isDrawer: boolean): readonly [string, (tab: TabName) => void] {
  const { route } = useApp();
  const own = useSignal<string>('state');
  if (isDrawer) return [own.value, (tab) => (own.value = tab)];
  return [route.setting('tab', 'state'), (tab) => route.set({ tab: tab === 'state' ? null : tab })];
}

function tabsOf({ attempts, effects, why, links, texts }: EntityPage, isDrawer: boolean): readonly Choice<TabName>[] {
  const counted = (word: string, count: number) => (
    <>
      {word} {count > 0 && <span class="count">{count}</span>}
    </>
  );
  const failed = attempts.filter(({ tone }) => tone === 'danger').length;
  return [
    { key: 'state', label: 'State' },
    ...(texts.some(({ isLive }) => isLive) ? [{ key: 'output' as const, label: 'Output' }] : []),
    { key: 'context', label: 'Context' },
    {
      key: 'attempts',
      label: counted(isDrawer ? 'Attempts' : 'Attempts & effects', attempts.length + effects.length),
      ...(failed > 0 && { hint: `${failed} failed` }),
    },
    ...(why === null ? [] : [{ key: 'why' as const, label: 'Why' }]),
    { key: 'links', label: counted('Links', links.length) },
    { key: 'raw', label: 'Raw' },
  ];
}

function Tab({ name, seen, isDrawer }: { readonly name: TabName; readonly seen: Seen; readonly isDrawer: boolean }) {
  switch (name) {
    case 'state':
      return <StateTab seen={seen} isDrawer={isDrawer} />;
    case 'output':
      return <OutputTab page={seen.page} />;
    case 'context':
      return <ContextTab seen={seen} />;
    case 'attempts':
      return <AttemptsTab seen={seen} />;
    case 'why':
      return <WhyTab why={seen.page.why} isPast={seen.row !== null} />;
    case 'links':
      return <LinksTab page={seen.page} />;
    case 'raw':
      return <RawTab seen={seen} />;
  }
}
