/**
 * The seals of the log: each row is chained to all before it by a hash. The hash of the last row stands in `meta`, so
 * that a cut end is seen; every so many rows it also stands in the log, so that the place of a change is seen.
 *
 * A seal shows accidents and careless hands. Whoever can write the whole file can seal it anew.
 */
import { hash } from 'node:crypto';
import type { Seq } from '../core/types.ts';
import type { NewLogRow, Reads } from './port.ts';
import { eventBody } from './rows.ts';

/** The last seal, in `meta`. */
export const HEAD = 'head';
/** The last row that was written before there were seals, in `meta`; 0 in a new file. */
export const UNSEALED = 'unsealed';
/** A row in so many shows its seal. */
export const SHOWN_EVERY = 100;

const PAGE = 1_000;
const PROBLEMS_MAX = 100;

export type Head = { readonly seq: Seq; readonly seal: string };
export type SealProblem = { readonly seq: Seq | null; readonly problem: string };

/** The seal of a row that follows the one with the seal `before`; the first of a file follows nothing. */
export function sealOf(before: string, row: NewLogRow, { seq, body }: { seq: Seq; body: string | null }): string {
  return hash('sha256', before + sealedText(row, { seq, body }));
}

/** Everything that a row says, in a form in which no two rows are the same text. */
export function sealedText(row: NewLogRow, { seq, body }: { seq: Seq; body: string | null }): string {
  const { at, entity, event, by, cause, before, after, taken, definition, rejected, reason } = row;
  const edges = taken.length === 0 ? '' : taken.map(measured).join('');
  return (
    `${seq},${at},${cause ?? ''},${definition}${measured(entity.machine)}${measured(entity.id)}` +
    `${measured(event.type)}${measured(body)}${measured(by)}${measured(before)}${measured(after)}` +
    `${measured(rejected)}${measured(reason ?? null)}>${edges}`
  );
}

/** With its length before it, no text can be taken for two. */
function measured(text: string | null): string {
  return text === null ? '\n-' : `\n${text.length}:${text}`;
}

/** Everything about the log that does not fit its seals, at most a hundred sentences. */
export function sealProblems(reads: Reads): readonly SealProblem[] {
  const head = reads.meta(HEAD) as Head | null;
  const unsealed = reads.meta(UNSEALED);
  if (head === null || typeof unsealed !== 'number') return [];
  const walk = new Walk(reads, { seq: unsealed, seal: '' });
  for (const shown of [...shownSeals(reads, unsealed), head]) walk.to(shown);
  return [...walk.problems, ...afterHead(reads, head)].slice(0, PROBLEMS_MAX);
}

/** Goes through the log from one shown seal to the next, and on from what is shown, whatever was found. */
class Walk {
  readonly problems: SealProblem[] = [];
  readonly #reads: Reads;
  #last: Head;

  constructor(reads: Reads, begin: Head) {
    this.#reads = reads;
    this.#last = begin;
  }

  to(shown: Head): void {
    if (shown.seq < this.#last.seq) return;
    const [first, last] = [this.#last.seq + 1, shown.seq];
    const rows = first >= last ? `log row ${last} is` : `log rows ${first} to ${last} are`;
    const found = this.#sealAt(shown.seq);
    if ('missing' in found) {
      const end = this.#reads.lastSeq();
      const problem =
        found.missing > end
          ? `the log ends at row ${end}, but ${last} rows were written: its end was cut off`
          : `${rows} not all there: row ${found.missing} was taken out`;
      this.problems.push({ seq: found.missing, problem });
    } else if (found.seal !== shown.seal) {
      this.problems.push({ seq: last, problem: `${rows} not as written: a row or a seal was changed afterwards` });
    }
    this.#last = shown;
  }

  /** The seal that the rows up to there lead to. */
  #sealAt(to: Seq): { readonly seal: string } | { readonly missing: Seq } {
    let { seq, seal } = this.#last;
    while (seq < to) {
      const rows = this.#reads.log({}, { from: seq, limit: Math.min(PAGE, to - seq), order: 'asc' });
      for (const row of rows) {
        if (row.seq !== seq + 1) return { missing: seq + 1 };
        seq = row.seq;
        seal = sealOf(seal, row, { seq, body: eventBody(row.event) });
      }
      if (rows.length === 0) return { missing: seq + 1 };
    }
    return { seal };
  }
}

function afterHead(reads: Reads, { seq }: Head): readonly SealProblem[] {
  const end = reads.lastSeq();
  if (end <= seq) return [];
  return [{ seq: end, problem: `the log goes on after its last sealed row ${seq}: rows were added by hand` }];
}

function* shownSeals(reads: Reads, from: Seq): Generator<Head> {
  for (let at = from; ; ) {
    const seals = reads.seals(at, PAGE);
    yield* seals;
    const last = seals.at(-1);
    if (last === undefined || seals.length < PAGE) return;
    at = last.seq;
  }
}
