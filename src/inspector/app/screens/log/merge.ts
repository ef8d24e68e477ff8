/** Pages of rows put together by their place in the log: what came live above, what was asked for below. */

type Placed = { readonly seq: number };

/** Rows without a hole between them, the newest first, and the cursor of what is below; null: nothing is. */
export type Rows<T extends Placed> = { readonly rows: readonly T[]; readonly next: string | null };

/**
 * Takes a fresh page of the newest rows. Where it does not reach down to what is known, there may be rows between that
 * nobody fetched: then what is known is let go, because a list with a hidden hole lies.
 */
export function withNewest<T extends Placed>(known: Rows<T>, fresh: Rows<T>): Rows<T> {
  const bottom = fresh.rows.at(-1)?.seq;
  const top = known.rows[0]?.seq;
  if (bottom === undefined || top === undefined || fresh.next === null || bottom > top) return fresh;
  return { rows: [...fresh.rows, ...known.rows.filter(({ seq }) => seq < bottom)], next: known.next };
}

/** Takes the page that follows what is known. */
export function withOlder<T extends Placed>(known: Rows<T>, older: Rows<T>): Rows<T> {
  const bottom = known.rows.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
  return { rows: [...known.rows, ...older.rows.filter(({ seq }) => seq < bottom)], next: older.next };
}
