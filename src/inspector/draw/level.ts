/**
 * How much of a chart is open. The first look at a big machine shows its top-level states with their leaf states as
 * rows; a click opens one level more.
 */
import { type Chart, rootId } from '../../core/chart.ts';
import { Family } from './family.ts';

/** A chart with more than this many states or edges is first shown closed. */
const STATES_MAX = 9;
const EDGES_MAX = 24;

/** The states that are closed at first: none of a small machine, the top-level ones of a big one. */
export function defaultCollapsed(chart: Chart): readonly string[] {
  const family = new Family(chart);
  if (family.leavesOf(rootId).length <= STATES_MAX && chart.edges.length <= EDGES_MAX) return [];
  return compoundsIn(family, rootId);
}

/** True when all top-level states of a chart with compound ones are closed: then the picture is a brief one. */
export function isBrief(chart: Chart, collapsed: readonly string[]): boolean {
  const top = compoundsIn(new Family(chart), rootId);
  return top.length > 0 && top.every((state) => collapsed.includes(state));
}

/** All compound states below the root: with these closed nothing smaller can be shown; with none, everything is. */
export function collapsible(chart: Chart): readonly string[] {
  const family = new Family(chart);
  return chart.nodes.filter(({ id }) => id !== rootId && family.isCompound(id)).map(({ id }) => id);
}

/** Opens a closed state by one level, with the states inside it closed; closes an open one. */
export function toggled(chart: Chart, collapsed: readonly string[], state: string): readonly string[] {
  const family = new Family(chart);
  if (collapsed.includes(state)) {
    const next = new Set([...collapsed.filter((id) => id !== state), ...compoundsIn(family, state)]);
    return collapsible(chart).filter((id) => next.has(id));
  }
  const outside = collapsed.filter((id) => !family.pathOf(id).includes(state));
  return collapsible(chart).filter((id) => id === state || outside.includes(id));
}

function compoundsIn(family: Family, state: string): readonly string[] {
  return family
    .childrenOf(state)
    .filter(({ id }) => family.isCompound(id))
    .map(({ id }) => id);
}
