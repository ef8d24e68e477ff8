/** Numbers, times and names as people read them. Pure, so that the server paints the same words as the browser. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const two = (value: number) => String(value).padStart(2, '0');

/** `38s`, `4m 12s`, `3h 05m`, `2d 4h`. Below zero counts as zero. */
export function durationText(ms: number): string {
  const left = Math.max(0, ms);
  if (left < MINUTE_MS) return `${Math.floor(left / SECOND_MS)}s`;
  if (left < HOUR_MS) return `${Math.floor(left / MINUTE_MS)}m ${two(Math.floor((left % MINUTE_MS) / SECOND_MS))}s`;
  if (left < DAY_MS) return `${Math.floor(left / HOUR_MS)}h ${two(Math.floor((left % HOUR_MS) / MINUTE_MS))}m`;
  return `${Math.floor(left / DAY_MS)}d ${Math.floor((left % DAY_MS) / HOUR_MS)}h`;
}

/** For what is short: `420 ms`, `1.3 s`, then as {@link durationText}. */
export function spanText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  return ms < MINUTE_MS ? `${(ms / SECOND_MS).toFixed(1)} s` : durationText(ms);
}

/** `14 minutes`, for ears. */
export function spokenDuration(ms: number): string {
  const units = [
    [DAY_MS, 'day'],
    [HOUR_MS, 'hour'],
    [MINUTE_MS, 'minute'],
    [SECOND_MS, 'second'],
  ] as const;
  const [unit, name] = units.find(([size]) => ms >= size) ?? [SECOND_MS, 'second'];
  return countText(Math.max(0, Math.floor(ms / unit)), name);
}

/** `1 timer`, `1,240 timers`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** `184,203`. */
export function numberText(value: number): string {
  const [whole = '', part] = String(value).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** `950`, `18k`, `1.2M`: for places that are narrow. */
export function shortNumber(value: number): string {
  if (value < 10_000) return numberText(value);
  if (value < 1_000_000) return `${Math.floor(value / 1000)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** `12:05:15`, in the reader's own time zone; with milliseconds on request. */
export function timeText(at: number, withMs = false): string {
  const date = new Date(at);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return withMs ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/** `2026-11-21 12:05:15`. */
export function dateTimeText(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeText(at)}`;
}

/** The id of a reference `machine/id`. */
export function idOf(reference: string): string {
  return reference.slice(reference.indexOf('/') + 1);
}

/** The machine of a reference `machine/id`. */
export function machineOf(reference: string): string {
  return reference.slice(0, reference.indexOf('/'));
}

/** The last part of a state's path: what its box says. */
export function leafName(state: string): string {
  return state.slice(state.lastIndexOf('.') + 1);
}

/** `in_progress.working` said aloud: "working, in progress". */
export function spokenState(state: string): string {
  return state
    .split('.')
    .reverse()
    .map((part) =>
      part.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`),
    )
    .join(', ');
}
