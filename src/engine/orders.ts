/**
 * What a person may tell the clockwork: that a timer fires now, that an effect is tried now. Both leave their trace in
 * the log, with the person's name and reason.
 */
import { Refused } from '../core/errors.ts';
import { type EntityRef, type Receipt, refText } from '../core/types.ts';
import { deliverOwn } from './deliver.ts';
import type { Turn } from './turn.ts';

/** In whose name, and why. */
export type Asker = { readonly by: string; readonly reason?: string | undefined };

/** More timers than any entity has: its timers are read in one page. */
const TIMERS_MAX = 1_000;

/** Fires a timer before it is due. Throws Refused `not_found` without it, and what its event is refused with. */
export function fireNow(turn: Turn, timer: { entity: EntityRef; id: string }, { by, reason }: Asker): Receipt {
  const { entity, id } = timer;
  const rows = turn.tx.timers({ entity }, { limit: TIMERS_MAX }).items;
  const row = rows.find((other) => other.id === id);
  if (!row) {
    const message = `${refText(entity)} has no timer ${id} any more: it fired, or what it waited for came`;
    throw new Refused('not_found', message, { entity: refText(entity), timer: id });
  }
  turn.tx.takeTimer(entity, id);
  return deliverOwn(turn, { to: entity, event: row.event, by, cause: row.setSeq, reason });
}

/** Makes an effect due now. Its log row changes nothing in the chart: it says who asked. */
export function retryNow(turn: Turn, key: string, { by, reason }: Asker): Receipt {
  const effect = turn.tx.effect(key);
  if (!effect) throw new Refused('not_found', `there is no effect ${key}, or it was deleted after its time`, { key });
  if (!turn.tx.retryEffect(key, turn.at)) {
    const message = `effect ${key} is ${effect.status}: only one that waits or was given up is tried again`;
    throw new Refused('conflict', message, { key, status: effect.status });
  }
  turn.wake(turn.at);
  const { entity, seq: cause, type } = effect;
  const row = turn.tx.entity(entity);
  const state = row?.state ?? '';
  const seq = turn.note({
    ...{ at: turn.at, entity, by, cause, before: state, after: state, taken: [] },
    event: { type: `effect.${type}.retried`, key },
    definition: row?.definition ?? 0,
    rejected: 'the outbox was told to try it now; the chart hears of its outcome',
    ...(reason !== undefined && { reason }),
  });
  return { seq, entity, at: turn.at, state };
}
