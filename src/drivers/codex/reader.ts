/**
 * Reads the JSON lines of one `codex exec` turn. `turn.completed` and `turn.failed` judge it. Its "Reconnecting…"
 * lines are no signs of life: it writes them for as long as a network is gone.
 */
import type { TurnEnd } from '../conversation.ts';
import { type Complaint, isThrottle, judge, shorten } from '../failures.ts';
import type { ProcessEnd } from '../host.ts';
import { numberAt, textAt, valueAt } from '../json.ts';
import type { SessionReader } from '../process-conversation.ts';
import type { Watch } from '../watch.ts';

/** Tokens of all turns of a run. */
export type Spent = { tokens: number };

type CodexPlace = {
  readonly watch: Watch;
  readonly spent: Spent;
  readonly found: (session: string) => void;
};

export class CodexReader implements SessionReader {
  unknownSession = false;
  readonly #place: CodexPlace;
  #worked = false;
  #judged: TurnEnd | null = null;
  #lastNote = '';

  constructor(place: CodexPlace) {
    this.#place = place;
  }

  note(line: string): void {
    this.#lastNote = line;
    if (/no rollout found for thread id/i.test(line)) this.unknownSession = true;
  }

  line(message: object): TurnEnd | null {
    const { watch } = this.#place;
    const type = textAt(message, 'type');
    if (type === 'thread.started') this.#place.found(textAt(message, 'thread_id'));
    else if (type === 'turn.started') watch.emit({ kind: 'accepted' });
    else if (type === 'item.started') this.#started(valueAt(message, 'item'));
    else if (type === 'item.completed') this.#completed(valueAt(message, 'item'));
    else if (type === 'error') this.#error(textAt(message, 'message'));
    else if (type === 'turn.completed') this.#turnCompleted(valueAt(message, 'usage'));
    else if (type === 'turn.failed') this.#judged = judgeFailed(textAt(message, 'error', 'message'));
    else watch.alive();
    return null;
  }

  end({ code, signal }: ProcessEnd): TurnEnd {
    if (this.#judged !== null) return this.#judged;
    if (signal !== null) return { kind: 'lost', why: `codex was ended by ${signal}` };
    return { kind: 'failed', ...judge({ status: null, text: `codex ended with code ${code}: ${this.#lastNote}` }) };
  }

  #started(item: unknown): void {
    this.#place.watch.tool(textAt(item, 'id'), true);
    this.#place.watch.emit({ kind: 'progress', text: shorten(describe(item)) });
  }

  #completed(item: unknown): void {
    const { watch } = this.#place;
    const type = textAt(item, 'type');
    watch.tool(textAt(item, 'id'), false);
    const text = textAt(item, 'text') || textAt(item, 'message');
    if (type === 'error') {
      watch.note(text);
      return;
    }
    const isTalk = type === 'agent_message' || type === 'reasoning';
    if (type !== 'reasoning' && (!isTalk || text.trim() !== '')) this.#worked = true;
    const said = isTalk ? text : `[${describe(item)}]\n${resultOf(item)}`;
    if (said.trim() === '') watch.alive();
    else watch.emit({ kind: 'output', text: said.trimEnd() });
  }

  #error(text: string): void {
    const { watch } = this.#place;
    const complaint: Complaint = { status: null, text };
    watch.note(text);
    if (isThrottle(complaint)) watch.emit({ kind: 'throttled', untilMs: null, reason: shorten(text) });
  }

  #turnCompleted(usage: unknown): void {
    const { watch, spent } = this.#place;
    spent.tokens += (numberAt(usage, 'input_tokens') ?? 0) + (numberAt(usage, 'output_tokens') ?? 0);
    // It knows no prices.
    watch.emit({ kind: 'usage', tokens: spent.tokens, costUsd: 0 });
    this.#judged = this.#worked ? { kind: 'answered' } : { kind: 'unfinished', why: 'Your answer was empty.' };
  }
}

function judgeFailed(text: string): TurnEnd {
  if (/reason: max_output_tokens/.test(text)) {
    return { kind: 'unfinished', why: 'Your answer was cut off because it became too long.' };
  }
  return { kind: 'failed', ...judge({ status: null, text }) };
}

function describe(item: unknown): string {
  const type = textAt(item, 'type');
  if (type === 'command_execution') return textAt(item, 'command');
  if (type === 'mcp_tool_call') return `${textAt(item, 'server')} ${textAt(item, 'tool')}`;
  return type.replaceAll('_', ' ');
}

function resultOf(item: unknown): string {
  return textAt(item, 'aggregated_output') || textAt(item, 'error', 'message');
}
