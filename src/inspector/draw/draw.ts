/**
 * Draws a chart that was laid out: classes and attributes only, so that a strict content security policy holds, and
 * ids that stay the same as long as the states do.
 */
import { type Chart, type ChartNode, rootId } from '../../core/chart.ts';
import type { Layout, LayoutBox, LayoutRow } from '../contract.ts';
import { Family, nameOf } from './family.ts';
import { type Figure, figure } from './figure.ts';
import { drawDots, drawLine } from './lines.ts';
import { boxTexts, metrics } from './texts.ts';
import { tokens } from './tokens.ts';

export type DrawOptions = {
  /** Before each id, so that a page can show several charts. */
  readonly prefix?: string;
  /** Entities by leaf state; what is missing counts as none. */
  readonly counts?: Readonly<Record<string, number>>;
};

type Drawing = {
  readonly family: Family;
  readonly brief: boolean;
  readonly prefix: string;
  /** Of a state and all that is inside it. */
  readonly count: (state: string) => number;
};

/** The whole picture, an `svg` element. */
export function drawChart(chart: Chart, layout: Layout, options: DrawOptions = {}): Figure {
  const family = new Family(chart);
  const { prefix = '', counts = {} } = options;
  const count = (state: string): number =>
    family.isCompound(state)
      ? family.leavesOf(state).reduce((sum, { id }) => sum + (counts[id] ?? 0), 0)
      : (counts[state] ?? 0);
  const { width, height, boxes, lines, brief } = layout;
  const drawing: Drawing = { family, brief, prefix, count };
  const open = boxes.filter((box) => isOpen(drawing, box) && !isBare(layout, box));
  return figure(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: `chart ${layout.direction}`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'group',
      'aria-label': chart.machine,
    },
    ...open.map((box) => drawBox(drawing, box)),
    ...lines.map((line, index) => drawLine(line, { family, brief, prefix, index })),
    ...drawDots(layout),
    ...open.map((box) => drawOpenHead(drawing, box)),
    ...boxes.filter((box) => !isOpen(drawing, box)).map((box) => drawBox(drawing, box)),
  );
}

/** The id of the element that draws a state, as a box or as a row. */
export function stateElementId(state: string, prefix = ''): string {
  return `${prefix}state-${state === rootId ? 'root' : state.replace(/\s/g, '_')}`;
}

function isOpen({ family }: Drawing, { state, collapsed }: LayoutBox): boolean {
  return !collapsed && family.isCompound(state);
}

/** The frame of a brief picture is only drawn when lines begin or end at it. */
function isBare({ brief, lines }: Layout, { state }: LayoutBox): boolean {
  return brief && state === rootId && !lines.some(({ from, to }) => from === rootId || to === rootId);
}

function drawBox(drawing: Drawing, box: LayoutBox): Figure {
  const node = drawing.family.node(box.state) as ChartNode;
  if (node.kind === 'history') return drawHistory(drawing, box, node);
  const open = isOpen(drawing, box);
  return figure(
    'g',
    { ...identity(drawing, box.state), class: classOf(node, { open, collapsed: box.collapsed }) },
    node.description === undefined ? null : figure('title', {}, node.description),
    figure('rect', { class: 'state-box', ...rectangle(box), rx: metrics.corner }),
    node.kind === 'final' ? figure('rect', { class: 'final-ring', ...inset(box, 3), rx: metrics.corner - 2 }) : null,
    ...(open ? [] : drawHead(drawing, box)),
    ...box.rows.map((row) => drawRow(drawing, row, box)),
  );
}

/** The head of an open box stands above the lines that cross it. */
function drawOpenHead(drawing: Drawing, box: LayoutBox): Figure {
  const node = drawing.family.node(box.state) as ChartNode;
  return figure('g', { class: `head${toneOf(node)}` }, ...drawHead(drawing, box));
}

/** The name, the count, and what happens on entry, on exit and inside. */
function drawHead({ family, brief, count }: Drawing, box: LayoutBox): Figure[] {
  const node = family.node(box.state) as ChartNode;
  const root = box.state === rootId;
  const name = root ? family.chart.machine : nameOf(box.state);
  const texts = box.collapsed || brief ? [] : boxTexts(family, node, box.inside);
  const x = box.x + metrics.boxPadding;
  const middle = box.y + metrics.nameHeight / 2;
  const right = box.x + box.width - metrics.boxPadding + 3;
  return [
    figure('text', { class: 'state-name', x, y: middle + 4.5 }, name),
    ...texts.map(({ text }, index) => {
      const y = box.y + metrics.nameHeight + index * metrics.lineHeight + 8;
      return figure('text', { class: 'state-note', x, y }, text);
    }),
    ...(root ? [] : [tokens(box.state, count(box.state), { x: right, y: middle })]),
  ];
}

function drawRow(drawing: Drawing, row: LayoutRow, box: LayoutBox): Figure {
  const node = drawing.family.node(row.state) as ChartNode;
  const middle = row.y + row.height / 2;
  return figure(
    'g',
    { ...identity(drawing, row.state), class: `row${toneOf(node)}` },
    node.description === undefined ? null : figure('title', {}, node.description),
    figure('rect', { class: 'row-box', ...inset(row, 1), rx: 4 }),
    figure('text', { class: 'row-name', x: row.x + 6, y: middle + 4 }, nameOf(row.state, box.state)),
    tokens(row.state, drawing.count(row.state), { x: row.x + row.width - 4, y: middle }),
  );
}

function drawHistory(drawing: Drawing, box: LayoutBox, node: ChartNode): Figure {
  const radius = box.width / 2;
  return figure(
    'g',
    { ...identity(drawing, box.state), class: 'state history' },
    figure('rect', { class: 'state-box', ...rectangle(box), rx: radius }),
    figure(
      'text',
      { class: 'edge-text', x: box.x + radius, y: box.y + radius + 4 },
      node.history === 'deep' ? 'H*' : 'H',
    ),
  );
}

/** States can be reached by keyboard and pressed; pages replace the label by one with counts. */
function identity({ prefix }: Drawing, state: string): Figure['attributes'] {
  const id = { id: stateElementId(state, prefix), 'data-state': state };
  if (state === rootId) return id;
  return { ...id, role: 'button', tabindex: -1, 'aria-label': state };
}

function classOf(node: ChartNode, { open, collapsed }: { open: boolean; collapsed: boolean }): string {
  const shape = node.id === rootId ? ' root' : open ? ' compound' : collapsed ? ' collapsed' : '';
  const kind = node.kind === 'final' || node.kind === 'parallel' ? ` ${node.kind}` : '';
  return `state${shape}${kind}${toneOf(node)}`;
}

function toneOf(node: ChartNode): string {
  return node.tags.includes('attention') ? ' attention' : '';
}

type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function rectangle({ x, y, width, height }: Rectangle): Rectangle {
  return { x, y, width, height };
}

function inset({ x, y, width, height }: Rectangle, by: number): Rectangle {
  return { x: x + by, y: y + by, width: width - 2 * by, height: height - 2 * by };
}
