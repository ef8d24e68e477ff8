/** Which rows of a long list are in sight: rows of one height, so that a scroll position is arithmetic. */

export type RowWindow = {
  readonly first: number;
  /** Index after the last row to draw. */
  readonly end: number;
  /** Height in px of what is not drawn above and below. */
  readonly above: number;
  readonly below: number;
};

/** Rows drawn beyond the edges, so that a quick scroll shows rows and not paper. */
const MARGIN = 12;

export type Viewport = { readonly scrollTop: number; readonly height: number; readonly rowHeight: number };

export function rowsInSight(count: number, { scrollTop, height, rowHeight }: Viewport): RowWindow {
  const last = Math.max(0, count - Math.ceil(height / rowHeight));
  const top = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight)), last);
  const first = Math.max(0, top - MARGIN);
  const end = Math.min(count, top + Math.ceil(height / rowHeight) + MARGIN);
  return { first, end, above: first * rowHeight, below: (count - end) * rowHeight };
}
