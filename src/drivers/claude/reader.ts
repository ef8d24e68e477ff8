/**
 * Reads the JSON lines of one `claude -p` turn. The last line, `result`, judges it; its `subtype` says "success" for
 * failed calls too, so what counts is `is_error`, the status, and the refused tools.
 */
import type { TurnEnd } from '../conversation.ts';
import { type Complaint, isThrottle, judge, shorten } from '../failures.ts';
import type { DriverHost, ProcessEnd } from '../host.ts';
import { listAt, numberAt, textAt, valueAt } from '../json.ts';
import type { SessionReader } from '../process-conversation.ts';
import type { Watch } from '../watch.ts';

/** What an MCP server is said to be when the agent will not have its tools. */
const unreachable: ReadonlySet<string> = new Set(['failed', 'needs-auth']);

/** What all turns of a run cost together. */
export type Spent = { tokens: number; costUsd: number };

type ClaudePlace = {
  readonly host: DriverHost;
  readonly watch: Watch;
  readonly spent: Spent;
  readonly found: (session: string) => void;
};

export class ClaudeReader implements SessionReader {
  unknownSession = false;
  readonly #place: ClaudePlace;
  #worked = false;
  #judged: TurnEnd | null = null;
  #lastNote = '';

  constructor(place: ClaudePlace) {
    this.#place = place;
  }

  note(line: string): void {
    this.#lastNote = line;
  }

  line(message: object): TurnEnd | null {
    const type = textAt(message, 'type');
    if (type === 'system') return this.#system(message);
    if (type === 'assistant') this.#assistant(message);
    else if (type === 'user') this.#results(message);
    else if (type === 'result') this.#result(message);
    return null;
  }

  end({ code, signal }: ProcessEnd): TurnEnd {
    if (this.#judged !== null) return this.#judged;
    if (signal !== null) return { kind: 'lost', why: `claude was ended by ${signal}` };
    return { kind: 'failed', ...judge({ status: null, text: `claude ended with code ${code}: ${this.#lastNote}` }) };
  }

  #system(message: object): TurnEnd | null {
    const { watch, host } = this.#place;
    const subtype = textAt(message, 'subtype');
    if (subtype === 'init') {
      // A session that does not exist is named all the same, by a line that says so: only the beginning counts.
      this.#place.found(textAt(message, 'session_id'));
      watch.emit({ kind: 'accepted' });
      const town = listAt(message, 'mcp_servers').find((server) => textAt(server, 'name') === 'town');
      if (!unreachable.has(textAt(town, 'status'))) return null;
      const reason = "the agent can not reach the town's MCP server: check its URL and the run's token";
      return { kind: 'failed', failure: 'transient', reason };
    }
    if (subtype !== 'api_retry') {
      watch.alive();
      return null;
    }
    const complaint: Complaint = { status: numberAt(message, 'error_status'), text: textAt(message, 'error') };
    const delayMs = numberAt(message, 'retry_delay_ms');
    watch.note(`retry ${numberAt(message, 'attempt')}: ${complaint.status ?? ''} ${complaint.text}`);
    if (isThrottle(complaint)) {
      const untilMs = delayMs === null ? null : host.now() + Math.round(delayMs);
      watch.emit({ kind: 'throttled', untilMs, reason: complaint.text });
    }
    return null;
  }

  #assistant(message: object): void {
    const { watch } = this.#place;
    for (const part of listAt(message, 'message', 'content')) {
      const text = textAt(part, 'text');
      if (valueAt(message, 'is_api_error_message') === true) watch.note(text);
      else if (textAt(part, 'type') === 'text' && text.trim() !== '') {
        this.#worked = true;
        watch.emit({ kind: 'output', text });
      } else if (textAt(part, 'type') === 'tool_use') {
        this.#worked = true;
        const input = JSON.stringify(valueAt(part, 'input') ?? {});
        watch.tool(textAt(part, 'id'), true);
        watch.emit({ kind: 'progress', text: shorten(`${textAt(part, 'name')} ${input}`) });
        watch.emit({ kind: 'output', text: `[${textAt(part, 'name')}] ${input}` });
      }
    }
  }

  /** What the tools answered. */
  #results(message: object): void {
    for (const part of listAt(message, 'message', 'content')) {
      this.#place.watch.tool(textAt(part, 'tool_use_id'), false);
      const content =
        textAt(part, 'content') ||
        listAt(part, 'content')
          .map((each) => textAt(each, 'text'))
          .join('\n');
      if (content.trim() !== '') this.#place.watch.emit({ kind: 'output', text: content });
    }
  }

  #result(message: object): void {
    const { watch, spent } = this.#place;
    const usage = valueAt(message, 'usage');
    const names = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
    const tokens = names.reduce((sum, name) => sum + (numberAt(usage, name) ?? 0), 0);
    if (tokens > 0) {
      spent.tokens += tokens;
      spent.costUsd += numberAt(message, 'total_cost_usd') ?? 0;
      watch.emit({ kind: 'usage', ...spent });
    }
    this.#judged = this.#judge(message);
  }

  #judge(message: object): TurnEnd {
    const errors = listAt(message, 'errors').map(String).join('; ');
    this.unknownSession = /No conversation found with session ID/i.test(errors);
    if (textAt(message, 'subtype') === 'error_max_turns') return { kind: 'unfinished', why: 'You ran out of turns.' };
    if (valueAt(message, 'is_error') === true || textAt(message, 'subtype') !== 'success') {
      const text = errors || textAt(message, 'result');
      if (/response exceeded the .{0,20}output token/i.test(text)) return tooLong;
      return { kind: 'failed', ...judge({ status: numberAt(message, 'api_error_status'), text }) };
    }
    const denied = listAt(message, 'permission_denials').map((denial) => textAt(denial, 'tool_name'));
    if (denied.length > 0) return { kind: 'unfinished', why: `You were not allowed to use ${denied.join(', ')}.` };
    if (textAt(message, 'stop_reason') === 'max_tokens') return tooLong;
    return this.#worked ? { kind: 'answered' } : { kind: 'unfinished', why: 'Your answer was empty.' };
  }
}

const tooLong: TurnEnd = { kind: 'unfinished', why: 'Your answer was cut off because it became too long.' };
