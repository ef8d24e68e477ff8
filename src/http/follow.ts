/**
 * Reads the log from a position on, for one listener, without a gap and without a duplicate.
 *
 * What is told after a commit is kept only while it follows on what was read last, and only so much of it; the rest is
 * read from the log when the listener gets there. A slow listener costs nothing but its place.
 */
import type { EntityRef, Seq } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { LogRow } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import { headOf } from './views.ts';

/** Rows that are read from the log at a time. */
const PAGE = 500;
/** Rows that are kept for a listener that falls behind a little. */
const QUEUE_MAX = 1_000;

export type FollowFilter = { readonly machine?: string; readonly entity?: EntityRef };

export class Follower {
  /** The last row that was handed out or passed over. */
  #cursor: Seq;
  #queue: LogRow[] = [];
  /** The last row that is known to be queued or read. */
  #head: Seq;
  readonly #town: Town;
  readonly #filter: FollowFilter;
  readonly #unwatch: () => void;

  /** Calls `onNews` when there may be more to read. */
  constructor({ town, filter, from, onNews }: { town: Town; filter: FollowFilter; from: Seq; onNews: () => void }) {
    this.#town = town;
    this.#filter = filter;
    this.#cursor = from;
    this.#head = from;
    this.#unwatch = town.watch((rows) => {
      this.#keep(rows);
      onNews();
    });
  }

  /** Where to go on after this. */
  get cursor(): Seq {
    return this.#cursor;
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
    const end = headOf(this.#town);
    const { entity } = this.#filter;
    const rows = this.#town.log({ entity }, { from: this.#cursor, limit: PAGE, order: 'asc' });
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
