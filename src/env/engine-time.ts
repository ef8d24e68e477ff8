/**
 * Engine time: the wall's reading at the start, carried on by the monotonic clock, so that a step of the wall changes
 * nothing.
 *
 * Invariants
 * - `now()` never goes back and is an integer.
 * - A wall that is ahead by more than {@link JUMP_MS} is believed: the machine slept while the monotonic clock stood
 *   still.
 * - A wall that is behind is ignored.
 */

/** How far the wall must be ahead of engine time to count as a sleep rather than as a correction. */
export const JUMP_MS = 30_000;

export type Jump = { readonly fromMs: number; readonly toMs: number };

export interface EngineTime {
  now(): number;
  notBefore(atMs: number): void;
  onJump(listener: (jump: Jump) => void): () => void;
}

/** `wall` and `monotonicMs` read the two clocks of the host in milliseconds, fractions allowed. */
export function createEngineTime(wall: () => number, monotonicMs: () => number): EngineTime {
  const listeners = new Set<(jump: Jump) => void>();
  const startedAt = monotonicMs();
  let base = wall();
  let last = Math.floor(base);

  const follow = (fromMs: number, toMs: number) => {
    base += toMs - fromMs;
    last = toMs;
    for (const listener of [...listeners]) listener({ fromMs, toMs });
  };

  return {
    now() {
      const steady = Math.max(last, Math.floor(base + monotonicMs() - startedAt));
      const seen = Math.floor(wall());
      last = steady;
      if (seen - steady > JUMP_MS) follow(steady, seen);
      return last;
    },
    notBefore(atMs) {
      const current = Math.floor(base + monotonicMs() - startedAt);
      if (atMs > current) base += atMs - current;
      last = Math.max(last, atMs);
    },
    onJump(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
