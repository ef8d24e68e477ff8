/** What happens to a message that its receiver does not take: a refusal with everything a caller needs, or nothing. */
import { type RefusalCode, Refused } from '../core/errors.ts';
import { acceptedEvents } from '../core/snapshot.ts';
import { refText } from '../core/types.ts';
import type { Entity } from './entity.ts';
import { describe, type Message } from './message.ts';
import type { Turn } from './turn.ts';

export type Grounds = {
  /** `failed`: the receiver's machine threw, at a message that need not arrive. */
  readonly code: Extract<RefusalCode, 'unknown_entity' | 'not_accepted' | 'stale_epoch' | 'quarantined'> | 'failed';
  /** The receiver, where there is one that could be read. */
  readonly entity?: Entity;
  /** A sentence; without one it is written from the code. */
  readonly reason?: string;
};

/** Throws Refused for the root event and for a message that must arrive. Any other message is dropped: null. */
export function turnAway(turn: Turn, message: Message, grounds: Grounds): null {
  if (message.sender === null) throw refuseRoot(turn, message, grounds);
  if (!message.must) return drop(turn, message, grounds);
  const text = `${describe(message)} must arrive and did not: ${sentence(message, grounds)}; nothing was changed`;
  throw new Refused('conflict', text, {
    sender: refText(message.sender),
    receiver: refText(message.to),
    event: message.event.type,
    ...(grounds.entity && { state: grounds.entity.state }),
  });
}

/** Silently, unless the receiver is at fault. */
function drop(turn: Turn, message: Message, { code, entity, reason }: Grounds): null {
  if (code !== 'failed' || !entity) return null;
  const { by, cause, event } = message;
  turn.reject(entity, event, { by, cause, rejected: `dead_letter: ${reason}` });
  turn.shared.env.log('error', `dead letter: ${describe(message)}: ${reason}`);
  return null;
}

function refuseRoot(turn: Turn, message: Message, grounds: Grounds): Refused {
  const { entity } = grounds;
  const code = grounds.code === 'failed' ? 'not_accepted' : grounds.code;
  const reason = sentence(message, grounds);
  if (!entity) return new Refused(code, reason, { entity: refText(message.to), event: message.event.type });
  const { by, cause, event } = message;
  turn.reject(entity, event, { by, cause, rejected: `${code}: ${reason}`, reason: message.reason });
  const accepts = acceptedEvents(entity.known.definition, entity.snapshot);
  return new Refused(code, reason, { entity: entity.text, event: event.type, state: entity.state, accepts });
}

function sentence({ to, event }: Message, { code, entity, reason }: Grounds): string {
  if (reason !== undefined) return reason;
  if (code === 'unknown_entity') return `there is no ${refText(to)}: create it first`;
  if (!entity) return `${refText(to)} takes no event`;
  const accepts = acceptedEvents(entity.known.definition, entity.snapshot);
  return notAccepted(`${entity.text} in ${entity.state}`, event.type, accepts);
}

/** An event can be among those that the state knows and still not be taken: then a guard stands before it. */
export function notAccepted(who: string, type: string, accepts: readonly string[]): string {
  const others = accepts.filter((name) => name !== type);
  const remedy = others.length > 0 ? `now it accepts ${others.join(', ')}` : 'it accepts no event any more';
  if (others.length === accepts.length) return `${who} does not accept ${type}; ${remedy}`;
  return `${who} does not accept ${type} now, its condition does not hold${others.length > 0 ? `; ${remedy}` : ''}`;
}
