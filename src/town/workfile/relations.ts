/** What beads of a file mean to each other: ids are unique, dependencies exist, and nothing waits for itself. */
import { type Edges, findCycles } from './cycle.ts';
import { nearest } from './nearest.ts';
import { type Path, type Problems, pathText, shown } from './problems.ts';
import type { Source } from './source.ts';

const CYCLES_MAX = 20;
const CYCLE_SHOWN_MAX = 8;
/** Looking for what was meant goes through all ids; enough is enough. */
const SUGGESTIONS_MAX = 20;

type Links = { readonly id: string | undefined; readonly dependsOn: readonly unknown[] };

/** Adds what is wrong between beads to the problems. The beads themselves may be malformed: that is said elsewhere. */
export function checkRelations(source: Source, problems: Problems): void {
  const beads = readLinks(source.value);
  const indexById = new Map<string, number>();
  const edges = new Map<string, readonly string[]>();
  const refuse = (path: Path, problem: string, remedy: string) =>
    problems.add(() => ({ ...source.locate(path), path: pathText(path), problem, remedy }));

  for (const [index, { id, dependsOn }] of beads.entries()) {
    if (id === undefined) continue;
    const first = indexById.get(id);
    if (first === undefined) {
      indexById.set(id, index);
      edges.set(id, dependsOn.filter(isText));
    } else {
      const { line } = source.locate(['beads', first, 'id']);
      refuse(['beads', index, 'id'], `"${shown(id)}" is the id of the bead on line ${line} too`, 'choose another');
    }
  }
  checkExistence(beads, edges, refuse);
  for (const cycle of findCycles(edges, CYCLES_MAX)) {
    const path = ['beads', indexById.get(cycle[0] ?? '') ?? 0, 'dependsOn'];
    refuse(path, `makes a circle: ${circleText(cycle)}`, 'remove one of these dependencies');
  }
}

type Refuse = (path: Path, problem: string, remedy: string) => void;

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function readLinks(file: unknown): readonly Links[] {
  const { beads } = (file ?? {}) as { beads?: unknown };
  if (!Array.isArray(beads)) return [];
  return beads.map((bead: { id?: unknown; dependsOn?: unknown } | null) => ({
    id: isText(bead?.id) ? bead.id : undefined,
    dependsOn: Array.isArray(bead?.dependsOn) ? bead.dependsOn : [],
  }));
}

function checkExistence(beads: readonly Links[], edges: Edges, refuse: Refuse): void {
  let suggestions = 0;
  for (const [index, { dependsOn }] of beads.entries()) {
    for (const [position, id] of dependsOn.entries()) {
      if (!isText(id) || edges.has(id)) continue;
      suggestions += 1;
      const meant = suggestions <= SUGGESTIONS_MAX ? nearest(id, edges.keys()) : null;
      const remedy = meant === null ? 'add that bead or remove the dependency' : `did you mean "${shown(meant)}"?`;
      refuse(['beads', index, 'dependsOn', position], `"${shown(id)}" is the id of no bead in this file`, remedy);
    }
  }
}

function circleText(cycle: readonly string[]): string {
  if (cycle.length <= CYCLE_SHOWN_MAX + 2) return cycle.map(shown).join(' → ');
  const unshown = cycle.length - CYCLE_SHOWN_MAX - 1;
  return [...cycle.slice(0, CYCLE_SHOWN_MAX), `… ${unshown} more …`, cycle.at(-1) ?? ''].map(shown).join(' → ');
}
