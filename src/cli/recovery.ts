/**
 * From log rows to sentences: for each trouble of a run, what happened and what the charts did about it.
 * One commit holds an agent's row and the row of its bead; together they are one line.
 */
import type { EntityRef, EpochMs } from '../core/types.ts';
import type { LogRow } from '../store/port.ts';
import { agentTrouble } from './recovery/agent.ts';
import { aroundTrouble } from './recovery/around.ts';
import { beadTrouble } from './recovery/bead.ts';
import type { Tone, Trouble } from './recovery/trouble.ts';
import { duration, plain } from './text.ts';

export type Recovery = {
  readonly at: EpochMs;
  /** Whom it is about: a bead where there is one. */
  readonly subject: string;
  readonly happened: string;
  /** What the charts did. */
  readonly answer: string;
  readonly tone: Tone;
};

export type RecoveryFacts = {
  /** The bead of an agent's latest dispatch. */
  beadOf(agent: string): string | null;
  /** When the entity's wait ends by itself; null when it waits for nothing timed. */
  retryAt(ref: EntityRef): EpochMs | null;
};

/** The recoveries that the rows of one commit tell of, in order. */
export function recoveriesIn(rows: readonly LogRow[], facts: RecoveryFacts): readonly Recovery[] {
  const told = new Set<LogRow>();
  const found: Recovery[] = [];
  for (const row of rows) {
    if (row.rejected !== null || told.has(row)) continue;
    const trouble = troubleOf(row);
    if (!trouble) continue;
    const bead = row.entity.machine === 'agent' ? facts.beadOf(row.entity.id) : null;
    const follow = bead === null ? undefined : rows.find((other) => isWordOf(other, bead, row));
    if (follow) told.add(follow);
    found.push(recovery({ row, follow, bead, trouble, facts }));
  }
  return found;
}

function troubleOf(row: LogRow): Trouble | null {
  if (row.entity.machine === 'agent') return agentTrouble(row);
  return row.entity.machine === 'bead' ? beadTrouble(row) : aroundTrouble(row);
}

/** What the bead heard in the same commit, after the agent's row. */
function isWordOf(other: LogRow, bead: string, { seq }: LogRow): boolean {
  const { entity, event } = other;
  return entity.machine === 'bead' && entity.id === bead && other.seq > seq && event.type.startsWith('RUN.');
}

type Parts = {
  readonly row: LogRow;
  readonly follow: LogRow | undefined;
  readonly bead: string | null;
  readonly trouble: Trouble;
  readonly facts: RecoveryFacts;
};

function recovery({ row, follow, bead, trouble, facts }: Parts): Recovery {
  const { entity, at } = row;
  const last = follow ?? row;
  const states = follow ? `${entity.machine} ${row.after}, bead ${follow.after}` : `${entity.machine} ${row.after}`;
  const retryAt = trouble.tone === 'mended' ? null : retryOf(last, facts);
  const wait = retryAt === null ? '' : `, retry in ${duration(retryAt - at)}`;
  const subject = bead ?? (entity.machine === 'bead' ? entity.id : `${entity.machine} ${entity.id}`);
  const isLost =
    last.entity.machine === 'bead' && last.after.startsWith('failed.') && last.after !== 'failed.exhausted';
  const tone = isLost ? 'lost' : (trouble.tone ?? 'trouble');
  // The breaker's cooling has an end that is worth knowing.
  const answer = trouble.answer && `${trouble.answer}${entity.machine === 'breaker' ? wait : ''}`;
  return { at, subject, happened: plain(trouble.happened), answer: answer ?? `${states}${wait}`, tone };
}

const rests =
  /^(in_progress\.retryWait|open\.backoff|open\.throttled|failed\.exhausted|in_progress\.inReview\.blocked|down|open)$/;

function retryOf({ entity, after }: LogRow, facts: RecoveryFacts): EpochMs | null {
  return rests.test(after) ? facts.retryAt(entity) : null;
}
