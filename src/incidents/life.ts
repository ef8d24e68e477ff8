/**
 * The life of one process of the town: a clock and a store that are its own until it is killed. After that nothing that
 * it left waiting is called any more, and nothing that it tries is written.
 */
import { Retryable } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { Store } from '../store/port.ts';

const TRY_AGAIN_MS = 1_000;

export type LifeParts = {
  readonly env: Env;
  readonly store: Store;
  /** Why a commit fails now; null when it does not. */
  readonly fault: () => string | null;
  /** Told of each commit, after it. May kill. */
  readonly committed: () => void;
};

export class Life {
  readonly env: Env;
  readonly store: Store;
  readonly #alarms = new Set<Alarm>();
  readonly #leave: (() => void)[] = [];
  #alive = true;

  constructor(parts: LifeParts) {
    this.env = this.#mortalEnv(parts.env);
    this.store = this.#mortalStore(parts);
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    for (const alarm of this.#alarms) alarm.cancel();
    for (const leave of this.#leave) leave();
    this.#alarms.clear();
  }

  #mortalEnv(env: Env): Env {
    const { clock } = env;
    return {
      random: () => env.random(),
      hex: (length) => env.hex(length),
      log: (level, message, fields) => env.log(level, message, fields),
      clock: {
        now: () => clock.now(),
        notBefore: (atMs) => clock.notBefore(atMs),
        soon: (call) => clock.soon(() => this.#alive && call()),
        at: (atMs, call, options) => this.#remember(clock.at(atMs, () => this.#alive && call(), options)),
        onJump: (listener) => {
          const leave = clock.onJump(listener);
          this.#leave.push(leave);
          return leave;
        },
      },
    };
  }

  #remember(alarm: Alarm): Alarm {
    this.#alarms.add(alarm);
    return {
      cancel: () => {
        alarm.cancel();
        this.#alarms.delete(alarm);
      },
    };
  }

  #mortalStore({ store, fault, committed }: LifeParts): Store {
    const refuse = (reason: string) => new Retryable(reason, TRY_AGAIN_MS);
    return {
      read: store.read,
      commit: (work) => {
        const reason = this.#alive ? fault() : 'this process was killed';
        if (reason !== null) throw refuse(reason);
        const value = store.commit(work);
        committed();
        // Killed between the commit and its answer: it is written, and nobody heard of it.
        if (!this.#alive) throw refuse('this process was killed');
        return value;
      },
      backup: (file) => store.backup(file),
      rest: () => store.rest(),
      close: () => undefined,
    };
  }
}
