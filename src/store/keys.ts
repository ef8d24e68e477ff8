/**
 * What both stores agree on to the letter: keys of effects, cursors, bounds of lists, and which leaf a state covers.
 */
import { Bug, Refused } from '../core/errors.ts';
import type { EntityRef, Seq, StateId } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { LogFilter, Paged } from './port.ts';

/** The longest list that one read returns. */
export const listMax = 100_000;
/** How many log rows one read looks at when it filters by what no index serves: machine or type without an entity. */
export const logWindow = 100_000;

/** True for a filter of the log that no index serves. */
export function isScan({ entity, machine, type, by, text, taken }: LogFilter): boolean {
  return text !== undefined || by !== undefined || taken !== undefined || (!entity && (machine ?? type) !== undefined);
}

export type EffectPosition = { readonly seq: Seq; readonly index: number };
/** A cursor's parts: the sort key of the last row that was returned. */
export type CursorPart = string | number;

/** `machine/id#seq#index`. */
export function effectKey(entity: EntityRef, position: EffectPosition): string {
  return `${refText(entity)}#${position.seq}#${position.index}`;
}

const EFFECT_KEY = /^(.+)#(\d{1,15})#(\d{1,15})$/s;

/** True for what could be the key of an effect. */
export function isEffectKey(key: string): boolean {
  return EFFECT_KEY.test(key);
}

/** The entity and the position that an effect's key names. Throws a Bug: such keys come from the store alone. */
export function parseEffectKey(key: string): EffectPosition & { readonly entity: string } {
  const match = EFFECT_KEY.exec(key);
  if (!match) throw new Bug(`"${key}" is no key of an effect; keys look like machine/id#seq#index`);
  return { entity: match[1] as string, seq: Number(match[2]), index: Number(match[3]) };
}

/** True for the leaf itself and for every leaf below a compound state. */
export function covers(state: StateId, leaf: StateId): boolean {
  return leaf === state || leaf.startsWith(`${state}.`);
}

/** The names in "a b c"; none in an empty text. */
export function splitStates(text: string): readonly StateId[] {
  return text === '' ? [] : text.split(' ');
}

/** The limit when it is a whole number from 1 to {@link listMax}, else `Refused('invalid')`. */
export function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= listMax) return limit;
  throw new Refused('invalid', `the limit of a list is a whole number from 1 to ${listMax}, not ${limit}`);
}

/** Makes a page from up to `limit + 1` rows: the extra row only tells that there is a next page. */
export function paged<Row, Item>(
  rows: readonly Row[],
  limit: number,
  shape: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => readonly CursorPart[] },
): Paged<Item> {
  const items = rows.slice(0, limit).map(shape.item);
  const last = rows[limit - 1];
  return { items, next: rows.length > limit && last !== undefined ? cursorText(shape.cursor(last)) : null };
}

/** The parts of a page's cursor, `first` for the first page; `Refused('invalid')` when it is not one of ours. */
export function cursorParts<T extends readonly CursorPart[]>(text: string | undefined, first: T): T {
  if (text === undefined) return first;
  const parts = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  const fits =
    Array.isArray(parts) && parts.length === first.length && first.every((part, i) => typeof part === typeof parts[i]);
  if (!fits) throw new Refused('invalid', `"${text}" is no cursor of this list; pass the "next" of the page before`);
  return parts as unknown as T;
}

function cursorText(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
