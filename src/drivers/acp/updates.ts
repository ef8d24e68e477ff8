/** From the updates of an agent to what a town wants to know. Text comes in pieces and is handed on in lines. */
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import { shorten } from '../failures.ts';
import { listAt, numberAt, textAt } from '../json.ts';
import { createLineCutter } from '../lines.ts';
import type { Watch } from '../watch.ts';

export class Updates {
  readonly #watch: Watch;
  readonly #lines;
  readonly #titles = new Map<string, string>();
  #worked = false;
  #tokens = 0;
  #costUsd = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
    this.#lines = createLineCutter((line) => watch.emit({ kind: 'output', text: line }));
  }

  take(update: SessionUpdate): void {
    this.#watch.alive();
    if (update.sessionUpdate === 'agent_message_chunk') {
      const text = textAt(update, 'content', 'text');
      if (text.trim() !== '') this.#worked = true;
      this.#lines.push(text);
    } else if (update.sessionUpdate === 'tool_call') {
      this.#worked = true;
      this.#titles.set(update.toolCallId, update.title);
      this.#watch.tool(update.toolCallId, true);
      this.#watch.emit({ kind: 'progress', text: shorten(update.title) });
    } else if (update.sessionUpdate === 'tool_call_update') {
      this.#toolUpdate(update);
    } else if (update.sessionUpdate === 'usage_update') {
      this.#usage({ tokens: numberAt(update, 'used'), costUsd: numberAt(update, 'cost', 'amount') });
    }
  }

  /** Begins a turn. */
  begin(): void {
    this.#worked = false;
  }

  /** Ends a turn. True when the agent said or did something in it. */
  end(): boolean {
    this.#lines.end();
    return this.#worked;
  }

  #toolUpdate(update: object): void {
    const status = textAt(update, 'status');
    if (status !== 'completed' && status !== 'failed') return;
    const id = textAt(update, 'toolCallId');
    this.#watch.tool(id, false);
    const title = textAt(update, 'title') || this.#titles.get(id) || 'tool';
    const content = listAt(update, 'content').map((part) => textAt(part, 'content', 'text'));
    const text = [`[${title}] ${status}`, ...content].filter((part) => part.trim() !== '').join('\n');
    this.#watch.emit({ kind: 'output', text });
  }

  /** Agents tell the size of what they have in mind, not what they have read in all: the largest is a lower bound. */
  #usage({ tokens, costUsd }: { tokens: number | null; costUsd: number | null }): void {
    this.#tokens = Math.max(this.#tokens, tokens ?? 0);
    this.#costUsd = Math.max(this.#costUsd, costUsd ?? 0);
    this.#watch.emit({ kind: 'usage', tokens: this.#tokens, costUsd: this.#costUsd });
  }
}
