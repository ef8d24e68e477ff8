/**
 * What the pages show: one answer for each API path, kept while it is looked at and for a while after, fetched again
 * when the live stream says that it may have changed, at most once a second.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { ProblemView } from '../contract.ts';
import type { Start } from '../contract-page.ts';
import type { StreamMessage } from '../contract-stream.ts';
import { type Api, asProblem } from './api.ts';
import type { ApiPath } from './paths.ts';

/** Which messages of the live stream change an answer. */
export type Concerns = (message: StreamMessage) => boolean;
export const everything: Concerns = () => true;
export const nothing: Concerns = () => false;

export type Answer<T> = {
  /** Null until it came for the first time. */
  readonly value: ReadonlySignal<T | null>;
  /** It came at least once: a `value` of null is then what the server said. */
  readonly isThere: ReadonlySignal<boolean>;
  /** The last fetch failed: `value` is what was true before. */
  readonly problem: ReadonlySignal<ProblemView | null>;
  readonly refetch: () => Promise<void>;
};

const REFETCH_MS = 1000;
/** Answers that nobody looks at any more and that going back finds still there. */
const KEPT_MAX = 40;

/** The server is still reading what the answer is made of. */
export const isPartial = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'partial' in value && value.partial === true;

class Entry<T> implements Answer<T> {
  readonly value = signal<T | null>(null);
  readonly isThere = signal(false);
  readonly problem = signal<ProblemView | null>(null);
  /** Who looks, and what concerns each. */
  readonly watchers = new Set<Concerns>();
  #running: Promise<void> | null = null;
  #isDirty = false;
  /** Nobody looked for a while: it may be old. */
  isStale = true;
  #waiting: ReturnType<typeof setTimeout> | null = null;
  readonly #ask: () => Promise<T>;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks now; one that is under way is followed by another, because it may have read too early. */
  readonly refetch = (): Promise<void> => {
    if (this.#running !== null) {
      this.#isDirty = true;
      return this.#running;
    }
    this.#running = this.#fetch().finally(() => {
      this.#running = null;
      if (!this.#isDirty) return;
      this.#isDirty = false;
      void this.refetch();
    });
    return this.#running;
  };

  /** Asks soon: many changes at once cost one question. */
  refetchSoon(): void {
    if (this.#waiting !== null) return;
    this.#waiting = setTimeout(() => {
      this.#waiting = null;
      if (this.watchers.size > 0) void this.refetch();
    }, REFETCH_MS);
  }

  async #fetch(): Promise<void> {
    try {
      const value = await this.#ask();
      // Whoever looked may have gone meanwhile: then nothing keeps it current.
      this.isStale = this.watchers.size === 0;
      if (isPartial(value)) this.refetchSoon();
      batch(() => {
        this.value.value = value;
        this.isThere.value = true;
        this.problem.value = null;
      });
    } catch (thrown) {
      this.problem.value = asProblem(thrown);
    }
  }
}

export class Answers {
  readonly #api: Api;
  readonly #learn: (value: unknown) => void;
  readonly #entries = new Map<string, Entry<unknown>>();

  /** `learn` sees every answer that comes, to take what it says about time and counts. */
  constructor(api: Api, start: Start, learn: (value: unknown) => void) {
    this.#api = api;
    this.#learn = learn;
    for (const [path, value] of Object.entries(start)) {
      const entry = this.#entry(path);
      entry.value.value = value;
      entry.isThere.value = true;
      entry.isStale = isPartial(value);
      learn(value);
    }
  }

  of<T>(path: ApiPath<T>): Answer<T> {
    return this.#entry(path) as Entry<T>;
  }

  /** Keeps an answer current until the returned function is called. Fetches it when it is not there. */
  watch(path: string, concerns: Concerns): () => void {
    const entry = this.#entry(path);
    // Its own function for each watcher: two may have the same concerns.
    const own: Concerns = (message) => message.kind === 'sample' || concerns(message);
    entry.watchers.add(own);
    if (entry.isStale) void entry.refetch();
    return () => {
      entry.watchers.delete(own);
      if (entry.watchers.size === 0) entry.isStale = true;
      this.#forget();
    };
  }

  /** The live stream said something. */
  hear(messages: readonly StreamMessage[]): void {
    for (const entry of this.#entries.values()) {
      if ([...entry.watchers].some((concerns) => messages.some(concerns))) {
        entry.refetchSoon();
      }
    }
  }

  /** After a gap. */
  refetchAllSoon(): void {
    for (const entry of this.#entries.values()) entry.refetchSoon();
  }

  /** After an action: everything that is looked at. */
  async refetchAll(): Promise<void> {
    const watched = [...this.#entries.values()].filter(({ watchers }) => watchers.size > 0);
    await Promise.all(watched.map((entry) => entry.refetch()));
  }

  #entry(path: string): Entry<unknown> {
    const known = this.#entries.get(path);
    if (known !== undefined) return known;
    const entry = new Entry<unknown>(async () => {
      const value = await this.#api.get<unknown>(path);
      this.#learn(value);
      return value;
    });
    this.#entries.set(path, entry);
    return entry;
  }

  #forget(): void {
    const idle = [...this.#entries].filter(([, { watchers }]) => watchers.size === 0);
    for (const [path] of idle.slice(0, Math.max(0, idle.length - KEPT_MAX))) this.#entries.delete(path);
  }
}
