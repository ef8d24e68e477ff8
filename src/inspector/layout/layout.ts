/** Lays a chart out: boxes, lines and labels with coordinates, the same each time, each made once. */
import type { Chart } from '../../core/chart.ts';
import { fingerprint, stableText } from '../../core/json.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { JsonValue } from '../../core/types.ts';
import type { Layout } from '../contract.ts';
import { collapsible, defaultCollapsed } from '../draw/level.ts';
import { elkGraph, recipes, sturdyRecipes } from './elk-graph.ts';
import { ElkThread } from './elk-thread.ts';
import { type PlacedGraph, readLayout } from './placing.ts';
import { type Direction, type Scene, sceneOf } from './scene.ts';
import { storedLayout } from './stored.ts';

export type LayoutWish = {
  readonly direction: Direction;
  /** Compound states that are shown closed, with their leaf states as rows. Absent: as the chart is first shown. */
  readonly collapsed?: readonly string[];
  /** When it aborts, the answer is null at once; the work goes on and is kept for the next who asks. */
  readonly signal?: AbortSignal;
};

/** A picture with more lines than this is laid out once. */
const TRIED_LINES_MAX = 30;
const BEND_COST = 0.003;
const screen = { width: 1000, height: 700 };
const LAYOUTS_KEPT_MAX = 256;
const layouts = new RecentMap<Promise<Layout | null>>(LAYOUTS_KEPT_MAX);
const hashes = new WeakMap<Chart, string>();
const thread = new ElkThread();

/**
 * Where everything in the picture of a chart stands. Null when it can not be laid out: `elkjs` is not installed, or it
 * did not end within 10 s. States in `collapsed` that the chart does not have are passed over.
 */
export function layoutChart(chart: Chart, wish: LayoutWish): Promise<Layout | null> {
  const { direction, signal } = wish;
  const wanted = new Set(wish.collapsed ?? defaultCollapsed(chart));
  const collapsed = collapsible(chart).filter((state) => wanted.has(state));
  const view = layoutName(direction, collapsed);
  const hash = hashOf(chart);
  let layout = layouts.get(hash, view);
  if (layout === undefined) {
    layout = find(chart, { direction, collapsed });
    layouts.set(hash, view, layout);
  }
  return signal === undefined ? layout : Promise.race([abortion(signal), layout]);
}

/** The name under which the first views of built-in machines are stored at build time. */
export function storedName(chart: Chart, direction: Direction): string {
  return `${hashOf(chart)}-${layoutName(direction, defaultCollapsed(chart))}`;
}

async function find(chart: Chart, view: { direction: Direction; collapsed: readonly string[] }) {
  const stored = storedLayout(`${hashOf(chart)}-${layoutName(view.direction, view.collapsed)}`);
  if (stored !== null) return stored;
  const scene = sceneOf(chart, view.direction, view.collapsed);
  const placed = await place(scene, view.direction);
  return placed === null ? null : readLayout(scene, placed, { machine: chart.machine, ...view });
}

/** By the recipe with the best result; of a big picture by the first that ELK can do. */
async function place(scene: Scene, direction: Direction): Promise<PlacedGraph | null> {
  let best: PlacedGraph | null = null;
  for (const recipe of scene.lines.length > TRIED_LINES_MAX ? [] : recipes) {
    const placed = await thread.layout(elkGraph(scene, direction, recipe));
    if (placed === 'unavailable') return best;
    if (placed !== 'failed' && (best === null || costOf(placed) < costOf(best))) best = placed;
  }
  for (const recipe of best === null ? sturdyRecipes : []) {
    const placed = await thread.layout(elkGraph(scene, direction, recipe));
    if (placed !== 'failed') return placed === 'unavailable' ? null : placed;
  }
  return best;
}

/** What fits on a small screen is as good as what leaves room there; each bend of a line costs a little. */
function costOf({ width, height, edges = [] }: PlacedGraph): number {
  const bends = edges.flatMap(({ sections = [] }) => sections.flatMap(({ bendPoints = [] }) => bendPoints)).length;
  return Math.max(1, width / screen.width, height / screen.height) + bends * BEND_COST;
}

function hashOf(chart: Chart): string {
  const known = hashes.get(chart);
  if (known !== undefined) return known;
  const hash = fingerprint(stableText(chart as unknown as JsonValue));
  hashes.set(chart, hash);
  return hash;
}

function layoutName(direction: Direction, collapsed: readonly string[]): string {
  return `${direction}-${fingerprint(collapsed.join('\n'))}`;
}

function abortion(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
