/** What an attached person types: words for the agent, or a command that begins with a slash. */
import { coerceError } from '../../core/errors.ts';
import type { Line } from './line.ts';

export const typingHelp =
  'a line is a message to the agent; /take takes the conversation over, /release gives it back, /done [summary] and ' +
  '/fail <reason> end the run, /quit detaches';

export type TypingParts = {
  readonly line: Line;
  readonly agent: string;
  readonly epoch: () => number;
  readonly remark: (text: string) => void;
  readonly detach: () => void;
};

export class Typing {
  readonly #parts: TypingParts;
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: TypingParts) {
    this.#parts = parts;
  }

  /** One after another, as they were typed. */
  take(text: string): void {
    const words = text.trim();
    if (words === '') return;
    this.#sending = this.#sending.then(() => this.#obey(words)).catch((thrown) => this.#refused(thrown));
  }

  async #obey(words: string): Promise<void> {
    const { line, agent, epoch, remark, detach } = this.#parts;
    const [, command, rest = ''] = /^\/(\w+)\s*(.*)$/s.exec(words) ?? [];
    const report = (event: object) => line.use((client) => client.report(agent, { ...event, epoch: epoch() }));
    if (command === undefined) await line.use((client) => client.say(agent, words));
    else if (command === 'take') await line.use((client) => client.command(agent, 'take-over'));
    else if (command === 'release') await line.use((client) => client.command(agent, 'give-back'));
    else if (command === 'done') await report({ type: 'done', summary: rest || 'a person says that it is done' });
    else if (command === 'fail' && rest !== '') await report({ type: 'failed', class: 'work', reason: rest });
    else if (command === 'quit') detach();
    else remark(typingHelp);
  }

  #refused(thrown: unknown): void {
    const { message, name } = coerceError(thrown);
    if (name !== 'AbortError') this.#parts.remark(message);
  }
}
