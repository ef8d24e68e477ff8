/** What the engine could not deliver, as an escalation: a person is told of the entity and of what is lost with it. */
import { escalationId } from '../../machines/wiring.ts';
import { coerceError } from '../core/errors.ts';
import type { Envelope } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { DeadLetter } from '../scheduler/dead-letters.ts';

/** Tells a person. Nothing is thrown: there is nobody left to tell of that. */
export async function tellOf(letter: DeadLetter, { deliver, env }: Telling): Promise<void> {
  try {
    await deliver(alarmOf(letter));
  } catch (thrown) {
    env.log('error', `nobody could be told of a dead letter: ${coerceError(thrown).message}`);
  }
}

type Telling = { readonly env: Env; deliver(envelope: Envelope): Promise<unknown> };

/**
 * The escalation's event: cause `quarantined` when the entity takes no event any more, `dead_letter` when it lost
 * one.
 */
function alarmOf({ entity, event, reason, quarantined }: DeadLetter): Envelope {
  const subject = refText(entity);
  const cause = quarantined ? 'quarantined' : 'dead_letter';
  const message = quarantined
    ? `${subject} was put aside and takes no event any more: ${reason}`
    : `${subject} could not take ${event.type}, which is given up: ${reason}`;
  const to = { machine: 'escalation', id: escalationId(subject, cause) };
  return { to, event: { type: 'RAISE', subject, cause, message }, by: 'engine' };
}
