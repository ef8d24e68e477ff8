/** A recorded log, as `yardmaster log --all` writes it: one row a line. */
import { z } from 'zod';
import { Refused } from '../../core/errors.ts';
import type { EngineEvent, EntityRef } from '../../core/types.ts';

const schema = z.object({
  seq: z.number().int(),
  at: z.number(),
  entity: z.object({ machine: z.string(), id: z.string() }),
  event: z.looseObject({ type: z.string() }),
  by: z.string(),
  taken: z.array(z.string()),
  before: z.string(),
  after: z.string(),
  rejected: z.string().nullable(),
});

export type RecordedRow = {
  readonly seq: number;
  readonly at: number;
  readonly entity: EntityRef;
  readonly event: EngineEvent;
  readonly by: string;
  readonly taken: readonly string[];
  readonly before: string;
  readonly after: string;
  readonly rejected: string | null;
};

/**
 * Reads the text of a log. Throws Refused `invalid` for a line that is no row, and for a log that has no beginning:
 * without the founding of its town nobody knows what it began with.
 */
export function parseRows(text: string): readonly RecordedRow[] {
  const rows = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseRow(line, number));
  const [first] = rows;
  const gap = rows.find(({ seq }, index) => seq !== (first?.seq ?? 1) + index);
  if (gap) throw new Refused('invalid', `the history has a gap before row ${gap.seq}: use one that log --all wrote`);
  if (first?.event.type === 'xstate.init' && first.entity.machine === 'town') return rows;
  throw new Refused('invalid', 'the history does not begin with the founding of a town: use one that log --all wrote');
}

function parseRow(line: string, number: number): RecordedRow {
  try {
    return schema.parse(JSON.parse(line)) as unknown as RecordedRow;
  } catch {
    const remedy = 'use a file that `yardmaster log --all` wrote';
    throw new Refused('invalid', `line ${number} of the history is no row of a log: ${remedy}`);
  }
}
