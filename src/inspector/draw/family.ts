/** Who is inside whom in a chart: the questions that layout and drawing both ask of it. */
import { type Chart, type ChartEdge, type ChartNode, rootId } from '../../core/chart.ts';

export class Family {
  readonly chart: Chart;
  private readonly nodes: ReadonlyMap<string, ChartNode>;
  private readonly edges: ReadonlyMap<string, ChartEdge>;
  private readonly inside = new Map<string, ChartNode[]>();

  constructor(chart: Chart) {
    this.chart = chart;
    this.nodes = new Map(chart.nodes.map((node) => [node.id, node]));
    this.edges = new Map(chart.edges.map((edge) => [edge.id, edge]));
    for (const node of chart.nodes) {
      if (node.parent === null) continue;
      this.inside.set(node.parent, [...this.childrenOf(node.parent), node]);
    }
  }

  node(state: string): ChartNode | undefined {
    return this.nodes.get(state);
  }

  edge(id: string): ChartEdge | undefined {
    return this.edges.get(id);
  }

  childrenOf(state: string): readonly ChartNode[] {
    return this.inside.get(state) ?? [];
  }

  isCompound(state: string): boolean {
    return this.childrenOf(state).some(({ kind }) => kind !== 'history');
  }

  /** The states inside that have none inside themselves, in document order. */
  leavesOf(state: string): readonly ChartNode[] {
    return this.childrenOf(state).flatMap((child) => {
      if (child.kind === 'history') return [];
      return this.isCompound(child.id) ? this.leavesOf(child.id) : [child];
    });
  }

  /** From the state itself outwards to the root. */
  pathOf(state: string): readonly string[] {
    const parent = this.nodes.get(state)?.parent;
    return parent === undefined || parent === null ? [state] : [state, ...this.pathOf(parent)];
  }

  /** The box that stands for a state when these are collapsed: the outermost collapsed one, or the state itself. */
  shownAs(state: string, collapsed: ReadonlySet<string>): string {
    return this.pathOf(state).findLast((id) => collapsed.has(id)) ?? state;
  }
}

/** What is written in a state's box: its own name, without its parents'. */
export function nameOf(state: string, within: string = rootId): string {
  return within === rootId ? (state.split('.').at(-1) ?? state) : state.slice(within.length + 1);
}
