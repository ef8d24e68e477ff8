/**
 * The output of one run as a feed of server-sent events: its stored tail first, then what comes. The id of an event is
 * the byte after its text, so a listener that comes back misses nothing and hears nothing twice.
 *
 * The data of an event is one of `{ run }`, which run it is, first; `{ from, to, text }`, a piece, with `skipped` where
 * bytes before it are no longer kept; and `{ end }`, how the run ended, last.
 */
import type { OutputPiece } from '../../agents/output.ts';
import type { RunName } from '../../town/api.ts';
import { eventText, type Feed } from '../event-stream.ts';
import { plainText, unfinishedAt } from '../plain-text.ts';
import type { RunTail, RunTails } from './run-tail.ts';

export type OutputWish = {
  readonly run: RunName;
  /** The byte to go on from; null: `tailBytes` before the end, at the beginning of a line. */
  readonly from: number | null;
  readonly tailBytes: number;
  /** True: as it was printed, with its escape sequences. */
  readonly isRaw: boolean;
};

/** `onNews` is called when there may be more to say. */
export function openOutputFeed(tails: RunTails, wish: OutputWish, onNews: () => void): Feed {
  return new OutputFeed(tails, wish, onNews);
}

class OutputFeed implements Feed {
  isOver = false;
  readonly #wish: OutputWish;
  readonly #onNews: () => void;
  readonly #watch: { readonly tail: RunTail; close(): void };
  /** The next byte to tell of; null: it is not known yet where the tail begins. */
  #cursor: number | null;
  /** All bytes that were looked at, told or held back. */
  #readTo = -1;
  #ready: string[];
  #isReading = false;
  /** The first piece of a tail begins in the middle of a line, which nobody wants to see. */
  #cutsLine = false;

  constructor(tails: RunTails, wish: OutputWish, onNews: () => void) {
    this.#wish = wish;
    this.#onNews = onNews;
    this.#cursor = wish.from;
    // It may be the latest run that was asked for: which one it is, is said first.
    this.#ready = [eventText(wish.from, { run: { agent: wish.run.agent, epoch: wish.run.epoch } })];
    this.#watch = tails.watch(wish.run, onNews);
  }

  get cursor(): number {
    return this.#cursor ?? 0;
  }

  next(): string | null {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const { tail } = this.#watch;
    if (this.isOver || this.#isReading || tail.known === null) return null;
    const cursor = this.#begin(tail.known);
    // What was held back is told when nothing can follow it any more.
    const isHeld = tail.over !== null && cursor < this.#readTo;
    if (tail.known > this.#readTo || isHeld) {
      this.#isReading = true;
      void this.#read(cursor, tail.over !== null);
      return null;
    }
    if (tail.over === null) return null;
    this.isOver = true;
    const { outcome, reason, endedAt } = tail.over;
    return eventText(cursor, { end: { outcome, reason, endedAt } });
  }

  close(): void {
    this.#watch.close();
  }

  #begin(known: number): number {
    if (this.#cursor === null) {
      this.#cursor = Math.max(0, known - this.#wish.tailBytes);
      this.#cutsLine = this.#cursor > 0 && this.#wish.tailBytes > 0;
      this.#readTo = this.#wish.tailBytes === 0 ? known : -1;
    }
    return this.#cursor;
  }

  async #read(cursor: number, isLast: boolean): Promise<void> {
    const piece = await this.#watch.tail.read(cursor).catch(() => null);
    this.#isReading = false;
    if (piece !== null) this.#take(piece, cursor, isLast);
    else {
      // A container that does not answer is asked again with the next news; an end brings none.
      this.#readTo = Math.max(this.#readTo, this.#watch.tail.known ?? 0);
      if (isLast) this.#cursor = this.#readTo;
    }
    this.#onNews();
  }

  #take(piece: OutputPiece, cursor: number, isLast: boolean): void {
    this.#readTo = piece.nextByte;
    const cut = this.#cutsLine ? piece.text.indexOf('\n') + 1 : 0;
    this.#cutsLine = false;
    const isWhole = this.#wish.isRaw || isLast || piece.nextByte < piece.endByte;
    const end = isWhole ? piece.text.length : unfinishedAt(piece.text);
    const text = piece.text.slice(cut, Math.max(cut, end));
    const from = piece.fromByte + Buffer.byteLength(piece.text.slice(0, cut));
    this.#cursor = from + Buffer.byteLength(text);
    const skipped = Math.max(0, piece.fromByte - cursor);
    if (text === '' && skipped === 0) return;
    const shown = this.#wish.isRaw ? text : plainText(text);
    const data = { from, to: this.#cursor, ...(skipped > 3 && { skipped }), text: shown };
    this.#ready.push(eventText(this.#cursor, data));
  }
}
