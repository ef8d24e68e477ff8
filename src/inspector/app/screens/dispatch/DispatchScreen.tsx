/** Work outside that was asked for: what runs, is due, waits for its next try, or is stuck; and how to free it. */
import { useRef } from 'preact/hooks';
import type { EffectLine, OutboxGroup, OutboxView } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { usePages } from '../../hooks.ts';
import { EmptyState } from '../../parts/States.tsx';
import { type Choice, Tabs } from '../../parts/Tabs.tsx';
import { paths } from '../../paths.ts';
import { numberText } from '../../words.ts';
import { Listing } from '../Listing.tsx';
import { ScreenHead } from '../ScreenHead.tsx';
import { AttemptsPanel } from './AttemptsPanel.tsx';
import './dispatch.css';
import { EffectTable } from './EffectTable.tsx';
import { ReasonsPanel } from './ReasonsPanel.tsx';

const GROUPS: readonly { readonly group: OutboxGroup; readonly label: string; readonly empty: string }[] = [
  {
    group: 'stuck',
    label: 'Stuck',
    empty: 'An effect comes here when all its tries failed, or when nobody answers for it. Nothing is stuck.',
  },
  {
    group: 'waiting',
    label: 'Waiting',
    empty: 'An effect that failed waits here for its next try. None does.',
  },
  { group: 'due', label: 'Due', empty: 'An effect stands here from its commit until a hand takes it. None does.' },
  { group: 'running', label: 'Running', empty: 'What hands work on at this moment stands here. They are idle.' },
  { group: 'settled', label: 'Settled', empty: 'Effects that were done or became needless are kept here for a while.' },
];

export function DispatchScreen() {
  const { route, overview } = useApp();
  // Decided once: a page must not turn to another tab while it is read.
  const first = useRef<OutboxGroup>((overview.value.peek()?.effectsStuck ?? 0) > 0 ? 'stuck' : 'running');
  const chosen = GROUPS.find(({ group }) => group === route.setting('group'))?.group ?? first.current;
  const pages = usePages<EffectLine, OutboxView>({
    path: (after) => paths.outbox(chosen, after),
    pick: ({ lines }) => lines,
    keyOf: ({ key }) => key,
  });
  return (
    <div class="screen dispatch-screen">
      <ScreenHead
        title="Dispatch"
        about="Work outside that the charts asked for: starts, stops, merges. The next to move first."
      />
      <Listing pages={pages}>
        {(view) => (
          <>
            <AttemptsPanel attempts={view.attempts} />
            <ReasonsPanel reasons={view.reasons} />
            <Tabs
              label="Groups of effects"
              choices={choicesOf(view)}
              chosen={chosen}
              onChoose={(group) => route.set({ group })}
            >
              {pages.items.length === 0 ? (
                <EmptyState title={`Nothing ${wordOf(chosen)}`}>
                  {GROUPS.find(({ group }) => group === chosen)?.empty}
                </EmptyState>
              ) : (
                <EffectTable
                  group={chosen}
                  items={pages.items}
                  hasMore={pages.hasMore}
                  onMore={() => void pages.more()}
                />
              )}
            </Tabs>
          </>
        )}
      </Listing>
    </div>
  );
}

const wordOf = (group: OutboxGroup) =>
  group === 'running' ? 'is running' : group === 'waiting' ? 'waits' : `is ${group}`;

function choicesOf({ counts }: OutboxView): readonly Choice<OutboxGroup>[] {
  return GROUPS.map(({ group, label }) => ({
    key: group,
    label: (
      <>
        {label}{' '}
        <span class={`count${group === 'stuck' && counts.stuck > 0 ? ' tone-danger' : ''}`}>
          {numberText(counts[group])}
        </span>
      </>
    ),
  }));
}
