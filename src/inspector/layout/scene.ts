/**
 * What a picture of a chart shows before it has coordinates: the boxes, the lines between them with their labels, and
 * how large each is. Edges that lead from one box to another share one line.
 */
import { type Chart, type ChartEdge, type ChartNode, rootId } from '../../core/chart.ts';
import { Family, nameOf } from '../draw/family.ts';
import { isBrief } from '../draw/level.ts';
import { boxTexts, lineTexts, metrics, type TextLine, textWidth } from '../draw/texts.ts';

export type SceneBox = {
  readonly state: string;
  readonly parent: string | null;
  /** The child that a drawn inside begins in. */
  readonly initial: string | null;
  readonly open: boolean;
  readonly collapsed: boolean;
  /** Of a closed box the whole, of an open one the least. */
  readonly width: number;
  readonly height: number;
  /** The leaf states of a collapsed box, with places relative to it. */
  readonly rows: readonly SceneRow[];
  readonly inside: readonly string[];
};
export type SceneRow = {
  readonly state: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type SceneLine = {
  readonly from: string;
  readonly to: string;
  readonly edges: readonly string[];
  readonly width: number;
  readonly height: number;
  /** True when it leads on in the order of the chart, which is the order of the story. */
  readonly forward: boolean;
};
export type Scene = {
  readonly brief: boolean;
  readonly boxes: readonly SceneBox[];
  readonly lines: readonly SceneLine[];
};

export type Direction = 'down' | 'right';

/** Rows of a column before there is another one beside it, in a picture that goes down: there height is dear. */
const ROWS_IN_COLUMN = 3;
const COLUMNS_MAX = 3;

export function sceneOf(chart: Chart, direction: Direction, collapsed: readonly string[]): Scene {
  const family = new Family(chart);
  const closed = new Set(collapsed);
  const brief = isBrief(chart, collapsed);
  const { lines, inside } = groupEdges(family, closed);
  const shown = chart.nodes.filter(({ id }) => family.shownAs(id, closed) === id);
  const order = new Map(chart.nodes.map(({ id }, index) => [id, index]));
  const isEnd = (state: string) => lines.some(({ from, to }) => from === state || to === state);
  return {
    brief,
    boxes: shown.map((node) => {
      const within = inside.get(node.id) ?? [];
      if (closed.has(node.id)) return collapsedBox(family, node, { direction, inside: within });
      const bare = brief && node.id === rootId && !isEnd(rootId);
      return openBox(family, node, { inside: within, brief, bare });
    }),
    lines: lines.map(({ from, to, edges }) => {
      const texts = lineTexts(edges, brief);
      return {
        from,
        to,
        edges: edges.map(({ id }) => id),
        ...labelSize(texts),
        forward: (order.get(from) ?? 0) < (order.get(to) ?? 0),
      };
    }),
  };
}

type Group = { readonly from: string; readonly to: string; readonly edges: ChartEdge[] };

/** Edges by the boxes that stand for their ends. What does not leave its box belongs to the box. */
function groupEdges(family: Family, closed: ReadonlySet<string>) {
  const groups = new Map<string, Group>();
  const inside = new Map<string, string[]>();
  for (const edge of family.chart.edges) {
    const from = family.shownAs(edge.source, closed);
    const ends = new Set(edge.targets.map((target) => family.shownAs(target, closed)));
    ends.delete(from);
    if (ends.size === 0) inside.set(from, [...(inside.get(from) ?? []), edge.id]);
    for (const to of ends) {
      const key = `${from}\n${to}`;
      const group = groups.get(key) ?? { from, to, edges: [] };
      group.edges.push(edge);
      groups.set(key, group);
    }
  }
  return { lines: [...groups.values()], inside };
}

function labelSize(texts: readonly TextLine[]): { width: number; height: number } {
  return {
    width: textWidth(texts) + 2 * metrics.labelPadding,
    height: texts.length * metrics.lineHeight + metrics.labelPadding,
  };
}

function nameWidth(name: string): number {
  return Math.ceil(name.length * metrics.nameCharacter) + 2 * metrics.boxPadding + metrics.pill;
}

/** `bare`: without a frame and a name of its own. */
type OpenBox = { readonly inside: readonly string[]; readonly brief: boolean; readonly bare: boolean };

function openBox(family: Family, node: ChartNode, { inside, brief, bare }: OpenBox): SceneBox {
  const compound = family.isCompound(node.id);
  const initial = compound ? (node.initial ?? null) : null;
  const base = { state: node.id, parent: node.parent, collapsed: false, rows: [], inside, initial, open: compound };
  if (bare) return { ...base, width: 0, height: 0 };
  if (node.kind === 'history') return { ...base, width: 26, height: 26 };
  const name = node.id === rootId ? family.chart.machine : nameOf(node.id);
  const texts = brief ? [] : boxTexts(family, node, inside);
  const notes = texts.length === 0 ? 0 : texts.length * metrics.lineHeight + 5;
  return {
    ...base,
    width: Math.max(nameWidth(name), textWidth(texts) + 2 * metrics.boxPadding),
    height: metrics.nameHeight + notes,
  };
}

function collapsedBox(
  family: Family,
  node: ChartNode,
  { direction, inside }: { direction: Direction; inside: readonly string[] },
): SceneBox {
  const leaves = family.leavesOf(node.id).map(({ id }) => id);
  const columns = direction === 'down' ? Math.min(COLUMNS_MAX, Math.ceil(leaves.length / ROWS_IN_COLUMN)) : 1;
  const perColumn = Math.ceil(leaves.length / columns);
  const widths = Array.from({ length: columns }, (_, column) => {
    const names = leaves.slice(column * perColumn, (column + 1) * perColumn).map((id) => nameOf(id, node.id).length);
    return Math.ceil(Math.max(0, ...names) * metrics.rowCharacter) + metrics.pill + 6;
  });
  const margin = 6;
  const spare = Math.max(0, nameWidth(nameOf(node.id)) - sum(widths) - 2 * margin) / columns;
  const rows = leaves.map((state, index) => {
    const column = Math.floor(index / perColumn);
    return {
      state,
      x: margin + sum(widths.slice(0, column)) + column * spare,
      y: metrics.nameHeight + (index % perColumn) * metrics.rowHeight,
      width: (widths[column] ?? 0) + spare,
      height: metrics.rowHeight,
    };
  });
  const width = sum(widths) + columns * spare + 2 * margin;
  const height = metrics.nameHeight + perColumn * metrics.rowHeight + margin;
  const base = { state: node.id, parent: node.parent, initial: null, open: false, collapsed: true };
  return { ...base, width, height, rows, inside };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
