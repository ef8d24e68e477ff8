/**
 * The live store: the stream of commits, applied to counts once per animation frame; a gap is fetched, a lost
 * connection is taken up again by itself, and the badge says how fresh the page is.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { LogLine, StateCount } from '../contract.ts';
import type { StreamMessage } from '../contract-stream.ts';
import { afterMove, type MachineCounts, placesOf } from './counts.ts';
import { machineOf } from './words.ts';

export type Freshness =
  | { readonly kind: 'live' }
  | { readonly kind: 'catchingUp' }
  | { readonly kind: 'reconnecting'; readonly at: number }
  | { readonly kind: 'paused'; readonly at: number }
  /** The login ran out: only a new link helps. */
  | { readonly kind: 'loggedOut' };

/** A part of the stream's `EventSource`, so that tests can speak in its place. */
export type Source = {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent<string>) => void) | null;
  onerror: ((event: Event) => void) | null;
  close(): void;
};

export type LiveOptions = {
  /** Opens the stream of what came after a position. */
  readonly open: (from: number) => Source;
  /** Says where the log stands; throws what `isLoggedOut` judges. */
  readonly probe: () => Promise<number>;
  readonly isLoggedOut: (thrown: unknown) => boolean;
  /** Everything that is looked at must be fetched again. */
  readonly onGap: () => void;
  readonly onMessages: (messages: readonly StreamMessage[]) => void;
  readonly nextFrame: (run: () => void) => void;
  /** Runs later; returns what cancels it. */
  readonly later: (ms: number, run: () => void) => () => void;
  readonly now: () => number;
};

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
/** Rows that are kept so that an answer that is a little older than the stream can be brought up to it. */
const RECENT_MAX = 2000;

export class Live {
  readonly freshness = signal<Freshness>({ kind: 'catchingUp' });
  /** The position that the page shows. */
  readonly seq = signal(0);
  /** By machine. Only machines that some answer told the counts of. */
  readonly counts = signal<ReadonlyMap<string, MachineCounts>>(new Map());
  /** The commits of the last frame, for what only flashes. */
  readonly flashes: ReadonlySignal<readonly LogLine[]>;
  readonly #flashes = signal<readonly LogLine[]>([]);
  readonly #options: LiveOptions;
  #source: Source | null = null;
  #cancelLater: () => void = () => {};
  #failures = 0;
  #queue: StreamMessage[] = [];
  #recent: LogLine[] = [];
  #waiting: { seq: number; resolve: () => void }[] = [];
  /** Raised with each connection: what an older one still says does not count. */
  #generation = 0;
  /** What the stream has told; null before it began. */
  #streamed: number | null = null;
  /** `#recent` has every row after this position. */
  #recentFrom = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.flashes = this.#flashes;
  }

  /** Connects, and stays so until `stop` or `pause`. */
  async start(): Promise<void> {
    this.stop();
    const generation = this.#generation;
    this.freshness.value = { kind: 'catchingUp' };
    try {
      const seq = await this.#options.probe();
      if (generation === this.#generation) this.#connect(seq);
    } catch (thrown) {
      if (generation !== this.#generation) return;
      if (this.#options.isLoggedOut(thrown)) this.freshness.value = { kind: 'loggedOut' };
      else this.#retry();
    }
  }

  stop(): void {
    this.#generation += 1;
    this.#cancelLater();
    this.#source?.close();
    this.#source = null;
  }

  /** Shows what there was at this moment until `start`. */
  pause(): void {
    this.stop();
    this.freshness.value = { kind: 'paused', at: this.#options.now() };
  }

  /** Takes the counts of an answer, brought up to where the stream is. */
  learn(machine: string, seq: number, counts: readonly StateCount[]): void {
    // Rows after it are lost already: what the stream made of the counts is newer.
    if (this.#streamed !== null && seq < this.#recentFrom) return;
    const fetched: MachineCounts = { seq, places: placesOf(counts) };
    const rows = this.#recent.filter((row) => machineOf(row.ref) === machine);
    this.counts.value = new Map(this.counts.peek()).set(machine, rows.reduce(afterMove, fetched));
    if (seq > this.seq.peek()) this.seq.value = seq;
  }

  /** Resolves when the page shows this position, or after two seconds without it. */
  reached(seq: number): Promise<void> {
    if (this.seq.peek() >= seq) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.later(2000, resolve);
      this.#waiting.push({
        seq,
        resolve: () => {
          cancel();
          resolve();
        },
      });
    });
  }

  #connect(head: number): void {
    const from = this.#position(head);
    const generation = this.#generation;
    const source = this.#options.open(from);
    this.#source = source;
    const current = () => generation === this.#generation;
    source.onopen = () => {
      if (!current()) return;
      this.#failures = 0;
      this.freshness.value = { kind: 'live' };
      this.#options.onGap();
    };
    source.onmessage = (event) => {
      if (current()) this.#take(JSON.parse(event.data) as StreamMessage);
    };
    source.onerror = () => {
      if (!current()) return;
      this.stop();
      this.#retry();
    };
  }

  /** Where to go on. A log that is shorter than what was seen is another one: nothing of the old one holds. */
  #position(head: number): number {
    const oldest = Math.min(head, ...[...this.counts.peek().values()].map(({ seq }) => seq));
    const isAnother = this.seq.peek() > head;
    if (isAnother) {
      this.seq.value = head;
      this.counts.value = new Map();
    }
    if (isAnother || this.#streamed === null) {
      this.#streamed = isAnother ? head : oldest;
      this.#recent = [];
      this.#recentFrom = this.#streamed;
    }
    return this.#streamed;
  }

  #retry(): void {
    const ms = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.freshness.value = { kind: 'reconnecting', at: this.#options.now() + ms };
    this.#cancelLater = this.#options.later(ms, () => void this.start());
  }

  #take(message: StreamMessage): void {
    this.#queue.push(message);
    if (this.#queue.length === 1) this.#options.nextFrame(() => this.#apply());
  }

  #apply(): void {
    const messages = this.#queue;
    this.#queue = [];
    batch(() => {
      const lines: LogLine[] = [];
      for (const message of messages) {
        if (message.kind === 'sample') this.#applySample(message);
        else if (this.#applyLine(message.line)) lines.push(message.line);
      }
      this.#flashes.value = lines;
    });
    this.#options.onMessages(messages);
    const seq = this.seq.peek();
    for (const { resolve } of this.#waiting.filter((waiting) => waiting.seq <= seq)) resolve();
    this.#waiting = this.#waiting.filter((waiting) => waiting.seq > seq);
  }

  /** False: it was seen before. */
  #applyLine(line: LogLine): boolean {
    const streamed = this.#streamed ?? 0;
    if (line.seq <= streamed) return false;
    if (line.seq > streamed + 1) this.#options.onGap();
    this.#streamed = line.seq;
    this.#remember(line);
    const machine = machineOf(line.ref);
    const counts = this.counts.peek().get(machine);
    if (counts) this.counts.value = new Map(this.counts.peek()).set(machine, afterMove(counts, line));
    this.seq.value = Math.max(this.seq.peek(), line.seq);
    return true;
  }

  #remember(line: LogLine): void {
    this.#recent.push(line);
    if (this.#recent.length <= RECENT_MAX) return;
    const dropped = this.#recent.splice(0, RECENT_MAX / 2);
    this.#recentFrom = dropped.at(-1)?.seq ?? this.#recentFrom;
  }

  #applySample(sample: Extract<StreamMessage, { kind: 'sample' }>): void {
    this.#streamed = sample.seq;
    this.#recent = [];
    this.#recentFrom = sample.seq;
    const counts = new Map(this.counts.peek());
    for (const { machine, counts: told } of sample.machines) {
      counts.set(machine, { seq: sample.seq, places: placesOf(told) });
    }
    this.counts.value = counts;
    this.seq.value = Math.max(this.seq.peek(), sample.seq);
  }
}
