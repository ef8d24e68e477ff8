/** The parts of an engine without its clockwork: what takes events, commits them, and tells of it. */
import { RecentMap } from '../core/recent-map.ts';
import type { Env } from '../env/env.ts';
import type { Store } from '../store/port.ts';
import { Commits, type Committed } from './commits.ts';
import { Definitions } from './definitions.ts';
import type { Entity } from './entity.ts';
import { Health } from './health.ts';
import type { Check } from './invariants.ts';
import type { Limits } from './limits.ts';
import { Sampler } from './sampler.ts';
import { Watchers } from './watchers.ts';

export type Kernel = {
  readonly env: Env;
  readonly store: Store;
  readonly limits: Limits;
  readonly definitions: Definitions;
  /** Entities by machine and id. One writer: whoever changes an entity otherwise deletes it here. */
  readonly cache: RecentMap<Entity>;
  readonly health: Health;
  readonly commits: Commits;
  readonly watchers: Watchers;
  /** Called after each commit, tried or done: for the scheduler. */
  afterCommit: (committed: Committed) => void;
};

type Parts = { readonly env: Env; readonly store: Store; readonly limits: Limits; readonly check: Check | undefined };

export function createKernel({ env, store, limits, check }: Parts): Kernel {
  const shared = {
    env,
    limits,
    definitions: new Definitions(),
    cache: new RecentMap<Entity>(limits.snapshotsMax),
    rejected: new Sampler(),
    leases: new Sampler(),
  };
  const health = new Health({ env, store, recoverMs: limits.recoverMs });
  const watchers = new Watchers(env);
  const announce = (committed: Committed) => {
    kernel.afterCommit(committed);
    watchers.tell(committed.rows);
  };
  const kernel: Kernel = {
    ...shared,
    store,
    health,
    watchers,
    commits: new Commits({ shared, store, health, check, announce }),
    afterCommit: () => undefined,
  };
  return kernel;
}
