/**
 * One try of an effect, from the call to what it came to.
 *
 * Invariants
 * - A1 it ends at its deadline at the latest, with exactly one result; what the handler says later is logged and
 *   dropped.
 * - A2 it never rejects.
 */

import type { Env } from '../env/env.ts';
import type { EffectRow } from '../store/port.ts';
import {
  type Attempted,
  type EffectCall,
  type EffectHandler,
  readAnswer,
  readThrown,
  unanswered,
} from './effect-handler.ts';

const DEADLINE_MS = 60_000;
const ATTEMPTS_MAX = 5;

/** Null: the engine stopped before there was an answer. */
export type Ended = Attempted | null;

export class Attempt {
  readonly ended: Promise<Ended>;
  #abandon: () => void = () => undefined;
  /** Made when a handler asks for its signal: many never do. */
  #controller: AbortController | null = null;
  #stopped = false;
  #aborted = false;

  constructor(env: Env, effect: EffectRow, handler: EffectHandler) {
    this.ended = this.#race(env, effect, handler);
  }

  /** Aborts the signal. An exception that follows is taken for the answer to that, not for an outcome. */
  stop(): void {
    this.#stopped = true;
    this.#abort();
  }

  /** Waits no longer, and keeps no alarm: what the handler says later is heard by nobody. */
  abandon(): void {
    this.#abandon();
  }

  #abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  #race(env: Env, effect: EffectRow, handler: EffectHandler): Promise<Ended> {
    const deadlineMs = handler.deadlineMs ?? DEADLINE_MS;
    return new Promise((resolve) => {
      let late = false;
      const alarm = env.clock.at(env.clock.now() + deadlineMs, () => {
        late = true;
        resolve({ outcome: unanswered(`no answer within ${deadlineMs} ms`) });
        this.#abort();
      });
      this.#abandon = () => {
        late = true;
        alarm.cancel();
        resolve(null);
      };
      void this.#call(effect, handler).then((ended) => {
        alarm.cancel();
        if (late) env.log('debug', 'an answer came too late and was dropped', { key: effect.key });
        resolve(ended);
      });
    });
  }

  async #call({ key, entity, params, attempt }: EffectRow, handler: EffectHandler): Promise<Ended> {
    const signal = () => this.#signal();
    const call: EffectCall = {
      ...{ key, entity, params, attempt },
      get signal() {
        return signal();
      },
    };
    try {
      return { outcome: readAnswer(await handler.run(call)) };
    } catch (thrown) {
      return this.#stopped ? null : readThrown(thrown, attempt, handler.attemptsMax ?? ATTEMPTS_MAX);
    }
  }
}
