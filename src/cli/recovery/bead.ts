/** Which rows of a bead tell of trouble that no run of an agent tells of: merges, dependencies, caps, healing. */
import type { EngineEvent, JsonObject } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import { plain } from '../text.ts';
import { delayOf, said, type Trouble } from './trouble.ts';

/** Null: the row is the ordinary course of things. */
export function beadTrouble(row: LogRow): Trouble | null {
  const { before, after, event } = row;
  if (event.type.startsWith('effect.merge.')) return mergeTrouble(row);
  if (event.type === 'effect.probeMerge.succeeded' && after === 'closed.merged') {
    return { happened: 'the merge that gave no answer had gone through', answer: null, tone: 'mended' };
  }
  if (event.type === 'DEPENDENCY.FAILED' && after === 'open.blockedFailedDependency') {
    return {
      happened: `${said(event, 'bead', 'a dependency')} failed`,
      answer: `bead ${after}: a person decides`,
      tone: 'lost',
    };
  }
  if (before === 'failed.exhausted' && after.startsWith('open.')) {
    return { happened: `attempts reset (${healCause(event)})`, answer: null, tone: 'mended' };
  }
  if (delayOf(event) === 'staleWork') return { happened: 'in progress without a run for too long', answer: null };
  return after.startsWith('failed.') && !before.startsWith('failed.') ? { happened: failure(row), answer: null } : null;
}

function mergeTrouble({ after, event }: LogRow): Trouble | null {
  if (event.type === 'effect.merge.unanswered') {
    return { happened: 'the merge gave no answer', answer: `bead ${after}: the target branch is asked` };
  }
  if (event.type === 'effect.merge.refused') {
    return { happened: `merge refused: ${said(event, 'reason', 'no reason given')}`, answer: null };
  }
  const happened = mergeFinding(event);
  return happened === null ? null : { happened, answer: null };
}

function mergeFinding({ result }: EngineEvent): string | null {
  const { kind, files, code, reason, tail } = (result ?? {}) as JsonObject;
  if (kind === 'conflict') return `merge conflict in ${Array.isArray(files) ? files.join(', ') : 'its files'}`;
  if (kind === 'tests_failed') return `tests failed on the merge result (exit code ${String(code)})${lastLine(tail)}`;
  if (kind === 'nothing') return 'done was reported, but there is no commit';
  return kind === 'blocked' ? `merge blocked: ${String(reason)}` : null;
}

function lastLine(tail: unknown): string {
  const line = typeof tail === 'string' ? tail.trimEnd().split('\n').at(-1) : '';
  return line ? `: ${plain(line)}` : '';
}

function healCause(event: EngineEvent): string {
  return delayOf(event) === 'cooldown' ? 'cooldown over' : event.type;
}

function failure({ after, event }: LogRow): string {
  if (after === 'failed.cancelled') return `cancelled: ${said(event, 'reason', 'by a person')}`;
  if (after === 'failed.budget') return 'its budget is spent';
  if (event.type.startsWith('RUN.')) return said(event, 'reason', event.type);
  return 'dispatched too often without coming to an end';
}
