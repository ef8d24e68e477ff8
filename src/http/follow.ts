/**
 * Reads the log from a position on, for one listener, without a gap and without a duplicate.
 *
 * What is told after a commit is kept only while it follows on what was read last, and only so much of it; the rest is
 * read from the log when the listener gets there. A slow listener costs nothing but its place.
 */
import type { EntityRef, Seq } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { LogFilter, LogRow } from '../store/port.ts';

/** Rows that are read from the log at a time. */
const PAGE = 500;
/** Rows that are kept for a listener that falls behind a little. */
const QUEUE_MAX = 1_000;

/** Whose log it is: a town, or any engine. */
export type Followed = {
  log(filter: LogFilter, range: { from?: Seq; limit: number; order: 'asc' | 'desc' }): readonly LogRow[];
  /** Told of the rows of each commit, after it. Returns the unsubscriber. */
  watch(listener: (rows: readonly LogRow[]) => void): () => void;
};

type FollowOptions = {
  readonly followed: Followed;
  readonly filter: FollowFilter;
  readonly from: Seq;
  readonly onNews: () => void;
};

export type FollowFilter = { readonly machine?: string; readonly entity?: EntityRef };

export class Follower {
  /** The last row that was handed out or passed over. */
  #cursor: Seq;
  #queue: LogRow[] = [];
  /** The last row that is known to be queued or read. */
  #head: Seq;
  readonly #followed: Followed;
  readonly #filter: FollowFilter;
  readonly #unwatch: () => void;

  /** Calls `onNews` when there may be more to read. */
  constructor({ followed, filter, from, onNews }: FollowOptions) {
    this.#followed = followed;
    this.#filter = filter;
    this.#cursor = from;
    this.#head = from;
    this.#unwatch = followed.watch((rows) => {
      this.#keep(rows);
      onNews();
    });
  }

  /** Where to go on after this. */
  get cursor(): Seq {
    return this.#cursor;
  }

  /** The position of the last row of the log. */
  get head(): Seq {
    return this.#followed.log({}, { limit: 1, order: 'desc' })[0]?.seq ?? 0;
  }

  /** Passes over what lies before the position. */
  skipTo(seq: Seq): void {
    if (seq <= this.#cursor) return;
    this.#queue = this.#queue.filter((row) => row.seq > seq);
    this.#cursor = seq;
    this.#head = Math.max(this.#head, seq);
  }

  /** The next rows that pass the filter, at most a page. Empty: all was read, until there is news. */
  next(): readonly LogRow[] {
    for (;;) {
      const before = this.#cursor;
      const rows = this.#queue.length > 0 ? this.#fromQueue() : this.#fromLog();
      const wanted = rows.filter((row) => this.#wants(row));
      if (wanted.length > 0 || this.#cursor === before) return wanted;
    }
  }

  close(): void {
    this.#unwatch();
  }

  #keep(rows: readonly LogRow[]): void {
    const first = rows[0];
    const last = rows[rows.length - 1];
    if (first === undefined || last === undefined) return;
    if (first.seq !== this.#head + 1 || this.#queue.length + rows.length > QUEUE_MAX) return;
    this.#queue.push(...rows);
    this.#head = last.seq;
  }

  #fromQueue(): readonly LogRow[] {
    const rows = this.#queue;
    this.#queue = [];
    this.#cursor = this.#head;
    return rows;
  }

  #fromLog(): readonly LogRow[] {
    // Nothing is committed between these two reads: all of it is one synchronous turn.
    const end = this.head;
    const { entity } = this.#filter;
    const rows = this.#followed.log({ ...(entity && { entity }) }, { from: this.#cursor, limit: PAGE, order: 'asc' });
    const last = rows[rows.length - 1];
    if (rows.length === PAGE && last !== undefined) this.#cursor = last.seq;
    else this.#cursor = Math.max(this.#cursor, end);
    this.#head = this.#cursor;
    return rows;
  }

  #wants({ entity: { machine, id } }: LogRow): boolean {
    const { entity } = this.#filter;
    if (entity && refText(entity) !== refText({ machine, id })) return false;
    return this.#filter.machine === undefined || this.#filter.machine === machine;
  }
}
