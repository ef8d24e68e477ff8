/** Breakers: what they count, what they hold back, and how they came to it. */
import type { BreakersView, BreakerView } from '../contract.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { actionsOf, lineOfSubject } from './line.ts';
import { logLine } from './log-line.ts';
import { leavesBelow } from './machine.ts';
import { type Breaker, breakersOf } from './needs-you.ts';
import { said } from './subject.ts';

const HISTORY_LOOKED_AT = 500;
const HISTORY_MAX = 50;

export function breakersView(inspection: Inspection, viewer: Viewer): BreakersView {
  return {
    ...inspection.stamp(),
    breakers: breakersOf(inspection).map((breaker) => viewOf(inspection, viewer, breaker)),
  };
}

function viewOf(inspection: Inspection, viewer: Viewer, { row, subject, facts }: Breaker): BreakerView {
  const { source, machines } = inspection;
  const machine = machines.get(row.ref.machine);
  const rows = source.reads.log({ entity: row.ref }, { limit: HISTORY_LOOKED_AT, order: 'desc' });
  const moves = rows.filter(({ before, after, rejected }) => before !== after && rejected === null);
  return {
    line: lineOfSubject(inspection, { machine, row, subject }),
    ...{ closed: facts.closed, reason: facts.reason === null ? null : source.mask(facts.reason) },
    ...{ failures: facts.failures, max: facts.max, windowMs: facts.windowMs, holding: holdingOf(inspection, facts) },
    actions: viewer.access === 'operate' ? actionsOf(inspection, machine, row) : [],
    history: moves.slice(0, HISTORY_MAX).map((moved) => logLine(inspection, moved)),
    facts: said(() => machine.description.facts?.(subject), []) ?? [],
  };
}

function holdingOf({ source, machines }: Inspection, { holds, closed }: Breaker['facts']): BreakerView['holding'] {
  if (!holds || closed) return null;
  const leaves = new Set(leavesBelow(machines.get(holds.machine), holds.state));
  const counts = source.reads.census(holds.machine).filter(({ state }) => leaves.has(state));
  return { ...holds, count: counts.reduce((sum, { count }) => sum + count, 0) };
}
