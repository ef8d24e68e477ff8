/** What the engine could not deliver, as an escalation: a person is told of the entity and of what is lost with it. */
import { escalationId } from '../../machines/wiring.ts';
import type { Envelope } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { DeadLetter } from '../scheduler/dead-letters.ts';

/**
 * The escalation's event: cause `quarantined` when the entity takes no event any more, `dead_letter` when it lost
 * one.
 */
export function alarmOf({ entity, event, reason, quarantined }: DeadLetter): Envelope {
  const subject = refText(entity);
  const cause = quarantined ? 'quarantined' : 'dead_letter';
  const message = quarantined
    ? `${subject} was put aside and takes no event any more: ${reason}`
    : `${subject} could not take ${event.type}, which is given up: ${reason}`;
  const to = { machine: 'escalation', id: escalationId(subject, cause) };
  return { to, event: { type: 'RAISE', subject, cause, message }, by: 'engine' };
}
