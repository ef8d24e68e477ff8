/**
 * Whether a turn has ended, and how, by the messages that answer its prompt. Errors, empty answers and web pages all
 * end in "idle"; only the last message tells them from work.
 */
import type { TurnEnd } from '../conversation.ts';
import { type Complaint, judge } from '../failures.ts';
import { listAt, numberAt, textAt, valueAt } from '../json.ts';

/** `running`: nothing can be said yet. */
export function judgeTurn(messages: readonly unknown[], promptId: string): TurnEnd | 'running' {
  const mine = messages.filter(
    (message) => textAt(message, 'info', 'role') === 'assistant' && textAt(message, 'info', 'parentID') === promptId,
  );
  const last = mine.at(-1);
  if (last === undefined) return 'running';
  const error = valueAt(last, 'info', 'error');
  if (error !== undefined && error !== null) return { kind: 'failed', ...judge(complaintOf(error)) };
  if (numberAt(last, 'info', 'time', 'completed') === null) return 'running';
  const finish = textAt(last, 'info', 'finish');
  if (finish === 'tool-calls') return 'running';
  if (finish === 'length') return { kind: 'unfinished', why: 'Your answer was cut off because it became too long.' };
  if (finish === 'stop') {
    if (mine.some(hasContent)) return { kind: 'answered' };
    return { kind: 'unfinished', why: 'Your answer was empty.' };
  }
  return { kind: 'failed', failure: 'transient', reason: nonsense(finish) };
}

/** The reason for an end that no model gives, such as a web page in the place of an answer. */
export function nonsense(finish: string): string {
  return `what the gateway answered was no answer of a model (finish "${finish}")`;
}

function hasContent(message: unknown): boolean {
  return listAt(message, 'parts').some(
    (part) =>
      textAt(part, 'type') === 'tool' || (textAt(part, 'type') === 'text' && textAt(part, 'text').trim() !== ''),
  );
}

/** `{name, data: {message, statusCode}}`, as messages and `session.error` carry it. */
export function complaintOf(error: unknown): Complaint {
  const message = textAt(error, 'data', 'message');
  return { status: numberAt(error, 'data', 'statusCode'), text: message === '' ? textAt(error, 'name') : message };
}
