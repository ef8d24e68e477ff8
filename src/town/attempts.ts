/** The history of runs: one row for each epoch, written by the agent's chart beside its snapshot. */
import type { EntityRef, JsonObject, JsonValue } from '../core/types.ts';
import type { Reads } from '../store/port.ts';
import type { AttemptView } from './api.ts';

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
    tokens: number(body.tokens) ?? 0,
    costUsd: number(body.costUsd) ?? 0,
  };
}

/** Newest first. */
export function attemptsAbout(reads: Reads, about: EntityRef, limit: number): readonly AttemptView[] {
  return reads.records({ kind: 'attempt', about, limit, order: 'desc' }).map(({ body }) => viewOf(body));
}
