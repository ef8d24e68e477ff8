/** Which rows of an agent tell of trouble, and in what words. */
import type { LogRow } from '../../store/port.ts';
import { delayOf, said, type Trouble } from './trouble.ts';

/** Null: the row is the ordinary course of things. */
export function agentTrouble(row: LogRow): Trouble | null {
  const { before, after, event } = row;
  if (event.type === 'effect.startRun.refused') return refusedStart(row);
  if (enters(row, 'working.unconfirmed')) return unconfirmed(row);
  if (event.type === 'HEARTBEAT' && after.startsWith('working.running')) return restored(before);
  if (enters(row, 'working.starting') && event.type === 'effect.probeRun.succeeded') {
    return {
      happened: 'its container says that it runs',
      answer: `agent ${after}: its heartbeat is awaited`,
      tone: 'mended',
    };
  }
  if (enters(row, 'working.suspect')) {
    return { happened: 'no heartbeat', answer: `agent ${after}: its container is asked before anything is concluded` };
  }
  if (after !== before && after.startsWith('working.running.')) return quiet(row);
  if (enters(row, 'working.stopping'))
    return { happened: stopCause(row), answer: `agent ${after}: told to end, then ended` };
  return ended(row);
}

function enters({ before, after }: LogRow, state: string): boolean {
  return after.startsWith(state) && !before.startsWith(state);
}

function refusedStart({ event }: LogRow): Trouble {
  const reason = said(event, 'reason', 'no reason given');
  if (/answered false/.test(reason)) return { happened: 'start answered false', answer: null };
  return {
    happened: event.permanent === true ? `start refused for good: ${reason}` : `start refused: ${reason}`,
    answer: null,
  };
}

function unconfirmed({ after, event }: LogRow): Trouble {
  const cause = delayOf(event)
    ? 'start gave no answer in time'
    : `start unanswered: ${said(event, 'cause', 'no cause given')}`;
  return { happened: cause, answer: `agent ${after}: neither failed nor running, its container is asked` };
}

function restored(before: string): Trouble | null {
  const silent = 'heartbeat after a silence';
  const happened = before.startsWith('working.unconfirmed')
    ? 'heartbeat of the start that gave no answer'
    : before.startsWith('working.suspect')
      ? silent
      : before.startsWith('idle.') || before.startsWith('exited.')
        ? 'heartbeat of a run that was thought lost'
        : null;
  return happened && { happened, answer: null, tone: 'mended' };
}

function quiet({ before, after }: LogRow): Trouble | null {
  if (after.endsWith('.quiet')) return { happened: 'it lives but shows no progress', answer: `agent ${after}: nudged` };
  if (after.endsWith('.stalled')) {
    return { happened: 'still no progress', answer: `agent ${after}: a person was told, it is stopped next` };
  }
  const resumed = before.endsWith('.quiet') || before.endsWith('.stalled');
  return resumed ? { happened: 'progress again', answer: `agent ${after}`, tone: 'mended' } : null;
}

function stopCause({ event }: LogRow): string {
  const causes: Readonly<Record<string, string>> = {
    stall: 'no progress for too long',
    maxRun: 'it ran longer than a run may',
  };
  const delay = delayOf(event);
  if (delay) return causes[delay] ?? `${delay} is over`;
  return event.type === 'FENCE'
    ? said(event, 'cause', 'its bead was taken back')
    : said(event, 'reason', 'stopped by a person');
}

/** The ends of a run that are no completion. */
function ended(row: LogRow): Trouble | null {
  const { before, after, event } = row;
  if (!before.startsWith('working.')) return null;
  if (after === 'exited.crashed') return { happened: crash(row), answer: null };
  if (after === 'exited.lost') return { happened: lostCause(row), answer: null };
  if (after === 'exited.evicted') return { happened: `its container went away (${event.type})`, answer: null };
  if (after === 'exited.stopped') return { happened: 'its run was ended', answer: null };
  return after.startsWith('idle.') ? { happened: lostCause(row), answer: null } : null;
}

function crash({ event }: LogRow): string {
  if (event.type === 'FAILED')
    return `reported as failed (${said(event, 'class', 'work')}): ${said(event, 'reason', 'no reason given')}`;
  if (event.signal) return `ended by ${String(event.signal)}`;
  if (event.code === 0) return 'exit code 0, but no commit';
  return event.code === null ? 'its process is gone' : `crashed with exit code ${String(event.code)}`;
}

function lostCause({ event }: LogRow): string {
  const causes: Readonly<Record<string, string>> = {
    unconfirmed: 'the start was never confirmed',
    suspect: 'silent, and nobody could say that it lives',
    wedge: 'its process lives but stays silent',
  };
  if (event.type.startsWith('effect.probeRun')) return 'its container says that it is not there';
  return causes[delayOf(event) ?? ''] ?? event.type;
}
