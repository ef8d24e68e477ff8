/**
 * Carries what an attempt came to into the store, however often that takes.
 *
 * Invariants
 * - The outcome's event and the row's settling are one commit.
 * - A store that is down is waited for; an event that can not be taken becomes a dead letter after a few tries.
 */
import { Retryable } from '../core/errors.ts';
import { hears } from '../core/snapshot.ts';
import type { EffectOutcome, EngineEvent } from '../core/types.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Turn } from '../engine/turn.ts';
import type { EffectRow } from '../store/port.ts';
import type { DeadLetters } from './dead-letters.ts';
import { INVOKE, outcomeEvent } from './outcome-event.ts';
import { deliverIfWanted } from './own-events.ts';
import type { Patience } from './patience.ts';

/** More effects than any entity has in flight. */
const IN_FLIGHT_MAX = 1_000;

type Parts = { readonly kernel: Kernel; readonly deadLetters: DeadLetters; readonly patience: Patience };

export class Settlement {
  readonly #parts: Parts;
  #ended = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Gives up what is not settled yet: the effects are in flight in the store, and done again by the next process. */
  end(): void {
    this.#ended = true;
  }

  /** Delivers the outcome. Resolves when that is committed, buried or given up. */
  async settle(effect: EffectRow, outcome: EffectOutcome): Promise<void> {
    const event = outcomeEvent(effect, outcome);
    const { entity, key } = effect;
    await this.#persist(
      effect,
      (turn) => settle(turn, { effect, event, kind: outcome.kind }),
      async (thrown) => {
        const letter = { entity, event, by: 'outbox' };
        await this.#parts.deadLetters.bury(letter, thrown, ({ tx }) => tx.settleEffect(key, 'dead', String(thrown)));
      },
    );
  }

  /** Puts the effect off. */
  async postpone(effect: EffectRow, afterMs: number): Promise<void> {
    const work = (turn: Turn) => {
      const dueAt = turn.at + Math.max(0, Math.round(afterMs));
      turn.tx.postponeEffect(effect.key, dueAt);
      turn.wake(dueAt);
    };
    await this.#persist(effect, work, async () => undefined);
  }

  async #persist(
    { key }: EffectRow,
    work: (turn: Turn) => void,
    bury: (thrown: unknown) => Promise<void>,
  ): Promise<void> {
    const { kernel, deadLetters, patience } = this.#parts;
    let hopeless: unknown = null;
    while (!this.#ended) {
      try {
        if (hopeless) await bury(hopeless);
        else await kernel.commits.submit(work);
        deadLetters.succeeded(key);
        return;
      } catch (thrown) {
        if (thrown instanceof Retryable) {
          await patience.recovery();
          continue;
        }
        const waitMs = deadLetters.failed(key);
        if (waitMs === null) hopeless = thrown;
        else await patience.wait(waitMs);
      }
    }
  }
}

type Ending = { readonly effect: EffectRow; readonly event: EngineEvent; readonly kind: EffectOutcome['kind'] };

function settle(turn: Turn, { effect, event, kind }: Ending): void {
  const { entity, key, seq, type } = effect;
  const wanted = isHeard(turn, entity.machine, event) && !(type === INVOKE && isSuperseded(turn, effect));
  turn.tx.settleEffect(key, 'done', kind);
  if (wanted) deliverIfWanted(turn, { to: entity, event, by: 'outbox', cause: seq });
}

/**
 * A machine that has no transition on an outcome is not bothered with it; a promise's failure ends one that does not
 * care.
 */
function isHeard({ shared }: Turn, machine: string, { type }: EngineEvent): boolean {
  const known = shared.definitions.find(machine);
  return known !== undefined && (type.startsWith('xstate.error.actor.') || hears(known.definition, type));
}

/** The state that invoked it was left while it ran: its result means nothing any more. */
function isSuperseded({ tx }: Turn, { entity, key }: EffectRow): boolean {
  return !tx.effects({ entity, status: 'inflight' }, { limit: IN_FLIGHT_MAX }).items.some((other) => other.key === key);
}
