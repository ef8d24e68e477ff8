/** From the events of one session to what a town wants to know: output, progress, cost. */
import { shorten } from '../failures.ts';
import { listAt, numberAt, textAt, valueAt } from '../json.ts';
import type { Watch } from '../watch.ts';

/** Steps in a row, without a token and without a proper end, after which a turn is a loop of the runtime's own. */
const emptyStepsMax = 3;

export class Progress {
  readonly #watch: Watch;
  readonly #costs = new Map<string, { tokens: number; costUsd: number }>();
  readonly #told = new Set<string>();
  readonly #users = new Set<string>();
  readonly #nonsense = new Map<string, string>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** `message.updated`. */
  message(info: unknown): void {
    const id = textAt(info, 'id');
    if (textAt(info, 'role') !== 'assistant') {
      this.#users.add(id);
      return;
    }
    const tokens = tokensOf(valueAt(info, 'tokens'));
    const finish = textAt(info, 'finish');
    if (tokens === 0 && (finish === 'unknown' || finish === 'other')) this.#nonsense.set(id, finish);
    const before = this.#costs.get(id) ?? { tokens: 0, costUsd: 0 };
    const now = { tokens, costUsd: numberAt(info, 'cost') ?? 0 };
    this.#costs.set(id, now);
    if (now.tokens === before.tokens && now.costUsd === before.costUsd) return;
    const all = [...this.#costs.values()];
    this.#watch.emit({
      kind: 'usage',
      tokens: all.reduce((sum, cost) => sum + cost.tokens, 0),
      costUsd: all.reduce((sum, cost) => sum + cost.costUsd, 0),
    });
  }

  /** `message.part.updated`: texts and tools are told once, when they are whole. */
  part(part: unknown): void {
    const id = textAt(part, 'id');
    if (this.#told.has(id) || this.#users.has(textAt(part, 'messageID'))) return;
    if (textAt(part, 'type') === 'text' && numberAt(part, 'time', 'end') !== null) {
      this.#told.add(id);
      const text = textAt(part, 'text');
      if (text.trim() !== '') this.#watch.emit({ kind: 'output', text });
    }
    const status = textAt(part, 'state', 'status');
    if (textAt(part, 'type') !== 'tool') return;
    if (status !== 'completed' && status !== 'error') {
      this.#watch.tool(id, true);
      return;
    }
    this.#told.add(id);
    this.#watch.tool(id, false);
    this.#watch.emit({ kind: 'output', text: toolText(part, status) });
    this.#watch.emit({ kind: 'progress', text: shorten(`${textAt(part, 'tool')} ${textAt(part, 'state', 'title')}`) });
  }

  /** How the steps end when the runtime goes round and round; null when it does not. */
  loopEnd(): string | null {
    return this.#nonsense.size >= emptyStepsMax ? ([...this.#nonsense.values()].at(-1) ?? null) : null;
  }

  /** What a list of messages tells that no event did. */
  catchUp(messages: readonly unknown[]): void {
    for (const message of messages) {
      this.message(valueAt(message, 'info'));
      for (const part of listAt(message, 'parts')) this.part(part);
    }
  }
}

function toolText(part: unknown, status: string): string {
  const result = status === 'error' ? textAt(part, 'state', 'error') : textAt(part, 'state', 'output');
  return `[${textAt(part, 'tool')}] ${textAt(part, 'state', 'title')}\n${result}`.trimEnd();
}

function tokensOf(tokens: unknown): number {
  const parts = [
    numberAt(tokens, 'input'),
    numberAt(tokens, 'output'),
    numberAt(tokens, 'reasoning'),
    numberAt(tokens, 'cache', 'read'),
    numberAt(tokens, 'cache', 'write'),
  ];
  return parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}
