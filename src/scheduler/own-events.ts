/** How the engine delivers its own events: what the receiver does not take any more is over, not an error. */
import { type RefusalCode, Refused } from '../core/errors.ts';
import type { Envelope } from '../core/types.ts';
import { deliverOwn } from '../engine/deliver.ts';
import type { Turn } from '../engine/turn.ts';

/** Refusals that come before anything is written, and that no later try would change. */
const over: readonly RefusalCode[] = ['not_accepted', 'stale_epoch', 'unknown_entity', 'quarantined'];

/** Throws what the step throws, and Refused `conflict`: both may be otherwise at a later try. */
export function deliverIfWanted(turn: Turn, envelope: Envelope): void {
  try {
    deliverOwn(turn, envelope);
  } catch (thrown) {
    if (!(thrown instanceof Refused && over.includes(thrown.code))) throw thrown;
  }
}
