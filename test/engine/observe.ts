/** A store that counts what it is asked for, and fails on demand. */
import { Retryable } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/port.ts';

export type ObservedStore = Store & {
  /** Commits that went through. */
  commits: number;
  rests: number;
  /** Why every commit fails at present; null: none does. */
  broken: string | null;
};

export function observe(store: Store): ObservedStore {
  const observed: ObservedStore = {
    read: store.read,
    backup: (file) => store.backup(file),
    close: () => store.close(),
    commits: 0,
    rests: 0,
    broken: null,
    commit: (work) => {
      if (observed.broken) throw new Retryable(observed.broken, 5_000);
      const result = store.commit(work);
      observed.commits += 1;
      return result;
    },
    rest: () => {
      observed.rests += 1;
      store.rest();
    },
  };
  return observed;
}
