/**
 * The one contract suite: what every store does, member by member. Each implementation's test is one call of it.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { prepared } from './building.ts';
import { commitContract } from './contract/commits.ts';
import { entityContract } from './contract/entities.ts';
import { logContract } from './contract/log.ts';
import { outboxContract } from './contract/outbox.ts';
import { timerContract } from './contract/timers.ts';

/** Gives the store of the running test; each test has a fresh one, with definition 1 made. */
export type Opened = () => Store;

export function describeStore(name: string, open: () => Store): void {
  describe(name, () => {
    let store: Store;
    beforeEach(() => {
      store = prepared(open());
    });
    afterEach(() => store.close());
    const opened: Opened = () => store;
    commitContract(opened);
    entityContract(opened);
    timerContract(opened);
    outboxContract(opened);
    logContract(opened);
  });
}
