/**
 * What a driver says, told to whom it concerns: output to the run's own output, progress, usage and questions to the
 * town. Progress is thinned; usage is sent as what came on top; a question waits for a person as long as it takes.
 */
import { Retryable } from '../core/errors.ts';
import type { PersonInput } from '../drivers/host.ts';
import type { DriverEvent } from '../drivers/port.ts';
import type { Env } from '../env/env.ts';
import type { TownLine } from './town-line.ts';

const PROGRESS_EVERY_MS = 10_000;
const NOTE_MAX = 500;
const ASK_AGAIN_MS = 2_000;

export type NarratorParts = {
  readonly env: Env;
  /** Null: there is no town to tell; a person answers nothing then. */
  readonly town: TownLine | null;
  readonly write: (text: string) => void;
  readonly onSession: (id: string) => void;
};

export class Narrator {
  readonly #parts: NarratorParts;
  #toldAt = Number.NEGATIVE_INFINITY;
  #tokens = 0;
  #costUsd = 0;
  #sending: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(parts: NarratorParts) {
    this.#parts = parts;
  }

  /** `hear` takes a person's answer to a question. */
  tell(event: DriverEvent, hear: (input: PersonInput) => void): void {
    const { write, onSession } = this.#parts;
    if (event.kind === 'output') write(`${event.text}\n`);
    else if (event.kind === 'session') onSession(event.id);
    else if (event.kind === 'progress') this.#note(event.text);
    else if (event.kind === 'accepted') this.#note('the prompt was taken', true);
    else if (event.kind === 'throttled') this.#note(throttling(event, this.#parts.env.clock.now()), true);
    else if (event.kind === 'usage') this.#usage(event.tokens, event.costUsd);
    else if (event.kind === 'waiting') void this.#ask(event, hear);
    else this.#ended = true;
  }

  /** Resolves when what was said has been sent, or could not be. */
  settled(): Promise<void> {
    return this.#sending;
  }

  #note(text: string, isNews = false): void {
    const { env, write } = this.#parts;
    write(`· ${text}\n`);
    if (!isNews && env.clock.now() - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = env.clock.now();
    this.#send({ type: 'progress', note: text.slice(0, NOTE_MAX) });
  }

  #usage(tokens: number, costUsd: number): void {
    const more = { tokens: Math.max(0, tokens - this.#tokens), costUsd: Math.max(0, costUsd - this.#costUsd) };
    if (more.tokens === 0 && more.costUsd === 0) return;
    this.#tokens = Math.max(this.#tokens, tokens);
    this.#costUsd = Math.max(this.#costUsd, costUsd);
    this.#send({ type: 'usage', ...more });
  }

  /** In order, and never in the way of the run: a town that is away misses a note, the next one says more. */
  #send(report: object): void {
    const { town, env } = this.#parts;
    this.#sending = this.#sending
      .then(() => town?.tell(report))
      .catch((thrown) => env.log('debug', `a report was not taken: ${(thrown as Error).message}`));
  }

  async #ask({ id, question }: { id: string; question: string }, hear: (input: PersonInput) => void): Promise<void> {
    const { town, env, write } = this.#parts;
    write(`? ${question}\n`);
    while (town !== null && !this.#ended) {
      const answer = await town.call('ask', { question }).catch((thrown) => {
        return thrown instanceof Retryable ? null : `The answer: no (${(thrown as Error).message})`;
      });
      const words = answer === null ? null : /^The answer: (.*)$/s.exec(answer)?.[1];
      if (words) return hear({ kind: 'answer', id, allow: isYes(words), text: words });
      if (answer?.startsWith('The question was closed')) return hear({ kind: 'answer', id, allow: false, text: '' });
      await new Promise<void>((resolve) => env.clock.at(env.clock.now() + ASK_AGAIN_MS, resolve));
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
