/**
 * A chart as Mermaid source (`stateDiagram-v2`), in the subset that GitHub draws.
 *
 * Mermaid can not draw an arrow from a compound state to what is inside it. What a compound state does as a whole
 * (entry, exit, arrows that stay within) starts from a box inside of it that has its name in parentheses.
 */
import type { Chart, ChartEdge, ChartNode } from './chart.ts';
import { rootId } from './chart.ts';
import { keyOf } from './outline.ts';

/** Mermaid source without a code fence, ending in a newline. */
export function mermaid(chart: Chart): string {
  return `${new Drawing(chart).lines().join('\n')}\n`;
}

class Drawing {
  private readonly chart: Chart;
  private readonly aliases: ReadonlyMap<string, string>;

  constructor(chart: Chart) {
    this.chart = chart;
    this.aliases = aliasesOf(chart);
  }

  lines(): string[] {
    const root = this.chart.nodes[0];
    return root === undefined ? [] : ['stateDiagram-v2', ...indented(this.body(root))];
  }

  /** What stands inside a compound state, or inside the diagram. */
  private body(node: ChartNode): string[] {
    const regions = this.chart.nodes.filter((child) => child.parent === node.id).map((child) => this.block(child));
    const start = node.initial === undefined ? [] : [`[*] --> ${this.alias(node.initial)}`];
    const whole = this.wholeBox(node);
    const separator = node.kind === 'parallel' ? ['--'] : [];
    const parts = [...(whole.length > 0 ? [whole] : []), ...regions];
    return [...start, ...parts.flatMap((part, index) => (index === 0 ? part : [...separator, ...part]))];
  }

  private block(node: ChartNode): string[] {
    const name = `state "${safeText(labelOf(node))}" as ${this.alias(node.id)}`;
    const outgoing = this.edgesOf(node).flatMap((edge) => this.arrows(node, edge));
    if (isCompound(node)) return [`${name} {`, ...indented(this.body(node)), '}', ...outgoing];
    const final = node.kind === 'final' ? [`${this.alias(node.id)} --> [*]`] : [];
    return [name, ...this.notes(node).map((text) => `${this.alias(node.id)} : ${text}`), ...outgoing, ...final];
  }

  private arrows(node: ChartNode, edge: ChartEdge): string[] {
    if (edge.targets.length === 0) return [];
    return edge.targets
      .filter((target) => !isCompound(node) || !isWithin(target, node.id))
      .map((target) => `${this.alias(node.id)} --> ${this.alias(target)} : ${edgeLabel(edge)}`);
  }

  /** The box that stands for a compound state as a whole; empty when there is nothing to say of it. */
  private wholeBox(node: ChartNode): string[] {
    const alias = `whole_${this.alias(node.id)}`;
    const notes = this.notes(node).map((text) => `${alias} : ${text}`);
    const arrows = this.edgesOf(node).flatMap((edge) =>
      edge.targets
        .filter((target) => isWithin(target, node.id))
        .flatMap((target) => {
          const inside = target === node.id ? node.initial : target;
          return inside === undefined ? [] : [`${alias} --> ${this.alias(inside)} : ${edgeLabel(edge)}`];
        }),
    );
    if (notes.length + arrows.length === 0) return [];
    const name = node.id === rootId ? this.chart.machine : keyOf(node);
    return [`state "(${safeText(name)})" as ${alias}`, ...notes, ...arrows];
  }

  /** What is written inside a box: entry, exit, invokes, and transitions that stay where they are. */
  private notes(node: ChartNode): string[] {
    const stays = this.edgesOf(node).filter((edge) => edge.targets.length === 0 || this.returnsToParallel(node, edge));
    return [
      ...(node.entry.length === 0 ? [] : [safeText(`entry / ${node.entry.join(', ')}`)]),
      ...(node.exit.length === 0 ? [] : [safeText(`exit / ${node.exit.join(', ')}`)]),
      ...node.invokes.map(({ src }) => safeText(`invoke ${src}`)),
      ...stays.map(edgeLabel),
    ];
  }

  /** A parallel state that reenters itself has no single child to draw the arrow to. */
  private returnsToParallel(node: ChartNode, edge: ChartEdge): boolean {
    return node.kind === 'parallel' && edge.targets.includes(node.id);
  }

  private edgesOf(node: ChartNode): readonly ChartEdge[] {
    return this.chart.edges.filter((edge) => edge.source === node.id);
  }

  private alias(id: string): string {
    return this.aliases.get(id) as string;
  }
}

/** A prefix keeps `end` and `state` from being read as Mermaid's own words; a number keeps `a-b` and `a_b` apart. */
function aliasesOf(chart: Chart): Map<string, string> {
  const aliases = new Map<string, string>();
  const used = new Set<string>();
  for (const { id } of chart.nodes) {
    const alias = `s_${id.replace(/\W+/g, '_')}`;
    let unique = alias;
    for (let number = 2; used.has(unique); number++) unique = `${alias}_${number}`;
    used.add(unique);
    aliases.set(id, unique);
  }
  return aliases;
}

function isCompound(node: ChartNode): boolean {
  return node.kind === 'compound' || node.kind === 'parallel';
}

function isWithin(id: string, ancestor: string): boolean {
  return ancestor === rootId || id === ancestor || id.startsWith(`${ancestor}.`);
}

function labelOf(node: ChartNode): string {
  if (node.kind !== 'history') return keyOf(node);
  return node.history === 'deep' ? 'H*' : 'H';
}

function edgeLabel(edge: ChartEdge): string {
  const guard = edge.guard === undefined ? '' : ` [${edge.guard}]`;
  const actions = edge.actions.length === 0 ? '' : ` / ${edge.actions.join(', ')}`;
  return safeText(`${edge.event}${guard}${actions}`);
}

/** Characters that Mermaid would read as its own become entity codes. */
function safeText(text: string): string {
  return text.replace(/[#:;"<>{}\\%`]/g, (character) => `#${character.charCodeAt(0)};`).replace(/\s+/g, ' ');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
