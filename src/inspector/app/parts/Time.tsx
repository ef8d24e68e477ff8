/** Times that tick: one shared clock moves every age and countdown of the page. */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { Tone } from '../../contract.ts';
import { useApp } from '../app.ts';
import { dateTimeText, durationText, timeText } from '../words.ts';

type At = { readonly at: number; readonly tone?: Tone | undefined };

const iso = (at: number) => new Date(at).toISOString();

/** How long ago: `4m 12s`. */
export function Age({ at, tone }: At) {
  const { clock } = useApp();
  const instant = useLatest(at);
  const text = useComputed(() => durationText(clock.now.value - instant.value));
  return (
    <time class={tone && `tone-${tone}`} dateTime={iso(at)} title={dateTimeText(at)}>
      {text}
    </time>
  );
}

/** How long still: `in 3m 20s`, or `14s overdue`. */
export function Until({ at, tone = 'time' }: At) {
  const { clock } = useApp();
  const instant = useLatest(at);
  const left = useComputed(() => {
    const ms = instant.value - clock.now.value;
    return ms >= 0 ? `in ${durationText(ms)}` : `${durationText(-ms)} overdue`;
  });
  const isLate = useComputed(() => instant.value < clock.now.value - 1000);
  return (
    <time class={`tone-${isLate.value ? 'danger' : tone}`} dateTime={iso(at)} title={dateTimeText(at)}>
      {left}
    </time>
  );
}

/** A property as a signal: what is computed from it is right at once when it changes, not at the next tick. */
function useLatest(value: number): ReadonlySignal<number> {
  const latest = useSignal(value);
  latest.value = value;
  return latest;
}

/** The time of day, in the reader's time zone, with the date where the pointer rests. */
export function TimeOfDay({ at, withMs = false }: { at: number; withMs?: boolean }) {
  return (
    <time class="code" dateTime={iso(at)} title={dateTimeText(at)}>
      {timeText(at, withMs)}
    </time>
  );
}
