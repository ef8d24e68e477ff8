/** What the log says of an agent while a person is attached: messages on their way, who has the conversation, runs. */
import { Retryable } from '../../core/errors.ts';
import type { Seq } from '../../core/types.ts';
import type { LoggedRow } from '../reader.ts';
import type { Line } from './line.ts';
import { quoted } from './screen.ts';

export type NewsParts = {
  readonly line: Line;
  readonly agent: string;
  readonly from: Seq;
  /** Whether a person has the conversation to begin with. */
  readonly isAttended: boolean;
  readonly remark: (text: string) => void;
  readonly signal: AbortSignal;
};

export class News {
  /** True while a person has the conversation. */
  isAttended: boolean;
  /** The epoch of the latest dispatch that was seen. */
  #epoch = 0;
  readonly #parts: NewsParts;
  readonly #said = new Map<string, string>();
  #wake: (() => void) | null = null;

  constructor(parts: NewsParts) {
    this.#parts = parts;
    this.isAttended = parts.isAttended;
  }

  /** Follows the log until the signal aborts. Never rejects. */
  async follow(): Promise<void> {
    const { line, agent, signal } = this.#parts;
    let cursor = this.#parts.from;
    const filter = { entity: `agent/${agent}` };
    while (!signal.aborted) {
      try {
        await line.use(async (client) => {
          for await (const row of client.follow(filter, cursor, signal)) {
            line.here();
            cursor = row.seq;
            this.#take(row);
          }
          throw new Retryable('the log broke off', 0);
        });
      } catch {
        // Detached, or away for too long: whoever watches the output says so.
        if (!signal.aborted) return;
      }
    }
  }

  /** Resolves with the epoch of the agent's next run after this one. */
  async nextRun(after: number): Promise<number> {
    const { signal } = this.#parts;
    while (this.#epoch <= after) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    return this.#epoch;
  }

  #take({ event, by, after, before, rejected }: LoggedRow): void {
    if (rejected !== null) return;
    const { remark } = this.#parts;
    this.isAttended = attended(after);
    const id = String(event.id ?? '');
    if (event.type === 'ASSIGN') {
      this.#epoch = Number(event.epoch);
      this.#wake?.();
    } else if (event.type === 'MESSAGE') {
      this.#said.set(id, String(event.text));
      remark(`${by} says to the agent: ${quoted(String(event.text))}`);
    } else if (event.type === 'MESSAGE_TAKEN') {
      remark(
        `the agent was told${this.#said.has(id) ? `: ${quoted(this.#said.get(id) ?? '')}` : ' what was said to it'}`,
      );
      this.#said.delete(id);
    } else if (attended(after) && !attended(before)) {
      remark(`${by} has the conversation: the agent does only what it is told`);
    } else if (attended(before) && !attended(after)) {
      const isAway = event.type.startsWith('xstate.after.');
      remark(isAway ? 'nobody has said anything for long: the agent goes on by itself' : whoGoesOn(after));
    }
  }
}

const attended = (state: string) => state.endsWith('.attended');
const whoGoesOn = (state: string) =>
  state.startsWith('working.running') ? 'the agent has the conversation again' : `the agent is ${state}`;
