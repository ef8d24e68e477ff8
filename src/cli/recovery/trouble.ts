/** The words that the readers of rows share: what trouble is, and how an event's parts are read. */
import type { EngineEvent } from '../../core/types.ts';

/** `trouble`: the charts are at it. `mended`: it is over. `lost`: only a person can change it. */
export type Tone = 'trouble' | 'mended' | 'lost';

/** What one row says of trouble; `answer` is null where the states that follow say it. */
export type Trouble = { readonly happened: string; readonly answer: string | null; readonly tone?: Tone };

/** The name of the delay whose timer this is; null for any other event. */
export function delayOf({ type }: EngineEvent): string | null {
  return type.startsWith('xstate.after.') ? (type.split('.')[2] ?? null) : null;
}

/** A text of an event, or what to say when it has none. */
export function said(event: EngineEvent, field: string, otherwise: string): string {
  const value = event[field];
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
