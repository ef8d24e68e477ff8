/** The door for what comes from outside: a known machine, a legal type, small JSON. */
import { Refused } from '../core/errors.ts';
import type { Birth, Envelope } from '../core/types.ts';
import { checkPayload } from './payload.ts';
import type { Turn } from './turn.ts';

/** Throws Refused `invalid`, `reserved_event` or `too_large`. */
export function admit({ shared }: Turn, { to, event }: Envelope): void {
  shared.definitions.get(to.machine);
  if (typeof event?.type !== 'string' || event.type === '') {
    throw new Refused(
      'invalid',
      `an event for ${to.machine}/${to.id} has no type: send an object like { type: 'PRESS' }`,
    );
  }
  if (event.type === '*' || event.type.startsWith('xstate.') || event.type.startsWith('effect.')) {
    const why = `${event.type} is a type of the engine's own, nobody may send it to ${to.machine}/${to.id}`;
    throw new Refused('reserved_event', `${why}: send one of the machine's`);
  }
  checkPayload(event, `the event ${event.type}`, shared.limits.payloadBytesMax);
}

/** Throws Refused `invalid` or `too_large`. */
export function admitBirth({ shared }: Turn, { to, input }: Birth): void {
  shared.definitions.get(to.machine);
  if (to.id === '') throw new Refused('invalid', `a new ${to.machine} needs an id`);
  checkPayload(input, `the input of ${to.machine}/${to.id}`, shared.limits.payloadBytesMax);
}
