/**
 * A chart as text: one line for each state and each transition, indented as they are nested.
 */
import type { Chart, ChartEdge, ChartNode } from './chart.ts';

/**
 * Reads like this:
 *
 *     machine light
 *       state red (initial) — Stop.
 *         entry / notify
 *         after pause → green
 *         on PRESS [hurried] → green / click
 */
export function outline(chart: Chart): string {
  return `${linesOf(chart, null, 0).join('\n')}\n`;
}

function linesOf(chart: Chart, parent: string | null, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return chart.nodes
    .filter((node) => node.parent === parent)
    .flatMap((node) => [
      `${indent}${headline(chart, node)}`,
      ...inside(node).map((line) => `${indent}  ${line}`),
      ...chart.edges.filter((edge) => edge.source === node.id).map((edge) => `${indent}  ${edgeText(edge)}`),
      ...linesOf(chart, node.id, depth + 1),
    ]);
}

function headline(chart: Chart, node: ChartNode): string {
  const name = node.parent === null ? `machine ${chart.machine}` : `state ${keyOf(node)}`;
  const marks = marksOf(chart, node);
  const suffix = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  return `${name}${suffix}${node.description ? ` — ${node.description}` : ''}`;
}

function marksOf(chart: Chart, node: ChartNode): string[] {
  const parent = chart.nodes.find((other) => other.id === node.parent);
  const marks = parent?.initial === node.id ? ['initial'] : [];
  if (node.kind === 'history') return [...marks, `${node.history} history`];
  return node.kind === 'final' || node.kind === 'parallel' ? [...marks, node.kind] : marks;
}

function inside(node: ChartNode): string[] {
  return [
    ...(node.entry.length === 0 ? [] : [`entry / ${node.entry.join(', ')}`]),
    ...(node.exit.length === 0 ? [] : [`exit / ${node.exit.join(', ')}`]),
    ...node.invokes.map(({ id, src }) => `invoke ${id === src ? src : `${src} as ${id}`}`),
  ];
}

/** The last part of a state's path. */
export function keyOf(node: ChartNode): string {
  return node.id.slice(node.id.lastIndexOf('.') + 1);
}

function edgeText(edge: ChartEdge): string {
  const trigger = edge.event === edge.eventType ? `on ${edge.event}` : edge.event;
  const guard = edge.guard === undefined ? '' : ` [${edge.guard}]`;
  const target = edge.targets.length === 0 ? 'stays' : `→ ${edge.targets.join(', ')}`;
  const actions = edge.actions.length === 0 ? '' : ` / ${edge.actions.join(', ')}`;
  return `${trigger}${guard} ${target}${edge.reenter ? ' (reenters)' : ''}${actions}`;
}
