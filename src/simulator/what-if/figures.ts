/** What a log came to, in numbers that two policies can be compared by. */
import type { RecordedRow } from './rows.ts';

export type WhatIfFigures = {
  readonly beads: number;
  readonly closed: number;
  readonly failed: number;
  readonly attempts: number;
  readonly spentUsd: number;
  /** From a bead's creation to its close. */
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
  readonly breakerOpenings: number;
  readonly escalations: number;
  /** The longest that a bead waited in one state for something else than a person, its turn or another bead. */
  readonly longestWaitMs: number;
};

const WAITS = /^(open\.(backoff|throttled)|in_progress\.(starting|retryWait|retryDue|inReview\..*)|failed\.exhausted)$/;

export function figuresOf(rows: readonly RecordedRow[]): WhatIfFigures {
  const taken = rows.filter(({ rejected }) => rejected === null);
  const of = (machine: string) => taken.filter(({ entity }) => entity.machine === machine);
  const beads = new Map<string, { born: number; state: string; since: number; closed: number | null }>();
  let longestWaitMs = 0;
  const end = rows.at(-1)?.at ?? 0;
  for (const { entity, at, after } of of('bead')) {
    const bead = beads.get(entity.id) ?? { born: at, state: after, since: at, closed: null };
    beads.set(entity.id, bead);
    if (bead.state === after) continue;
    if (WAITS.test(bead.state)) longestWaitMs = Math.max(longestWaitMs, at - bead.since);
    Object.assign(bead, { state: after, since: at, closed: after.startsWith('closed.') ? at : null });
  }
  const all = [...beads.values()];
  for (const { state, since } of all) if (WAITS.test(state)) longestWaitMs = Math.max(longestWaitMs, end - since);
  const times = all.flatMap(({ born, closed }) => (closed === null ? [] : [closed - born])).sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? null;
  const into = (machine: string, state: string) =>
    of(machine).filter(({ before, after }) => before !== after && after === state).length;
  return {
    ...{ beads: all.length, closed: times.length, medianMs: at(0.5), p90Ms: at(0.9), longestWaitMs },
    failed: all.filter(({ state }) => state.startsWith('failed.')).length,
    attempts: of('agent').filter(({ event }) => event.type === 'ASSIGN').length,
    spentUsd: of('agent').reduce((sum, { event }) => sum + (event.type === 'USAGE' ? Number(event.costUsd) : 0), 0),
    breakerOpenings: into('breaker', 'open'),
    escalations: into('escalation', 'raised'),
  };
}
