/**
 * What a driver says, told to whom it concerns: output to the run's own output, progress, usage and questions to the
 * town. Progress is thinned; usage is told until it was taken; a question waits for a person as long as it takes.
 */
import { coerceError, Retryable } from '../core/errors.ts';
import type { PersonInput } from '../drivers/host.ts';
import type { DriverEvent } from '../drivers/port.ts';
import type { Env } from '../env/env.ts';
import { pause } from '../env/waiting.ts';
import { Reports } from './reports.ts';
import type { CallReply, TownLine } from './town-line.ts';

const PROGRESS_EVERY_MS = 10_000;
const NOTE_MAX = 500;
const ASK_AGAIN_MS = 2_000;

export type NarratorParts = {
  readonly env: Env;
  /** Null: there is no town to tell; a person answers nothing then. */
  readonly town: Pick<TownLine, 'call' | 'tell'> | null;
  readonly write: (text: string) => void;
  readonly onSession: (id: string) => void;
};

export class Narrator {
  readonly #parts: NarratorParts;
  readonly #reports: Reports | null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #ended = false;

  constructor(parts: NarratorParts) {
    this.#parts = parts;
    this.#reports = parts.town && new Reports(parts.env, parts.town);
  }

  /** `hear` takes a person's answer to a question. */
  tell(event: Exclude<DriverEvent, { kind: 'heard' }>, hear: (input: PersonInput) => void): void {
    const { write, onSession } = this.#parts;
    if (event.kind === 'output') write(`${event.text}\n`);
    else if (event.kind === 'session') onSession(event.id);
    else if (event.kind === 'progress') this.#note(event.text);
    else if (event.kind === 'accepted') this.#note('the prompt was taken', true);
    else if (event.kind === 'throttled') this.#note(throttling(event, this.#parts.env.clock.now()), true);
    else if (event.kind === 'usage') this.#reports?.spend(event);
    else if (event.kind === 'waiting') void this.#ask(event, hear);
    else this.#ended = true;
  }

  /** Resolves when the town took what was said, or the time is over. */
  async settle(withinMs: number): Promise<void> {
    await this.#reports?.settle(withinMs);
  }

  #note(text: string, isNews = false): void {
    const { env, write } = this.#parts;
    write(`· ${text}\n`);
    if (!isNews && env.clock.now() - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = env.clock.now();
    this.#reports?.note(text.slice(0, NOTE_MAX));
  }

  async #ask({ id, question }: { id: string; question: string }, hear: (input: PersonInput) => void): Promise<void> {
    const { town, env, write } = this.#parts;
    write(`? ${question}\n`);
    while (town !== null && !this.#ended) {
      const reply = await town.call('ask', { question }).catch((thrown): CallReply => {
        if (thrown instanceof Retryable) return { answer: '', settled: 'waiting' };
        return { answer: '', settled: 'answered', text: `no (${coerceError(thrown).message})` };
      });
      const { settled, text = '' } = reply;
      if (settled === 'answered') return hear({ kind: 'answer', id, allow: isYes(text), text });
      if (settled === 'closed') return hear({ kind: 'answer', id, allow: false, text: '' });
      await pause(env, ASK_AGAIN_MS);
    }
  }
}

function throttling({ untilMs, reason }: { untilMs: number | null; reason: string }, now: number): string {
  const forSeconds = untilMs === null ? '' : ` for ${Math.max(1, Math.ceil((untilMs - now) / 1_000))} s`;
  return `slowed down by the gateway${forSeconds}: ${reason}`;
}

function isYes(words: string): boolean {
  return /^(y|yes|ok|okay|allow|allowed|go|sure)\b/i.test(words.trim());
}
