/** The slider through time: a real range input over the bar, that stops at steps only. */
import type { LogLine } from '../../../contract.ts';
import { timeText } from '../../words.ts';
import { eventText } from '../cells.tsx';
import { BAR_WIDTH, type Bar, nearestStop } from './bar.ts';
import { arrived, indexOf, MOVE_KEYS, moved, type Travel } from './travel.ts';

export type SliderProps = {
  readonly rows: readonly LogLine[];
  readonly bar: Bar;
  readonly travel: Travel;
  readonly onTravel: (travel: Travel) => void;
};

/** What a screen reader says of a stop: "step 6 of 7, 12:05:15, DISPATCH.ACCEPTED". */
export function stopText(rows: readonly LogLine[], index: number): string {
  const row = rows[index];
  if (!row) return `live, after step ${rows.length} of ${rows.length}`;
  return `step ${index + 1} of ${rows.length}, ${timeText(row.at)}, ${eventText(row.event)}`;
}

/** The stop that a place means, given where the thumb was: a nudge too small for the next stop still goes there. */
export function stopFor(stops: readonly number[], place: number, was: number): number {
  const nearest = nearestStop(stops, place);
  if (nearest !== was) return nearest;
  const step = Math.sign(place - (stops[was] ?? place));
  return Math.min(stops.length - 1, Math.max(0, was + step));
}

export function Slider({ rows, bar, travel, onTravel }: SliderProps) {
  const here = indexOf(rows, travel.at);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVE_KEYS[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    onTravel(moved({ rows, travel }, move, event.shiftKey && move !== 'live'));
  };
  const onInput = (event: Event) => {
    const place = Number((event.currentTarget as HTMLInputElement).value);
    onTravel(arrived({ rows, travel }, stopFor(bar.stops, place, here)));
  };
  return (
    <input
      class="time-slider"
      type="range"
      min={0}
      max={BAR_WIDTH}
      step="any"
      value={bar.stops[here] ?? BAR_WIDTH}
      aria-label="Moment in time"
      aria-valuetext={stopText(rows, here)}
      disabled={rows.length === 0}
      onInput={onInput}
      onKeyDown={onKeyDown}
    />
  );
}
