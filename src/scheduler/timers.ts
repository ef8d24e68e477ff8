/**
 * Fires timers that are due, each in a savepoint of its own, many in one commit.
 *
 * Invariants
 * - T1 the row is read again inside the transaction that deletes it: a timer that was cancelled, set anew or extended
 *   meanwhile does not fire.
 * - T2 a timer whose event can not be taken does not hold up the others, and is not tried for ever.
 */

import { Retryable } from '../core/errors.ts';
import { refText } from '../core/types.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Turn } from '../engine/turn.ts';
import type { TimerRow } from '../store/port.ts';
import type { DeadLetters } from './dead-letters.ts';
import { deliverIfWanted } from './own-events.ts';

/** More timers than any entity has: its timers are read in one page. */
const TIMERS_OF_ENTITY_MAX = 1_000;

export class Timers {
  readonly #kernel: Kernel;
  readonly #deadLetters: DeadLetters;

  constructor(kernel: Kernel, deadLetters: DeadLetters) {
    this.#kernel = kernel;
    this.#deadLetters = deadLetters;
  }

  /** Fires what is due now, up to the bound of one commit. Resolves with how many were due. */
  async fireDue(): Promise<number> {
    const { env, store, limits } = this.#kernel;
    const due = store.read.timersDue(env.clock.now(), limits.timersMax);
    await Promise.all(due.map((timer) => this.#fire(timer)));
    return due.length;
  }

  async #fire(timer: TimerRow): Promise<void> {
    const { commits } = this.#kernel;
    const key = `${refText(timer.entity)} timer ${timer.id}`;
    try {
      await commits.submit((turn) => fire(turn, timer));
      this.#deadLetters.succeeded(key);
    } catch (thrown) {
      // The row is still there: when the store recovers, the timer is found due again.
      if (thrown instanceof Retryable) return;
      await this.#retry(timer, key, thrown);
    }
  }

  async #retry(timer: TimerRow, key: string, thrown: unknown): Promise<void> {
    const { entity, event, id } = timer;
    const waitMs = this.#deadLetters.failed(key);
    if (waitMs === null) {
      await this.#deadLetters.bury({ entity, event, by: 'timer' }, thrown, ({ tx }) => tx.takeTimer(entity, id));
      return;
    }
    await this.#kernel.commits.submit((turn) => {
      turn.tx.rearm(entity, id, turn.at + waitMs);
      turn.wake(turn.at + waitMs);
    });
  }
}

function fire(turn: Turn, due: TimerRow): void {
  const { tx, at } = turn;
  const rows = tx.timers({ entity: due.entity }, { limit: TIMERS_OF_ENTITY_MAX }).items;
  const timer = rows.find(({ id }) => id === due.id);
  if (!timer || timer.dueAt > at) return;
  if (timer.leaseUntil !== null && timer.leaseUntil > at) {
    tx.rearm(timer.entity, timer.id, timer.leaseUntil);
    turn.wake(timer.leaseUntil);
    return;
  }
  tx.takeTimer(timer.entity, timer.id);
  deliverIfWanted(turn, { to: timer.entity, event: timer.event, by: 'timer', cause: timer.setSeq });
}
