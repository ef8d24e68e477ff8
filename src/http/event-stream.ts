/**
 * Server-sent events: writes what a feed has to say until the listener's buffer is full, shows every 15 s that it
 * lives, and lets a listener go that does not read. What is said is the feed's affair.
 */
import type { Seq } from '../core/types.ts';
import type { Env } from '../env/env.ts';

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;
/** Bytes that wait for a listener before nothing more is read for it. */
const BUFFER_BYTES = 256 * 1024;
/** Heartbeats in a row that find the buffer full: the listener is let go, and resumes when it can. */
const FULL_MAX = 2;

/** What one listener is told, in order. */
export interface Feed {
  /** The next events as text; null: nothing more until there is news. */
  next(): string | null;
  /** The position up to which nothing is left to say: the heartbeat carries it. */
  readonly cursor: Seq;
  /** True: nothing will ever follow, and the stream ends. */
  readonly isOver?: boolean;
  close(): void;
}

export type StreamOptions = {
  readonly env: Env;
  /** Makes the feed; it calls `onNews` when there may be more to say. */
  readonly open: (onNews: () => void) => Feed;
  /** Ends the stream when it aborts. */
  readonly closing: AbortSignal;
  readonly onClose: () => void;
};

export function openEventStream(options: StreamOptions): ReadableStream<Uint8Array> {
  let listener: Listener | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        listener = new Listener(controller, options);
      },
      pull: () => listener?.deliver(),
      cancel: () => listener?.close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );
}

/** One event as text. Its id is where a listener that comes back goes on; null: where it would have gone on before. */
export function eventText(seq: Seq | null, data: unknown): string {
  return `${seq === null ? '' : `id: ${seq}\n`}data: ${JSON.stringify(data)}\n\n`;
}

class Listener {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #options: StreamOptions;
  readonly #feed: Feed;
  readonly #encoder = new TextEncoder();
  readonly #end = () => this.#finish();
  #heartbeat: { cancel(): void };
  #fullBeats = 0;
  #closed = false;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>, options: StreamOptions) {
    this.#controller = controller;
    this.#options = options;
    this.#feed = options.open(() => this.deliver());
    this.#heartbeat = this.#nextBeat();
    options.closing.addEventListener('abort', this.#end, { once: true });
    this.#write(`retry: ${RECONNECT_MS}\n\n`);
  }

  /** Writes what there is until the buffer is full. */
  deliver(): void {
    while (!this.#closed && (this.#controller.desiredSize ?? 0) > 0) {
      const text = this.#feed.next();
      if (text === null) {
        if (this.#feed.isOver) this.#finish();
        return;
      }
      this.#write(text);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat.cancel();
    this.#feed.close();
    this.#options.closing.removeEventListener('abort', this.#end);
    this.#options.onClose();
  }

  #finish(): void {
    if (this.#closed) return;
    this.close();
    this.#controller.close();
  }

  #nextBeat() {
    const { clock } = this.#options.env;
    return clock.at(clock.now() + HEARTBEAT_MS, () => this.#beat(), { background: true });
  }

  /** Carries the position too: what the feed passed over needs not be looked at again. */
  #beat(): void {
    const isFull = (this.#controller.desiredSize ?? 0) <= 0;
    this.#fullBeats = isFull ? this.#fullBeats + 1 : 0;
    if (this.#fullBeats >= FULL_MAX) {
      this.#finish();
      return;
    }
    if (!isFull) this.#write(`: still here\nid: ${this.#feed.cursor}\n\n`);
    this.#heartbeat = this.#nextBeat();
  }

  #write(text: string): void {
    this.#controller.enqueue(this.#encoder.encode(text));
  }
}
