/**
 * What people say to the run, fetched from the town as long as the run goes on: the town is asked for what is new, and
 * answers when there is something. A message counts as taken when the agent was told it, and the town is told so.
 */
import { coerceError, Retryable } from '../core/errors.ts';
import type { PersonInput } from '../drivers/host.ts';
import type { Env } from '../env/env.ts';
import { pause, within } from '../env/waiting.ts';
import type { TownLine } from './town-line.ts';

const AGAIN_FIRST_MS = 500;
const AGAIN_LONGEST_MS = 15_000;
/** An answer that is faster than this was not waited for. */
const SOON_MS = 1_000;
const LATER_MS = 5_000;
const KEY_DIGITS = 32;

export type InboxParts = {
  readonly env: Env;
  readonly town: Pick<TownLine, 'inbox' | 'tell'>;
  readonly hear: (input: PersonInput) => void;
};

export class Inbox {
  readonly #parts: InboxParts;
  readonly #closing = new AbortController();
  /** Ids that the driver knows of and the town still keeps for us. */
  readonly #known = new Set<string>();
  /** Ids that the agent was told. */
  readonly #heard = new Set<string>();
  #attended = false;
  #telling: Promise<void> = Promise.resolve();

  constructor(parts: InboxParts) {
    this.#parts = parts;
    void this.#listen();
  }

  /** The agent was told these. */
  heard(ids: readonly string[]): void {
    for (const id of ids) {
      this.#heard.add(id);
      this.#telling = this.#telling.then(() => this.#tellTaken(id));
    }
  }

  /** Resolves when the town knows what was heard, or the time is over. */
  async close(withinMs: number): Promise<void> {
    await within(this.#parts.env, withinMs, this.#telling);
    this.#closing.abort();
  }

  async #listen(): Promise<void> {
    const { signal } = this.#closing;
    const { town, env } = this.#parts;
    for (let waitMs = AGAIN_FIRST_MS; !signal.aborted; ) {
      try {
        const askedAt = env.clock.now();
        const isNews = this.#take(await town.inbox({ known: [...this.#known], attended: this.#attended }, signal));
        waitMs = AGAIN_FIRST_MS;
        // A town in which too many wait answers at once.
        if (!isNews && env.clock.now() - askedAt < SOON_MS) await this.#pause(LATER_MS);
      } catch (thrown) {
        const error = coerceError(thrown);
        // The run was replaced, or its town knows of no inbox: nobody will say anything.
        if (!(error instanceof Retryable)) return;
        env.log('debug', `nobody says what people say to the run: ${error.message}`);
        await this.#pause(waitMs);
        waitMs = Math.min(waitMs * 2, AGAIN_LONGEST_MS);
      }
    }
  }

  /** True when something in it was new. */
  #take({ attended, messages }: Awaited<ReturnType<TownLine['inbox']>>): boolean {
    const { hear } = this.#parts;
    let isNews = attended !== this.#attended;
    for (const id of [...this.#known]) {
      if (messages.some((message) => message.id === id)) continue;
      this.#known.delete(id);
      isNews = true;
      // The agent looked into its inbox by itself.
      if (!this.#heard.has(id)) hear({ kind: 'withdrawn', id });
    }
    if (attended !== this.#attended) hear({ kind: attended ? 'takeOver' : 'giveBack' });
    this.#attended = attended;
    for (const { id, text } of messages) {
      if (this.#known.has(id) || this.#heard.has(id)) continue;
      this.#known.add(id);
      isNews = true;
      hear({ kind: 'message', id, text });
    }
    return isNews;
  }

  async #tellTaken(id: string): Promise<void> {
    const { town, env } = this.#parts;
    const key = env.hex(KEY_DIGITS);
    for (let waitMs = AGAIN_FIRST_MS; !this.#closing.signal.aborted; waitMs = Math.min(waitMs * 2, AGAIN_LONGEST_MS)) {
      try {
        return await town.tell({ type: 'message_taken', id }, key);
      } catch (thrown) {
        if (!(thrown instanceof Retryable)) return;
      }
      await this.#pause(waitMs);
    }
  }

  /** Keeps no process alive. */
  #pause(ms: number): Promise<void> {
    return pause(this.#parts.env, ms, { background: true });
  }
}
