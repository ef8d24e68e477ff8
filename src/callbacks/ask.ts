/**
 * A run asks a person. The question is an escalation, whose resolution carries the answer as its reason, so it outlives
 * the call, the town and a lost connection: who asks the same again goes on waiting, or gets the answer at once.
 */
import { escalationId } from '../../machines/wiring.ts';
import type { EntityRef } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { LogRow } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import { type Caller, type Desk, nameOf, type Reply } from './caller.ts';

const CAUSE = 'question';
/** How long one call waits: shorter than what clients of MCP wait for an answer. */
const WAIT_MS = 25_000;
const LOOK_BACK = 50;

export async function ask({ town, env, signal }: Desk, caller: Caller, question: string): Promise<Reply> {
  const subject = `bead/${caller.bead}`;
  const ref = { machine: 'escalation', id: escalationId(subject, CAUSE) };
  const { agent, epoch } = caller;
  // Whoever waits for an answer gets on: it is not stuck.
  const note = `asks: ${question}`;
  await town.send({ machine: 'agent', id: agent }, { type: 'PROGRESS', epoch, note }, { by: nameOf(caller) });
  if (!isAsked(town, ref, question)) {
    await town.send(ref, { type: 'RAISE', subject, cause: CAUSE, message: question }, { by: nameOf(caller) });
  }
  const answered = () => answerTo(town, ref, question);
  if (answered() === null) {
    await new Promise<void>((resolve) => {
      const unwatch = town.watch((rows) => rows.some(({ entity }) => refText(entity) === refText(ref)) && end());
      const alarm = env.clock.at(env.clock.now() + WAIT_MS, () => end(), { background: true });
      const end = () => {
        unwatch();
        alarm.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
  const later = 'Nobody has answered yet. Ask the same again to go on waiting, or go on with other work.';
  return answered() ?? { settled: 'waiting', answer: later };
}

/** The latest asking of this question, and what came after it. */
function rowsSince(town: Town, ref: EntityRef, question: string): readonly LogRow[] | null {
  const rows = town.log({ entity: ref, rejected: false }, { limit: LOOK_BACK, order: 'desc' });
  const at = rows.findIndex(({ event }) => event.type === 'RAISE' && event.message === question);
  return at < 0 ? null : rows.slice(0, at);
}

function isAsked(town: Town, ref: EntityRef, question: string): boolean {
  return rowsSince(town, ref, question) !== null;
}

function answerTo(town: Town, ref: EntityRef, question: string): Reply | null {
  const resolution = rowsSince(town, ref, question)?.findLast(({ event }) => event.type === 'RESOLVE');
  if (resolution === undefined) return null;
  const { reason } = resolution.event;
  return typeof reason === 'string' && reason !== ''
    ? { settled: 'answered', text: reason, answer: `The answer: ${reason}` }
    : { settled: 'closed', answer: 'The question was closed without an answer: decide for yourself.' };
}
