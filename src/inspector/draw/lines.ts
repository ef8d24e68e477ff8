/** Draws the lines of a chart: stroke, arrowhead, a wide stroke to hit, and the label on a piece of page. */
import type { ChartEdge } from '../../core/chart.ts';
import type { Layout, LayoutLine } from '../contract.ts';
import type { Family } from './family.ts';
import { type Figure, figure } from './figure.ts';
import { headOf, pathOf } from './path.ts';
import { edgeSentence, lineTexts, metrics, type TextLine } from './texts.ts';

type Place = { readonly family: Family; readonly brief: boolean; readonly prefix: string; readonly index: number };

/** `data-line` is the line's place in `layout.lines`, where its edges are. */
export function drawLine(line: LayoutLine, { family, brief, prefix, index }: Place): Figure {
  const edges = line.edges.map((id) => family.edge(id)).filter((edge) => edge !== undefined);
  const d = pathOf(line);
  const stroke = [figure('path', { class: 'edge-line', d }), figure('path', { class: 'edge-head', d: headOf(line) })];
  if (line.from === null) return figure('g', { class: 'edge initial' }, ...stroke);
  const sentences = edges.map(edgeSentence).join('\n');
  return figure(
    'g',
    {
      class: `edge${kindOf(edges)}`,
      id: lineElementId(line, prefix),
      'data-line': index,
      role: 'button',
      tabindex: -1,
      'aria-label': `${line.from} to ${line.to}: ${[...new Set(edges.map(({ event }) => event))].join(', ')}`,
    },
    figure('title', {}, sentences),
    figure('path', { class: 'edge-hit', d }),
    ...stroke,
    ...drawLabel(line, lineTexts(edges, brief)),
  );
}

/** The id of the element that draws a line. */
export function lineElementId({ from, to }: Pick<LayoutLine, 'from' | 'to'>, prefix = ''): string {
  return `${prefix}edge-${from}--${to}`.replace(/[\s()]/g, '');
}

function kindOf(edges: readonly ChartEdge[]): string {
  if (edges.every(({ delay }) => delay !== undefined)) return ' delayed';
  return edges.every(({ eventType }) => eventType === null) ? ' always' : '';
}

function drawLabel({ label }: LayoutLine, texts: readonly TextLine[]): Figure[] {
  if (label === null) return [];
  const { x, y, width, height } = label;
  return [
    figure('rect', { class: 'edge-label', x, y, width, height, rx: 4 }),
    ...texts.map(({ text, kind }, row) =>
      figure(
        'text',
        {
          class: `edge-text ${kind}`,
          x: x + width / 2,
          y: y + metrics.labelPadding / 2 + row * metrics.lineHeight + 10.5,
        },
        text,
      ),
    ),
  ];
}

/** The dots that lines of initial states begin in. */
export function drawDots({ dots }: Layout): Figure[] {
  return dots.map(({ x, y }) => figure('circle', { class: 'state-dot', cx: x, cy: y, r: metrics.dot / 2 }));
}
