/** Where the arrow keys lead from a state: along the edges, in document order. */
import { type Chart, rootId } from '../../core/chart.ts';
import type { Layout } from '../contract.ts';

export type Neighbours = {
  /** States that a line of this one leads to. */
  readonly next: readonly string[];
  /** States that a line leads here from. */
  readonly previous: readonly string[];
  /** The states before and after it in the document, rows included; null at the ends. */
  readonly above: string | null;
  readonly below: string | null;
};

/** Of a state that the layout shows as a box or as a row; a row has the lines of its box. */
export function neighboursOf(chart: Chart, layout: Layout, state: string): Neighbours {
  const rows = new Map(layout.boxes.flatMap((box) => box.rows.map((row) => [row.state, box.state] as const)));
  const shown = new Set([...layout.boxes.map((box) => box.state), ...rows.keys()]);
  shown.delete(rootId);
  const order = chart.nodes.map(({ id }) => id).filter((id) => shown.has(id));
  const box = rows.get(state) ?? state;
  const place = order.indexOf(state);
  const inOrder = (states: readonly (string | null)[]) => order.filter((id) => id !== state && states.includes(id));
  return {
    next: inOrder(layout.lines.filter(({ from }) => from === box).map(({ to }) => to)),
    previous: inOrder(layout.lines.filter(({ to }) => to === box).map(({ from }) => from)),
    above: place > 0 ? (order[place - 1] ?? null) : null,
    below: place >= 0 ? (order[place + 1] ?? null) : null,
  };
}
