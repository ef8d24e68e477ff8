/**
 * What happened when, counted in memory by the ten seconds: the figures behind the metrics and the sparklines. The past
 * is read from the log in slices when somebody looks for the first time; from then on each commit is counted as it
 * comes.
 */
import type { EpochMs } from '../../core/types.ts';
import type { LogFigure, LogRow } from '../../store/port.ts';
import type { InspectorSource } from '../source.ts';
import type { Machines } from './machine.ts';
import { paused } from './stays.ts';
import { isFailure } from './texts.ts';

export const BUCKET_MS = 10_000;
const KEPT_MS = 24 * 3_600_000;
/** A few more than a day has. */
const BUCKETS_MAX = KEPT_MS / BUCKET_MS + 100;
/** Rows of the past that are counted, and rows of one slice: some milliseconds. */
const PAST_ROWS_MAX = 200_000;
const SLICE = 2_000;

export type Bucket = {
  readonly at: EpochMs;
  rows: number;
  rejected: number;
  timers: number;
  outcomes: number;
  failures: number;
  /** How long effects took from the row that asked for them to the one that heard of them: the sum, and how many. */
  effectMs: number;
  effects: number;
  /** By `machine/top-level state`: how many came in more than went out. */
  readonly moves: Map<string, number>;
};

export class Tally {
  readonly #source: InspectorSource;
  readonly #machines: Machines;
  readonly #buckets = new Map<EpochMs, Bucket>();
  #ready: Promise<void> | null = null;
  #isRead = false;
  /** The oldest instant from which on everything is counted. */
  #since: EpochMs = Number.MAX_SAFE_INTEGER;

  constructor(source: InspectorSource, machines: Machines) {
    this.#source = source;
    this.#machines = machines;
  }

  /** True when everything from an instant on is counted, or all that ever will be; sets the counting going. */
  reaches(from: EpochMs): boolean {
    this.#ready ??= this.#begin().catch(() => {
      this.#ready = null;
    });
    return this.#isRead || this.#since <= from;
  }

  /** The oldest instant from which on everything is counted. */
  get since(): EpochMs {
    return this.#since;
  }

  /** Buckets from `from` to `to`, oldest first; those in which nothing happened are missing. */
  between(from: EpochMs, to: EpochMs): readonly Bucket[] {
    return [...this.#buckets.values()].filter(({ at }) => at >= from && at < to).sort((a, b) => a.at - b.at);
  }

  async #begin(): Promise<void> {
    const { reads, watch, env } = this.#source;
    const head = reads.lastSeq();
    watch((rows) => this.#listen(rows.filter(({ seq }) => seq > head)));
    const oldest = bucketOf(env.clock.now() - KEPT_MS);
    const end = Math.max(0, head - PAST_ROWS_MAX);
    for (let below = head + 1; below > end + 1; ) {
      const above = Math.max(end, below - 1 - SLICE);
      const figures = reads.logFigures({ above, below, spanMs: BUCKET_MS });
      for (const figure of figures) if (figure.at >= oldest) this.#count(figure);
      const first = figures.reduce((least, { at }) => Math.min(least, at), Number.MAX_SAFE_INTEGER);
      // The first span of a slice may go on in the next one.
      this.#since = Math.max(oldest, first + BUCKET_MS);
      if (first < oldest) break;
      below = above + 1;
      await paused(this.#source);
    }
    if (end === 0) this.#since = oldest;
    this.#isRead = true;
  }

  #listen(rows: readonly LogRow[]): void {
    for (const row of rows) this.#count(figureOf(this.#source, row));
    if (this.#buckets.size <= BUCKETS_MAX) return;
    const oldest = this.#source.env.clock.now() - KEPT_MS;
    for (const at of this.#buckets.keys()) if (at < oldest) this.#buckets.delete(at);
  }

  #count(figure: LogFigure): void {
    const bucket = this.#bucketAt(figure.at);
    const { count, by, type } = figure;
    bucket.rows += count;
    if (figure.isRejected) {
      bucket.rejected += count;
      return;
    }
    if (by === 'timer') bucket.timers += count;
    if (by === 'outbox') {
      bucket.outcomes += count;
      if (isFailure(type)) bucket.failures += count;
      bucket.effectMs += figure.afterCauseMs;
      bucket.effects += figure.caused;
    }
    if (figure.before !== figure.after) this.#countMoves(bucket, figure);
  }

  #countMoves({ moves }: Bucket, { machine, before, after, count }: LogFigure): void {
    if (!this.#machines.names.includes(machine)) return;
    const change = (states: string, by: number) => {
      for (const top of topStates(states)) {
        const key = `${machine}/${top}`;
        moves.set(key, (moves.get(key) ?? 0) + by);
      }
    };
    change(before, -count);
    change(after, count);
  }

  #bucketAt(at: EpochMs): Bucket {
    const known = this.#buckets.get(at);
    if (known) return known;
    const zero = { rows: 0, rejected: 0, timers: 0, outcomes: 0, failures: 0, effectMs: 0, effects: 0 };
    const bucket: Bucket = { at, ...zero, moves: new Map() };
    this.#buckets.set(at, bucket);
    return bucket;
  }
}

function bucketOf(instant: EpochMs): EpochMs {
  return Math.floor(instant / BUCKET_MS) * BUCKET_MS;
}

/** A row that has just come, as a figure of one. What it was caused by is read only for the end of an effect. */
function figureOf({ reads }: InspectorSource, row: LogRow): LogFigure {
  const { by, cause, before, after, rejected } = row;
  const [caused] = by === 'outbox' && cause !== null ? reads.log({}, { from: cause - 1, limit: 1, order: 'asc' }) : [];
  return {
    ...{ at: bucketOf(row.at), machine: row.entity.machine, type: row.event.type, by, isRejected: rejected !== null },
    ...{ before, after, count: 1, caused: caused ? 1 : 0, afterCauseMs: caused ? row.at - caused.at : 0 },
  };
}

/** `open` of `open.ready`; each once. */
export function topStates(states: string): readonly string[] {
  if (states === '') return [];
  return [...new Set(states.split(' ').map((leaf) => leaf.split('.')[0] ?? leaf))];
}
