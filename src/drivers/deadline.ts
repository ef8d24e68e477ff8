/** Bounds on waiting, on the host's clock. */
import type { DriverHost } from './host.ts';

/** The promise's result, or `late()` after `ms`. A late result, or a late rejection, is dropped. */
export function within<T>(host: DriverHost, ms: number, rest: { promise: Promise<T>; late: () => T }): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = host.after(ms, () => {
      try {
        resolve(rest.late());
      } catch (thrown) {
        reject(thrown);
      }
    });
    rest.promise.finally(cancel).then(resolve, reject);
  });
}

/** Resolves after `ms`, or at once when the signal is given up. */
export function pause(host: DriverHost, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const cancel = host.after(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    const stop = () => {
      cancel();
      resolve();
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}
