/** One entity's answer to one message: a step that is to be written, or the grounds on which it takes none. */
import { coerceError } from '../core/errors.ts';
import { contextOf } from '../core/snapshot.ts';
import { type Taken, take } from '../core/step.ts';
import type { Entity } from './entity.ts';
import type { Message } from './message.ts';
import type { Grounds } from './refusal.ts';
import type { Turn } from './turn.ts';

/**
 * Throws what the machine throws, when that is the root's or a necessary message's fault to bear.
 * A receiver that need not take the message does not break its sender: there it is one of the grounds.
 */
export function stepOf({ at }: Turn, entity: Entity, message: Message): Taken | Grounds {
  const { definition } = entity.known;
  try {
    const stale = definition.options.fence?.(contextOf(entity.snapshot), message.event);
    if (stale) return { code: 'stale_epoch', entity, reason: stale };
    const result = take(definition, entity.snapshot, message.event, at);
    return result.step.accepted ? result : { code: 'not_accepted', entity };
  } catch (thrown) {
    if (message.must) throw thrown;
    return { code: 'failed', entity, reason: coerceError(thrown).message };
  }
}
