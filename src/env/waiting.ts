/** Waiting on the clock of an environment: for a while, or for something but no longer than that. */
import type { Env } from './env.ts';

type Clocked = Pick<Env, 'clock'>;

/** Resolves after `ms`, or as soon as the signal aborts. In the `background` it keeps no process alive. */
export function pause(
  { clock }: Clocked,
  ms: number,
  { signal, background = false }: { signal?: AbortSignal; background?: boolean } = {},
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      alarm.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const alarm = clock.at(clock.now() + ms, end, { background });
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Resolves with true when the promise resolves, with false when `ms` have passed before. */
export function within({ clock }: Clocked, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const alarm = clock.at(clock.now() + ms, () => resolve(false));
    const settle = (finish: () => void) => () => {
      alarm.cancel();
      finish();
    };
    promise.then(
      settle(() => resolve(true)),
      (reason) => settle(() => reject(reason))(),
    );
  });
}
