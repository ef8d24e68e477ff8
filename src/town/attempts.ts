/** The history of runs: one row for each epoch, written by the agent's chart beside its snapshot. */
import type { EntityRef, JsonObject, JsonValue } from '../core/types.ts';
import type { Reads } from '../store/port.ts';
import type { AttemptView } from './api.ts';
import { LOCAL } from './options.ts';

const text = (value: JsonValue | undefined) => (typeof value === 'string' ? value : null);
const number = (value: JsonValue | undefined) => (typeof value === 'number' ? value : null);

function viewOf(body: JsonObject): AttemptView {
  return {
    epoch: number(body.epoch) ?? 0,
    agent: text(body.agent) ?? '',
    bead: text(body.bead) ?? '',
    dispatchedAt: number(body.dispatchedAt),
    startedAt: number(body.startedAt),
    endedAt: number(body.endedAt),
    outcome: text(body.outcome),
    reason: text(body.reason),
    tail: text(body.tail),
    branch: text(body.branch),
    container: text(body.container),
    tokens: number(body.tokens) ?? 0,
    costUsd: number(body.costUsd) ?? 0,
  };
}

/** One run of an agent; null when there was none of that epoch. */
export function attemptOf(reads: Reads, { agent, epoch }: { agent: string; epoch: number }): AttemptView | null {
  const about = { machine: 'agent', id: agent };
  const [record] = reads.records({ kind: 'attempt', about, id: String(epoch), limit: 1 });
  return record ? viewOf(record.body) : null;
}

/** Where a run was; a run that is not known is looked for where agents of a town alone run. */
export function containerOfRun(reads: Reads, { agent, epoch }: { agent: string; epoch: number }): string {
  const about = { machine: 'agent', id: agent };
  const [record] = reads.records({ kind: 'attempt', about, id: String(epoch), limit: 1 });
  return text(record?.body.container) ?? LOCAL;
}

/** Newest first. */
export function attemptsAbout(reads: Reads, about: EntityRef, limit: number): readonly AttemptView[] {
  return reads.records({ kind: 'attempt', about, limit, order: 'desc' }).map(({ body }) => viewOf(body));
}
