/**
 * A chart at a glance, as Mermaid source: the top-level states with the names of what is inside, and the events that
 * lead from one
 * to another. The whole chart is `mermaid.ts`'s.
 */
import { type Chart, rootId } from './chart.ts';

const LABELS_MAX = 6;

export function overview(chart: Chart): string {
  const parents = new Map(chart.nodes.map(({ id, parent }) => [id, parent]));
  const top = (id: string): string => {
    const parent = parents.get(id) ?? rootId;
    return parent === rootId ? id : top(parent);
  };
  const states = chart.nodes.filter(({ id, parent }) => id !== rootId && (parent ?? rootId) === rootId);
  const labels = new Map<string, Set<string>>();
  for (const { source, target, event } of chart.edges) {
    if (target === null || source === rootId) continue;
    const [from, to] = [top(source), top(target)];
    if (from === to) continue;
    const arrow = `${from} --> ${to}`;
    labels.set(arrow, (labels.get(arrow) ?? new Set()).add(event));
  }
  const initial = chart.nodes.find(({ id }) => id === rootId)?.initial ?? states[0]?.id;
  return [
    'stateDiagram-v2',
    `  [*] --> ${initial}`,
    ...states.flatMap(({ id }) => inside(chart, id)),
    ...[...labels].map(([arrow, events]) => `  ${arrow} : ${shorten([...events])}`),
  ].join('\n');
}

function inside(chart: Chart, id: string): string[] {
  const names = chart.nodes.filter(({ parent }) => parent === id).map((node) => node.id.split('.').at(-1) ?? node.id);
  return names.length === 0 ? [`  ${id}`] : [`  ${id} : ${id}`, `  ${id} : ${names.join(', ')}`];
}

function shorten(events: readonly string[]): string {
  const shown = events.slice(0, LABELS_MAX);
  const rest = events.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}
