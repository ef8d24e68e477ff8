/** The timeline of an entity: the bar, the slider through time over it, and every step as a row, the oldest first. */
import { useMemo } from 'preact/hooks';
import type { LogLine } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { useKeys } from '../../keys.ts';
import { KeyHint } from '../../parts/KeyHint.tsx';
import { ErrorState, Skeleton } from '../../parts/States.tsx';
import { countText, numberText, timeText } from '../../words.ts';
import { layBar } from './bar.ts';
import { Slider } from './Slider.tsx';
import { StateBar } from './StateBar.tsx';
import { StepRows } from './StepRows.tsx';
import './timeline.css';
import { arrived, indexOf, isFailure, LIVE, MOVE_KEYS, type Move, moved, type Travel } from './travel.ts';
import type { Timeline as TimelineState } from './useTimeline.ts';

export type TimelineProps = {
  readonly timeline: TimelineState;
  readonly travel: Travel;
  readonly onTravel: (travel: Travel) => void;
  /** The keys are for the timeline in front: of the front drawer, else of the page. */
  readonly isInFront: boolean;
};

export function Timeline({ timeline, travel, onTravel, isInFront }: TimelineProps) {
  const { rows, problem, earlier } = timeline;
  if (rows === null) return problem ? <ErrorState problem={problem} /> : <Skeleton rows={4} />;
  return (
    <section class="timeline" aria-label="Timeline">
      <Head {...{ rows, earlier, travel, onTravel, isInFront }} onEarlier={timeline.loadEarlier} />
      <TravelBar {...{ rows, travel, onTravel }} />
      <StepRows
        rows={rows}
        at={travel.at}
        compare={travel.compare}
        onChoose={(index, keep) => onTravel(arrived({ rows, travel }, index, keep))}
      />
    </section>
  );
}

type PartProps = {
  readonly rows: readonly LogLine[];
  readonly travel: Travel;
  readonly onTravel: (travel: Travel) => void;
};

function TravelBar({ rows, travel, onTravel }: PartProps) {
  const { clock } = useApp();
  // The last stay grows: the bar is laid again when a step comes and each quarter of a minute, not with each tick.
  const now = Math.ceil(clock.now.value / 15_000) * 15_000;
  const bar = useMemo(() => layBar(rows, now), [rows, now]);
  const stop = (seq: number | null) => (seq === null ? null : indexOf(rows, seq));
  return (
    <div class="travel-bar">
      <StateBar bar={bar} at={stop(travel.at)} compare={stop(travel.compare)} />
      <Slider {...{ rows, bar, travel, onTravel }} />
    </div>
  );
}

type HeadProps = PartProps & {
  readonly earlier: number;
  readonly onEarlier: () => Promise<void>;
  readonly isInFront: boolean;
};

function Head({ rows, earlier, travel, onTravel, onEarlier, isInFront }: HeadProps) {
  const app = useApp();
  const go = (move: Move) => (event: MouseEvent | KeyboardEvent) =>
    onTravel(moved({ rows, travel }, move, event.shiftKey && move !== 'live' && move !== 'failure'));
  // In a drawer that key goes on to the next thing that needs somebody, which is how most drawers were opened.
  const isOwnFailure = rows.some(isFailure) && app.route.drawers.value.length === 0;
  const keys = Object.entries(MOVE_KEYS).filter(([, move]) => move !== 'failure' || isOwnFailure);
  useKeys(isInFront ? Object.fromEntries(keys.map(([key, move]) => [key, go(move)])) : {});
  const [first, last] = [rows[0], rows.at(-1)];
  const failures = rows.filter(isFailure).length;
  return (
    <header class="timeline-head">
      <h2>Timeline</h2>
      <span class="muted">
        {countText(rows.length + earlier, 'step')}, the oldest first
        {first && last && ` · ${timeText(first.at)} → ${timeText(last.at)}`} · long waits cut short
      </span>
      {earlier > 0 && (
        <button type="button" class="button small" onClick={onEarlier}>
          {numberText(earlier)} earlier
        </button>
      )}
      <span class="timeline-keys">
        <MoveButton keys="←" label="Step back" onClick={go('back')} />
        <MoveButton keys="→" label="Step on" onClick={go('forward')} />
        {failures > 0 && (
          <MoveButton keys="." label={`Next of ${countText(failures, 'failure')}`} onClick={go('failure')} />
        )}
        <button type="button" class="button small" disabled={travel.at === null} onClick={() => onTravel(LIVE)}>
          Live <KeyHint keys="L" />
        </button>
      </span>
    </header>
  );
}

type MoveButtonProps = { readonly keys: string; readonly label: string; readonly onClick: (event: MouseEvent) => void };

function MoveButton({ keys, label, onClick }: MoveButtonProps) {
  return (
    <button
      type="button"
      class="button small"
      title={`${label}; with Shift: compare`}
      aria-label={label}
      onClick={onClick}
    >
      <kbd>{keys}</kbd>
    </button>
  );
}
