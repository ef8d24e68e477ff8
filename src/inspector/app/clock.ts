/** One clock for the whole page: every age and countdown ticks with it, in the server's time. */
import { type ReadonlySignal, signal } from '@preact/signals';

export type Clock = {
  /** Milliseconds of the epoch as the server counts them, moved each second while the page is seen. */
  readonly now: ReadonlySignal<number>;
  /** Takes the time that an answer was made at. */
  learn(serverNow: number): void;
  /** Starts ticking; returns the stop. */
  start(): () => void;
};

const TICK_MS = 1000;

/** `local` reads the reader's clock: it moves the time on between two answers. */
export function createClock(startAt: number, local: () => number): Clock {
  const now = signal(startAt);
  let offset = startAt - local();
  const tick = () => {
    now.value = local() + offset;
  };
  return {
    now,
    learn: (serverNow) => {
      offset = serverNow - local();
    },
    start: () => {
      tick();
      const timer = setInterval(tick, TICK_MS);
      return () => clearInterval(timer);
    },
  };
}
