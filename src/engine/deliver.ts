/**
 * The life of an event, on one page. Everything here happens inside one open transaction and is synchronous.
 *
 * Invariants
 * - E1 one event and all that it makes entities send to one another run to completion, first in, first out.
 * - E2 a root event that is refused, or whose step throws, leaves nothing but a rejected log row.
 * - E3 nothing outside happens here: effects leave through the outbox, deadlines through the timer rows.
 */
import { assert } from '../core/errors.ts';
import type { Birth, Envelope, Receipt } from '../core/types.ts';
import { admit, admitBirth } from './admit.ts';
import { beget, find } from './beget.ts';
import { type Message, outgoing, rootMessage } from './message.ts';
import { turnAway } from './refusal.ts';
import { stepOf } from './step.ts';
import type { Turn } from './turn.ts';
import { write } from './write.ts';

/** An event from outside. Throws Refused; the caller's savepoint undoes what was written until then. */
export function deliver(turn: Turn, envelope: Envelope): Receipt {
  admit(turn, envelope); // a known machine, a legal type, small JSON
  return deliverOwn(turn, envelope);
}

/** An event of the engine itself: a timer that is due, an outcome. It may have a reserved type. */
export function deliverOwn(turn: Turn, envelope: Envelope): Receipt {
  const receipt = receiveAll(turn, [rootMessage(envelope)]);
  assert(receipt, `${envelope.event.type} was taken without a receipt`);
  return receipt;
}

/** Brings an entity to life, and delivers what its birth sends. Throws Refused `already_exists`. */
export function birth(turn: Turn, newborn: Birth): Receipt {
  admitBirth(turn, newborn);
  const messages: Message[] = [];
  const { receipt } = beget(turn, newborn, messages);
  receiveAll(turn, messages);
  return receipt;
}

/**
 * Walks the list of messages while it grows. The receipt of the first that was taken: the root's, when there is one.
 */
function receiveAll(turn: Turn, messages: Message[]): Receipt | null {
  let receipt: Receipt | null = null;
  for (const message of messages) {
    const own = receive(turn, message, messages);
    receipt ??= own;
    assert(messages.length <= turn.shared.limits.sendsMax, `${message.event.type} causes messages without end`);
  }
  return receipt;
}

/** One message: load, step, write, and append what is sent. */
function receive(turn: Turn, message: Message, messages: Message[]): Receipt | null {
  const entity = find(turn, message, messages); // from memory, from the store, or born now
  if (entity === null) return turnAway(turn, message, { code: 'unknown_entity' });

  const result = stepOf(turn, entity, message); // pure
  if ('code' in result) return turnAway(turn, message, result);

  const written = write(turn, { before: entity, result, origin: message }); // snapshot · places · timers · outbox · log
  messages.push(...outgoing(turn, written, result.step.sends));
  return written.receipt;
}
