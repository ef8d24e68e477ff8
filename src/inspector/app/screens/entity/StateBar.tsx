/** The bar over a timeline: a coloured stretch for each stay in a state, the places of the moment and of its twin. */
import { dateTimeText, durationText, leafName, timeText } from '../../words.ts';
import { BAR_WIDTH, type Bar, type Stretch } from './bar.ts';

const HEIGHT = 22;
/** Narrower stretches have no room for a name. */
const NAMED = BAR_WIDTH * 0.035;
const HUES = 8;

export type StateBarProps = {
  readonly bar: Bar;
  /** Index of the stop looked at; null when live. */
  readonly at: number | null;
  /** Index of the stop compared with. */
  readonly compare: number | null;
};

const percent = (place: number) => `${(place / BAR_WIDTH) * 100}%`;

/** Decoration for the eye: the slider beneath it and the table of steps say the same in words. */
export function StateBar({ bar, at, compare }: StateBarProps) {
  const [here, there] = [placeOf(bar, at), placeOf(bar, compare)];
  return (
    <svg class="state-bar" width="100%" height={HEIGHT} aria-hidden="true">
      <rect class="state-bar-ground" width="100%" height={HEIGHT} rx={5} />
      {bar.stretches.map((stretch) => (
        <StretchMark key={String(stretch.row)} stretch={stretch} />
      ))}
      {here !== null && there !== null && (
        <rect
          class="state-bar-between"
          x={percent(Math.min(here, there))}
          width={percent(Math.abs(here - there))}
          height={HEIGHT}
        />
      )}
      {there !== null && <line class="state-bar-twin" x1={percent(there)} x2={percent(there)} y2={HEIGHT} />}
      {here !== null && <line class="state-bar-here" x1={percent(here)} x2={percent(here)} y2={HEIGHT} />}
    </svg>
  );
}

const placeOf = (bar: Bar, index: number | null) => (index === null ? null : (bar.stops[index] ?? null));

function StretchMark({ stretch }: { readonly stretch: Stretch }) {
  const { state, from, to, startedAt, endedAt, cuts } = stretch;
  return (
    <svg x={percent(from)} width={percent(to - from)} height={HEIGHT}>
      <title>{`${state || 'not born'} · ${durationText(endedAt - startedAt)} · from ${dateTimeText(startedAt)}`}</title>
      <rect class={`state-bar-stretch hue-${hueOf(state)}`} x={0.5} y={3} width="100%" height={HEIGHT - 6} rx={3} />
      {to - from >= NAMED && (
        <text x={6} y={HEIGHT / 2 + 4}>
          {state.split(' ').map(leafName).join(' + ')}
        </text>
      )}
      {cuts.map((cut) => (
        <svg
          key={String(cut)}
          class="state-bar-cut"
          x={`${((cut - from) / (to - from)) * 100}%`}
          width={12}
          height={HEIGHT}
        >
          <title>{`A long wait, cut short: until ${timeText(endedAt)}`}</title>
          <path d={`M 3 ${HEIGHT} L 7 0 M 7 ${HEIGHT} L 11 0`} />
        </svg>
      ))}
    </svg>
  );
}

/** One colour for each state name, the same on every page. */
export function hueOf(state: string): number {
  let hash = 7;
  for (const character of state) hash = (hash * 31 + character.charCodeAt(0)) % 9973;
  return hash % HUES;
}
