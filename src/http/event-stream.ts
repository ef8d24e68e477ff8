/**
 * The log as server-sent events: the id of each is its position, so a listener that comes back goes on where it was.
 */
import type { Seq } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import { Follower, type FollowFilter } from './follow.ts';
import { logRowView } from './views.ts';

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;
/** Bytes that wait for a listener before nothing more is read for it. */
const BUFFER_BYTES = 256 * 1024;
/** Heartbeats in a row that find the buffer full: the listener is let go, and resumes when it can. */
const FULL_MAX = 2;

export type StreamOptions = {
  readonly town: Town;
  readonly env: Env;
  readonly filter: FollowFilter;
  /** The position that the listener has seen. */
  readonly from: Seq;
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

class Listener {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #options: StreamOptions;
  readonly #follower: Follower;
  readonly #encoder = new TextEncoder();
  readonly #end = () => this.#finish();
  #heartbeat: { cancel(): void };
  #fullBeats = 0;
  #closed = false;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>, options: StreamOptions) {
    const { town, filter, from, closing } = options;
    this.#controller = controller;
    this.#options = options;
    this.#follower = new Follower({ town, filter, from, onNews: () => this.deliver() });
    this.#heartbeat = this.#nextBeat();
    closing.addEventListener('abort', this.#end, { once: true });
    this.#write(`retry: ${RECONNECT_MS}\n\n`);
  }

  /** Writes what there is until the buffer is full. */
  deliver(): void {
    while (!this.#closed && (this.#controller.desiredSize ?? 0) > 0) {
      const rows = this.#follower.next();
      if (rows.length === 0) return;
      this.#write(rows.map(encode).join(''));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat.cancel();
    this.#follower.close();
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

  /** Carries the position too: what the filter passed over needs not be looked at again. */
  #beat(): void {
    const isFull = (this.#controller.desiredSize ?? 0) <= 0;
    this.#fullBeats = isFull ? this.#fullBeats + 1 : 0;
    if (this.#fullBeats >= FULL_MAX) {
      this.#finish();
      return;
    }
    if (!isFull) this.#write(`: still here\nid: ${this.#follower.cursor}\n\n`);
    this.#heartbeat = this.#nextBeat();
  }

  #write(text: string): void {
    this.#controller.enqueue(this.#encoder.encode(text));
  }
}

function encode(row: LogRow): string {
  return `id: ${row.seq}\ndata: ${JSON.stringify(logRowView(row))}\n\n`;
}
