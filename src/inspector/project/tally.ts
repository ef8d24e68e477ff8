/**
 * What happened when, counted in memory by the ten seconds: the figures behind the metrics and the sparklines. The past
 * is read from the log in slices when somebody looks for the first time; from then on each commit is counted as it
 * comes.
 */
import type { EpochMs, Seq } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import type { InspectorSource } from '../source.ts';
import type { Machines } from './machine.ts';
import { isFailure } from './texts.ts';

export const BUCKET_MS = 10_000;
const KEPT_MS = 24 * 3_600_000;
/** A few more than a day has. */
const BUCKETS_MAX = KEPT_MS / BUCKET_MS + 100;
/** Rows of the past that are counted, and rows of one slice. */
const PAST_ROWS_MAX = 200_000;
const SLICE = 500;
/** Rows whose instant is remembered until their effects have ended. */
const ASKED_MAX = 20_000;

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
  readonly #asked = new Map<Seq, EpochMs>();
  #ready: Promise<void> | null = null;
  #isRead = false;
  /** The oldest instant that is counted in full. */
  #since: EpochMs = 0;

  constructor(source: InspectorSource, machines: Machines) {
    this.#source = source;
    this.#machines = machines;
  }

  get since(): EpochMs {
    return this.#since;
  }

  /** Counts the past, once. */
  ready(): Promise<void> {
    this.#ready ??= this.#begin();
    return this.#ready;
  }

  /** True when the past is counted; sets it going. */
  look(): boolean {
    void this.ready().catch(() => {
      this.#ready = null;
    });
    return this.#isRead;
  }

  /** Buckets from `from` to `to`, oldest first; those in which nothing happened are missing. */
  between(from: EpochMs, to: EpochMs): readonly Bucket[] {
    return [...this.#buckets.values()].filter(({ at }) => at >= from && at < to).sort((a, b) => a.at - b.at);
  }

  async #begin(): Promise<void> {
    const { reads, watch, env } = this.#source;
    const head = reads.lastSeq();
    watch((rows) => this.#add(rows.filter(({ seq }) => seq > head)));
    const oldest = env.clock.now() - KEPT_MS;
    this.#since = oldest;
    let from = head + 1;
    for (let read = 0; read < PAST_ROWS_MAX; read += SLICE) {
      const rows = reads.log({}, { from, limit: SLICE, order: 'desc' });
      const wanted = rows.filter(({ at }) => at >= oldest);
      this.#add([...wanted].reverse());
      from = rows.at(-1)?.seq ?? 0;
      if (wanted.length < SLICE) break;
      if (read + SLICE >= PAST_ROWS_MAX) this.#since = rows.at(-1)?.at ?? oldest;
      await new Promise<void>((resolve) => env.clock.soon(resolve));
    }
    this.#isRead = true;
  }

  #add(rows: readonly LogRow[]): void {
    for (const row of rows) this.#count(row);
    if (this.#buckets.size <= BUCKETS_MAX) return;
    const oldest = this.#source.env.clock.now() - KEPT_MS;
    for (const at of this.#buckets.keys()) if (at < oldest) this.#buckets.delete(at);
  }

  #count(row: LogRow): void {
    const bucket = this.#bucketAt(row.at);
    bucket.rows += 1;
    if (row.rejected !== null) {
      bucket.rejected += 1;
      return;
    }
    if (row.by === 'timer') bucket.timers += 1;
    this.#remember(row);
    if (row.by === 'outbox') this.#countOutcome(bucket, row);
    if (row.before !== row.after) this.#countMove(bucket, row);
  }

  #countOutcome(bucket: Bucket, { event, cause, at }: LogRow): void {
    bucket.outcomes += 1;
    if (isFailure(event.type)) bucket.failures += 1;
    const asked = cause === null ? undefined : this.#asked.get(cause);
    if (asked === undefined) return;
    bucket.effectMs += at - asked;
    bucket.effects += 1;
  }

  #countMove({ moves }: Bucket, { entity, before, after }: LogRow): void {
    if (!this.#machines.names.includes(entity.machine)) return;
    const change = (states: string, by: number) => {
      for (const top of topStates(states)) {
        const key = `${entity.machine}/${top}`;
        moves.set(key, (moves.get(key) ?? 0) + by);
      }
    };
    change(before, -1);
    change(after, 1);
  }

  #remember({ seq, at }: LogRow): void {
    this.#asked.set(seq, at);
    if (this.#asked.size <= ASKED_MAX) return;
    const [first] = this.#asked.keys();
    if (first !== undefined) this.#asked.delete(first);
  }

  #bucketAt(instant: EpochMs): Bucket {
    const at = Math.floor(instant / BUCKET_MS) * BUCKET_MS;
    const known = this.#buckets.get(at);
    if (known) return known;
    const zero = { rows: 0, rejected: 0, timers: 0, outcomes: 0, failures: 0, effectMs: 0, effects: 0 };
    const bucket: Bucket = { at, ...zero, moves: new Map() };
    this.#buckets.set(at, bucket);
    return bucket;
  }
}

/** `open` of `open.ready`; each once. */
export function topStates(states: string): readonly string[] {
  if (states === '') return [];
  return [...new Set(states.split(' ').map((leaf) => leaf.split('.')[0] ?? leaf))];
}
