/**
 * A scene as a graph for ELK. The order of states in the file is the order of the picture: a line that leads back in
 * that order is given to ELK the other way round, so that there is no circle for it to break as it likes.
 */
import { metrics } from '../draw/texts.ts';
import type { Direction, Scene, SceneBox } from './scene.ts';

export type ElkOptions = Readonly<Record<string, string>>;
export type ElkNode = {
  readonly id: string;
  readonly width?: number;
  readonly height?: number;
  readonly layoutOptions?: ElkOptions;
  readonly children?: readonly ElkNode[];
};
export type ElkLabel = {
  readonly text: string;
  readonly width: number;
  readonly height: number;
  readonly layoutOptions: ElkOptions;
};
export type ElkEdge = {
  readonly id: string;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly labels?: readonly ElkLabel[];
  readonly layoutOptions?: ElkOptions;
};
export type ElkGraph = ElkNode & { readonly edges: readonly ElkEdge[] };

/** The id of a compound state's initial dot. */
export function dotId(state: string): string {
  return `dot:${state}`;
}

/** One way to lay out. None is the best for every chart, and ELK fails with each of them for some. */
export type Recipe = {
  readonly placement: 'NETWORK_SIMPLEX' | 'LINEAR_SEGMENTS';
  readonly modelOrder: 'PREFER_EDGES' | 'NONE';
  readonly compaction: 'EDGE_LENGTH' | 'NONE';
};

/** Every one is tried on a small picture, and the best result is taken. */
export const recipes: readonly Recipe[] = [
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'PREFER_EDGES', compaction: 'NONE' },
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'NONE', compaction: 'NONE' },
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'PREFER_EDGES', compaction: 'EDGE_LENGTH' },
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'NONE', compaction: 'EDGE_LENGTH' },
  { placement: 'LINEAR_SEGMENTS', modelOrder: 'NONE', compaction: 'EDGE_LENGTH' },
];
/** The first that succeeds is taken for a big picture, and when all of the others failed. */
export const sturdyRecipes: readonly Recipe[] = [
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'NONE', compaction: 'EDGE_LENGTH' },
  { placement: 'LINEAR_SEGMENTS', modelOrder: 'NONE', compaction: 'EDGE_LENGTH' },
  { placement: 'NETWORK_SIMPLEX', modelOrder: 'NONE', compaction: 'NONE' },
];

/** Options that ELK reads from each state that is open, not from the picture as a whole. */
function recipeOptions({ placement, modelOrder, compaction }: Recipe, brief: boolean): ElkOptions {
  const [layers, edges] = brief ? ['12', '8'] : ['18', '11'];
  return {
    'elk.layered.nodePlacement.strategy': placement,
    'elk.layered.considerModelOrder.strategy': modelOrder,
    'elk.layered.compaction.postCompaction.strategy': compaction,
    'elk.spacing.nodeNode': '18',
    'elk.spacing.edgeNode': edges,
    'elk.spacing.edgeEdge': '10',
    'elk.spacing.labelNode': '8',
    'elk.layered.spacing.nodeNodeBetweenLayers': layers,
    'elk.layered.spacing.edgeNodeBetweenLayers': edges,
    'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  };
}

function graphOptions(direction: Direction): ElkOptions {
  return {
    'elk.algorithm': 'layered',
    'elk.direction': direction === 'down' ? 'DOWN' : 'RIGHT',
    'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.randomSeed': '1',
    'elk.json.edgeCoords': 'ROOT',
    'elk.json.shapeCoords': 'ROOT',
    'elk.padding': '[top=6,left=6,bottom=6,right=6]',
  };
}

export function elkGraph(scene: Scene, direction: Direction, recipe: Recipe): ElkGraph {
  const options = recipeOptions(recipe, scene.brief);
  const inside = new Map<string | null, SceneBox[]>();
  for (const box of scene.boxes) inside.set(box.parent, [...(inside.get(box.parent) ?? []), box]);
  const nodeOf = (box: SceneBox): ElkNode => {
    const own = { id: box.state, width: box.width, height: box.height };
    if (!box.open) return own;
    const dots = box.initial === null ? [] : [{ id: dotId(box.state), width: metrics.dot, height: metrics.dot }];
    const children = [...dots, ...(inside.get(box.state) ?? []).map(nodeOf)];
    return { id: box.state, children, layoutOptions: { ...options, ...openOptions(box) } };
  };
  return {
    id: 'picture',
    layoutOptions: graphOptions(direction),
    children: (inside.get(null) ?? []).map(nodeOf),
    edges: [...scene.boxes.flatMap(initialEdge), ...scene.lines.map((_, index) => edgeOf(scene, index))],
  };
}

function openOptions(box: SceneBox): ElkOptions {
  const side = box.height === 0 ? 2 : 12;
  return {
    'elk.padding': `[top=${box.height === 0 ? side : box.height + 4},left=${side},bottom=${side},right=${side}]`,
    'elk.nodeSize.constraints': 'MINIMUM_SIZE',
    'elk.nodeSize.minimum': `(${box.width},${box.height})`,
  };
}

function initialEdge(box: SceneBox): ElkEdge[] {
  if (!box.open || box.initial === null) return [];
  const layoutOptions = priorities({ direction: 100, straightness: 100 });
  return [{ id: `initial:${box.state}`, sources: [dotId(box.state)], targets: [box.initial], layoutOptions }];
}

function edgeOf(scene: Scene, index: number): ElkEdge {
  const { from, to, width, height, forward } = scene.lines[index] as Scene['lines'][number];
  return {
    id: `line:${index}`,
    sources: [forward ? from : to],
    targets: [forward ? to : from],
    labels: [{ text: 'label', width, height, layoutOptions: labelOptions }],
    layoutOptions: priorities(forward ? { direction: 10, straightness: 5 } : { direction: 0, straightness: 0 }),
  };
}

const labelOptions: ElkOptions = { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' };

function priorities({ direction, straightness }: { direction: number; straightness: number }): ElkOptions {
  return {
    'elk.layered.priority.direction': String(direction),
    'elk.layered.priority.straightness': String(straightness),
  };
}
