/** Births, and the entity that a message is for: found, or born because its machine allows that. */
import { Refused } from '../core/errors.ts';
import { birth as bear } from '../core/step.ts';
import { type Birth, type EngineEvent, type Receipt, refText } from '../core/types.ts';
import { type Entity, Unreadable } from './entity.ts';
import { type Message, outgoing } from './message.ts';
import { turnAway } from './refusal.ts';
import type { Turn } from './turn.ts';
import { write } from './write.ts';

/** The log's event of a birth. */
function birthEvent({ input }: Birth): EngineEvent {
  return { type: 'xstate.init', input };
}

/** Gives birth and appends what the newborn sends. Throws Refused `already_exists`. */
export function beget(turn: Turn, newborn: Birth, messages: Message[]): { entity: Entity; receipt: Receipt } {
  const { to, input, by, cause = null } = newborn;
  const known = turn.shared.definitions.get(to.machine);
  if (turn.tx.entity(to)) {
    throw new Refused('already_exists', `${refText(to)} exists already: choose another id, or send it events`, {
      entity: refText(to),
    });
  }
  const result = bear(known.definition, input, turn.at);
  const newbornParts = { ref: to, text: refText(to), known };
  const written = write(turn, { newborn: newbornParts, result, origin: { event: birthEvent(newborn), by, cause } });
  messages.push(...outgoing(turn, written, result.step.sends));
  return written;
}

/**
 * The receiver of a message. Null: there is none and its machine does not create it, or it can not be read and need
 * not be.
 */
export function find(turn: Turn, message: Message, messages: Message[]): Entity | null {
  try {
    return turn.find(message.to) ?? create(turn, message, messages);
  } catch (thrown) {
    const broken = thrown instanceof Unreadable || (thrown instanceof Refused && thrown.code === 'quarantined');
    if (!broken || message.sender === null) throw thrown;
    turn.shared.env.log('warn', `a message was not delivered: ${thrown.message}`, { event: message.event.type });
    return turnAway(turn, message, { code: 'quarantined', reason: thrown.message });
  }
}

function create(turn: Turn, { to, by, cause }: Message, messages: Message[]): Entity | null {
  const input = turn.shared.definitions.find(to.machine)?.definition.options.autoCreate?.(to.id);
  if (input === undefined) return null;
  return beget(turn, { to, input, by, cause }, messages).entity;
}
