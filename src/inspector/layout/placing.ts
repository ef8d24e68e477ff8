/** Reads the coordinates that ELK found back into a layout of our own. */
import type { Layout, LayoutBox, LayoutLine } from '../contract.ts';
import { dotId } from './elk-graph.ts';
import type { Direction, Scene, SceneBox } from './scene.ts';

type Point = { readonly x: number; readonly y: number };
export type PlacedNode = Point & {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly children?: readonly PlacedNode[];
};
export type PlacedEdge = {
  readonly id: string;
  readonly sections?: readonly { startPoint: Point; endPoint: Point; bendPoints?: readonly Point[] }[];
  readonly labels?: readonly (Point & { width: number; height: number })[];
};
export type PlacedGraph = PlacedNode & { readonly edges?: readonly PlacedEdge[] };

export type Wanted = { readonly machine: string; readonly direction: Direction; readonly collapsed: readonly string[] };

export function readLayout(scene: Scene, placed: PlacedGraph, wanted: Wanted): Layout {
  const nodes = new Map(allNodes(placed).map((node) => [node.id, node]));
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  const open = scene.boxes.filter((box) => box.open && box.initial !== null);
  return {
    ...wanted,
    brief: scene.brief,
    width: Math.ceil(placed.width),
    height: Math.ceil(placed.height),
    boxes: scene.boxes.map((box) => placeBox(box, nodes.get(box.state))),
    lines: [
      ...open.map(({ state, initial }) =>
        placeLine(edges.get(`initial:${state}`), { from: null, to: initial as string, edges: [] }),
      ),
      ...scene.lines.map(({ from, to, edges: ids, forward }, index) => {
        const line = placeLine(edges.get(`line:${index}`), { from, to, edges: ids });
        return forward ? line : { ...line, points: line.points.toReversed() };
      }),
    ],
    dots: open.map(({ state }) => {
      const { x, y, width, height } = nodes.get(dotId(state)) ?? nowhere;
      return { parent: state, x: rounded(x + width / 2), y: rounded(y + height / 2) };
    }),
  };
}

const nowhere = { x: 0, y: 0, width: 0, height: 0 };

function allNodes(node: PlacedNode): PlacedNode[] {
  return [node, ...(node.children ?? []).flatMap(allNodes)];
}

function placeBox(box: SceneBox, node: PlacedNode | undefined): LayoutBox {
  const { x, y, width, height } = node ?? nowhere;
  const place = rectangle({ x, y, width, height });
  const rows = box.rows.map((row) => ({ state: row.state, ...rectangle({ ...row, x: x + row.x, y: y + row.y }) }));
  return { state: box.state, ...place, collapsed: box.collapsed, rows, inside: box.inside };
}

function placeLine(edge: PlacedEdge | undefined, ends: Pick<LayoutLine, 'from' | 'to' | 'edges'>): LayoutLine {
  const [section] = edge?.sections ?? [];
  const label = edge?.labels?.[0];
  const points = section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : [];
  return {
    ...ends,
    points: points.map(({ x, y }) => ({ x: rounded(x), y: rounded(y) })),
    label: label === undefined ? null : rectangle(label),
  };
}

function rectangle({ x, y, width, height }: Point & { width: number; height: number }) {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) };
}

/** Half pixels are fine enough to draw, and shorter on the wire. */
function rounded(value: number): number {
  return Math.round(value * 2) / 2;
}
