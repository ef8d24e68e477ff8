/** A row of the log as a line: what happened to whom, by whom, and how it looks. */
import { type JsonObject, refText } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import type { LogLine, Tone } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { masked, tellsOfFailure } from './texts.ts';

export function logLine(inspection: Inspection, row: LogRow): LogLine {
  const { type, ...payload } = row.event;
  const { mask } = inspection.source;
  return {
    ...{ seq: row.seq, at: row.at, ref: refText(row.entity), title: inspection.title(row.entity), event: type },
    payload: masked(payload, mask) as JsonObject,
    ...{ by: row.by, cause: row.cause, before: row.before, after: row.after, taken: row.taken },
    rejected: row.rejected === null ? null : mask(row.rejected),
    reason: row.reason === undefined ? null : mask(row.reason),
    tone: toneOf(inspection, row),
  };
}

function toneOf({ machines }: Inspection, { event, rejected, by, before, after, entity }: LogRow): Tone {
  if (/^effect\..*\.retried$/.test(event.type)) return 'plain';
  if (rejected !== null) return 'warn';
  if (tellsOfFailure(event.type)) return 'danger';
  if (before !== after && machines.names.includes(entity.machine)) {
    const machine = machines.get(entity.machine);
    const tones = after.split(' ').map((leaf) => machine.tones.get(leaf));
    if (tones.includes('danger')) return 'danger';
    if (tones.includes('warn')) return 'warn';
    if (tones.includes('ok')) return 'ok';
  }
  return by === 'timer' ? 'time' : 'plain';
}
