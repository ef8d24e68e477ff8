/**
 * A failing run as a file: what to play again, what it violates, and the last that happened, for a person to read.
 */
import { stringify } from 'yaml';
import { z } from 'zod';
import { Refused } from '../core/errors.ts';
import { refText } from '../core/types.ts';
import type { LogRow } from '../store/port.ts';
import type { Outcome } from './simulate.ts';

/** So many rows make a story, each not longer than this. */
const STORY_ROWS = 12;
const STORY_LINE_MAX = 140;

const schema = z.object({
  seed: z.number().int(),
  size: z.object({
    days: z.number().positive(),
    agentsMax: z.number().optional(),
    beadsMax: z.number().optional(),
    containersMax: z.number().optional(),
  }),
  violation: z.object({ property: z.string(), atMs: z.number(), sentence: z.string() }),
  faults: z.array(z.string()),
  hash: z.string(),
  events: z.array(z.string()),
});
export type Repro = z.infer<typeof schema>;

export function reproOf({ seed, size, violations, faults, hash, tail }: Outcome): Repro {
  const [violation = { property: '', atMs: 0, sentence: '' }] = violations;
  return { seed, size: { ...size }, violation, faults: [...faults], hash, events: tail.map(rowText) };
}

/** The run as an incident (docs/INCIDENTS.md), which `yardmaster incidents` plays again. */
export function incidentText({ seed, size, violation, faults, events }: Repro): string {
  const { property, sentence } = violation;
  const incident = {
    id: `seed-${seed}`,
    title: `Seed ${seed} violates ${property}`,
    story: [`${sentence}. The last that moved:`, ...lastMoves(events)].join('\n'),
    simulation: { seed, ...size, faults },
  };
  return stringify(incident, { lineWidth: 0 });
}

function lastMoves(events: readonly string[]): readonly string[] {
  const moves = events.filter((event) => event.includes(' → '));
  return moves.slice(-STORY_ROWS).map((event) => event.slice(0, STORY_LINE_MAX));
}

/** Reads a saved file. Throws Refused `invalid` when it is none. */
export function parseRepro(text: string): Repro {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Refused('invalid', 'this is no saved simulation: use a file that simulate --save wrote');
  }
}

/** `12.3 s agent/p1 HEARTBEAT: working.suspect → working.running`, times since the first row. */
export function rowText(
  { at, entity, event, before, after, rejected }: LogRow,
  _: number,
  rows: readonly LogRow[],
): string {
  const seconds = ((at - (rows[0]?.at ?? at)) / 1_000).toFixed(1);
  const moved = before === after ? `stays ${after}` : `${before || 'new'} → ${after}`;
  const turned = rejected === null ? '' : `, turned away: ${rejected.split(';')[0]}`;
  return `+${seconds} s ${refText(entity)} ${event.type}: ${moved}${turned}`;
}
