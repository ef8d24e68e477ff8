/** Finds entities by id and title, states and events by name. */
import type { SearchView } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { lineOf } from './line.ts';
import type { Entry } from './roster.ts';
import { countsOf } from './summary.ts';

const ENTITIES_MAX = 20;
const NAMES_MAX = 20;

export async function search(inspection: Inspection, query: string): Promise<SearchView> {
  const part = query.trim().toLowerCase();
  if (part === '') return { ...inspection.stamp(), query, entities: [], states: [], events: [] };
  const found: { readonly entry: Entry; readonly rank: number }[] = [];
  const { machines, roster } = inspection;
  const isWhole = await inspection.patience(() => machines.names.every((name) => roster.soFar(name).isWhole));
  for (const name of machines.names) {
    for (const entry of roster.soFar(name).entries.values()) {
      const rank = rankOf(entry, part);
      if (rank !== null) found.push({ entry, rank });
    }
  }
  const best = found.sort((a, b) => a.rank - b.rank || b.entry.born - a.entry.born).slice(0, ENTITIES_MAX);
  return {
    ...{ ...inspection.stamp(), ...(!isWhole && { partial: true as const }), query },
    entities: best.flatMap(({ entry }) => lineOf(inspection, entry.ref) ?? []),
    states: statesLike(inspection, part),
    events: eventsLike(inspection, part),
  };
}

/** The id itself, then what begins with it, then what has it in it; null: nothing of it. */
function rankOf({ ref, title }: Entry, part: string): number | null {
  const [id, name] = [ref.id.toLowerCase(), title.toLowerCase()];
  const whole = `${ref.machine}/${id}`;
  if (id === part || whole === part) return 0;
  if (id.startsWith(part) || name.startsWith(part)) return 1;
  return id.includes(part) || name.includes(part) || whole.includes(part) ? 2 : null;
}

function statesLike(inspection: Inspection, part: string): SearchView['states'] {
  const found = inspection.machines.all().flatMap(({ name, leaves }) => {
    const counts = new Map(countsOf(inspection, name).map(({ state, count }) => [state, count]));
    return leaves
      .filter((leaf) => leaf.toLowerCase().includes(part))
      .map((state) => ({ machine: name, state, count: counts.get(state) ?? 0 }));
  });
  return found.sort((a, b) => b.count - a.count).slice(0, NAMES_MAX);
}

function eventsLike({ machines }: Inspection, part: string): SearchView['events'] {
  const byEvent = new Map<string, Set<string>>();
  for (const { name, chart } of machines.all()) {
    for (const { eventType } of chart.edges) {
      if (eventType === null || eventType.startsWith('xstate.') || !eventType.toLowerCase().includes(part)) continue;
      byEvent.set(eventType, (byEvent.get(eventType) ?? new Set()).add(name));
    }
  }
  return [...byEvent].slice(0, NAMES_MAX).map(([event, names]) => ({ event, machines: [...names] }));
}
