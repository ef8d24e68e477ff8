/**
 * Events of the engine's own that their entity can not take: tried again a few times, then put aside and told of.
 *
 * Invariants
 * - D1 what is put aside leaves a rejected row in the log, in the commit that ends what carried it.
 * - D2 tries are counted in memory: a new process begins to count anew.
 */
import { coerceError } from '../core/errors.ts';
import { type EngineEvent, type EntityRef, refText } from '../core/types.ts';
import { Unreadable } from '../engine/entity.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Turn } from '../engine/turn.ts';

/** An event that was given up. */
export type DeadLetter = {
  readonly entity: EntityRef;
  readonly event: EngineEvent;
  readonly by: string;
  readonly reason: string;
  /** True when the entity itself was put aside: its snapshot can not be read. */
  readonly quarantined: boolean;
};

export type DeadLetterListener = (letter: DeadLetter) => void;

export class DeadLetters {
  readonly #kernel: Kernel;
  readonly #listener: DeadLetterListener | undefined;
  readonly #tries = new Map<string, number>();

  constructor(kernel: Kernel, listener: DeadLetterListener | undefined) {
    this.#kernel = kernel;
    this.#listener = listener;
  }

  /** Counts a failure of `key`. The wait before the next try, or null when it was the last one. */
  failed(key: string): number | null {
    const { triesMax, tryAgainMs } = this.#kernel.limits;
    const tries = (this.#tries.get(key) ?? 0) + 1;
    if (tries >= triesMax) {
      this.#tries.delete(key);
      return null;
    }
    this.#tries.set(key, tries);
    return tryAgainMs * 2 ** (tries - 1);
  }

  succeeded(key: string): void {
    if (this.#tries.size > 0) this.#tries.delete(key);
  }

  /**
   * The last rites: a rejected row in the log, the entity in quarantine when it is the cause. `settle` ends what
   * carried the event.
   */
  async bury(
    letter: Omit<DeadLetter, 'reason' | 'quarantined'>,
    thrown: unknown,
    settle: (turn: Turn) => void,
  ): Promise<void> {
    const { message: reason } = coerceError(thrown);
    const quarantined = thrown instanceof Unreadable;
    const { commits, env, cache } = this.#kernel;
    await commits.submit((turn) => {
      settle(turn);
      note(turn, letter, reason);
      if (!quarantined) return;
      turn.tx.quarantine(letter.entity, reason);
      cache.delete(letter.entity.machine, letter.entity.id);
    });
    env.log('error', `dead letter: ${letter.event.type} to ${refText(letter.entity)}: ${reason}`);
    this.#tell({ ...letter, reason, quarantined });
  }

  #tell(letter: DeadLetter): void {
    try {
      this.#listener?.(letter);
    } catch (thrown) {
      this.#kernel.env.log('error', `the listener for dead letters threw: ${coerceError(thrown).message}`);
    }
  }
}

function note(turn: Turn, { entity, event, by }: Pick<DeadLetter, 'entity' | 'event' | 'by'>, reason: string): void {
  const row = turn.tx.entity(entity);
  if (!row) return;
  const state = { before: row.state, after: row.state, taken: [], definition: row.definition };
  turn.rejections.push({ at: turn.at, entity, event, by, cause: null, ...state, rejected: `dead_letter: ${reason}` });
}
