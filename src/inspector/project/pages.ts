/** Pages of lists that lie in memory or are made of several lists: their cursors are plain positions. */
import { Refused } from '../../core/errors.ts';
import type { Paged } from '../contract.ts';

export const PAGE = 50;

/** The part of a list after a cursor that an earlier page gave. Refused `invalid` for one that is none. */
export function pageOf<Item, Shown>(
  items: readonly Item[],
  after: string | undefined,
  show: (item: Item) => Shown | null,
): Paged<Shown> {
  const start = offsetOf(after);
  const shown = items.slice(start, start + PAGE).flatMap((item) => show(item) ?? []);
  const end = start + PAGE;
  return { items: shown, next: end < items.length ? String(end) : null };
}

export function offsetOf(after: string | undefined): number {
  if (after === undefined) return 0;
  const offset = Number(after);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new Refused('invalid', `"${after}" is no cursor of this list: pass the "next" of the page before`);
}
