/** What waits to be delivered inside one transaction: the root event and what it makes entities send. */
import { type EngineEvent, type EntityRef, type Envelope, refText, type SendSpec, type Seq } from '../core/types.ts';
import type { Turn } from './turn.ts';
import type { Written } from './write.ts';

export type Message = {
  readonly to: EntityRef;
  readonly event: EngineEvent;
  readonly by: string;
  readonly cause: Seq | null;
  /** When the receiver does not take it, the root event is refused. */
  readonly must: boolean;
  /** The entity that sent it; null for the root event. */
  readonly sender: EntityRef | null;
  /** Of the root event alone. */
  readonly reason?: string | undefined;
};

export function rootMessage({ to, event, by, cause = null, reason }: Envelope): Message {
  return { to, event, by, cause, must: true, sender: null, reason };
}

const none: readonly Message[] = [];

/** The messages of a step; a message to all that are linked becomes one for each of them. */
export function outgoing(turn: Turn, { entity, receipt }: Written, sends: readonly SendSpec[]): readonly Message[] {
  if (sends.length === 0) return none;
  const origin = { by: entity.text, cause: receipt.seq, sender: entity.ref };
  return sends.flatMap(({ to, event, must }) => {
    const receivers = 'linked' in to ? turn.tx.links(entity.ref, to.linked, 'in') : [to];
    return receivers.map((receiver) => ({ to: receiver, event, must, ...origin }));
  });
}

/** Names the message in a sentence: `PRESS from lamp/kitchen to bell/door`. */
export function describe({ event, sender, to }: Message): string {
  return `${event.type}${sender ? ` from ${refText(sender)}` : ''} to ${refText(to)}`;
}
