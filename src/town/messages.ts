/**
 * What people said to runs: one row for each message, written by the agent's chart, and what became of it.
 */
import type { EntityRef, JsonObject, JsonValue } from '../core/types.ts';
import type { Reads } from '../store/port.ts';
import type { MessageState, MessageView } from './api.ts';
import { attemptsAbout } from './attempts.ts';

const ATTEMPTS_MAX = 50;
const MESSAGES_MAX = 100;

type Said = Omit<MessageView, 'state'>;

const text = (value: JsonValue | undefined) => (typeof value === 'string' ? value : '');
const number = (value: JsonValue | undefined) => (typeof value === 'number' ? value : null);

/** Newest first: those to an agent, or those about a bead. */
export function messagesAbout(reads: Reads, about: EntityRef, limit = MESSAGES_MAX): readonly MessageView[] {
  return saidAbout(reads, about, limit).map((said) => ({ ...said, state: stateOf(reads, said) }));
}

/** What the run of this epoch has to take itself, oldest first. */
export function unheardBy(reads: Reads, run: { agent: string; epoch: number }): readonly MessageView[] {
  const said = saidAbout(reads, { machine: 'agent', id: run.agent }, MESSAGES_MAX);
  return said
    .filter(({ epoch, takenAt }) => epoch === run.epoch && takenAt === null)
    .map((one) => ({ ...one, state: 'waiting' as const }))
    .reverse();
}

/**
 * What a run is to be told with its prompt, oldest first: messages to earlier runs of the bead that none of them took,
 * and that no run after them was told of.
 */
export function handedOver(reads: Reads, run: { bead: string; epoch: number }): readonly MessageView[] {
  const about = { machine: 'bead', id: run.bead };
  const begun = begunRuns(reads, run.bead).filter((epoch) => epoch < run.epoch);
  return saidAbout(reads, about, MESSAGES_MAX)
    .filter(({ epoch, takenAt }) => takenAt === null && epoch < run.epoch && !begun.some((later) => later > epoch))
    .map((said) => ({ ...said, state: 'undelivered' as const }))
    .reverse();
}

function saidAbout(reads: Reads, about: EntityRef, limit: number): readonly Said[] {
  return reads.records({ kind: 'message', about, limit, order: 'desc' }).map(({ id, body }) => saidOf(id, body));
}

function saidOf(record: string, body: JsonObject): Said {
  const agent = record.slice(0, Math.max(0, record.lastIndexOf(`:${text(body.id)}`)));
  return {
    ...{ id: text(body.id), agent, bead: text(body.bead), text: text(body.text), by: text(body.by) },
    ...{ epoch: number(body.epoch) ?? 0, at: number(body.at) ?? 0, takenAt: number(body.takenAt) },
  };
}

function stateOf(reads: Reads, { takenAt, epoch, bead }: Said): MessageState {
  if (takenAt !== null) return 'delivered';
  const attempts = attemptsAbout(reads, { machine: 'bead', id: bead }, ATTEMPTS_MAX);
  if (attempts.find((attempt) => attempt.epoch === epoch)?.endedAt === null) return 'waiting';
  return begunRuns(reads, bead).some((later) => later > epoch) ? 'handed over' : 'undelivered';
}

/** Epochs of the bead's runs that gave a sign of life: they had their prompt. */
function begunRuns(reads: Reads, bead: string): readonly number[] {
  const attempts = attemptsAbout(reads, { machine: 'bead', id: bead }, ATTEMPTS_MAX);
  return attempts.filter(({ startedAt }) => startedAt !== null).map((attempt) => attempt.epoch);
}
