/**
 * For each agent the highest epoch that ran and the highest that was stopped, kept across restarts: what is at or
 * below never starts.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../core/errors.ts';
import { makePrivateFolder, readJson, writePrivate } from './files.ts';

type Fence = {
  /** Highest epoch that ran. */
  readonly ran: number;
  /** Highest epoch that was stopped: its tombstone, and that of all before it. */
  readonly stopped: number;
};

export class Fences {
  readonly #folder: string;
  readonly #fences = new Map<string, Fence>();

  constructor(root: string) {
    this.#folder = join(root, 'fences');
  }

  async load(): Promise<void> {
    await makePrivateFolder(this.#folder);
    for (const name of await readdir(this.#folder)) {
      const fence = name.endsWith('.json') ? await readJson<Fence>(join(this.#folder, name)) : null;
      if (fence) this.#fences.set(name.slice(0, -'.json'.length), fence);
    }
  }

  /** @throws Refused `stale_epoch` when the epoch was stopped, or it or a higher one has run. */
  check(agent: string, epoch: number): void {
    const { ran, stopped } = this.#fence(agent);
    const remedy = 'dispatch it with a new epoch';
    if (epoch <= stopped) {
      throw new Refused('stale_epoch', `epoch ${epoch} of ${agent} was stopped: ${remedy}`, { stopped });
    }
    if (epoch === ran)
      throw new Refused('stale_epoch', `epoch ${epoch} of ${agent} has run and ended: ${remedy}`, { ran });
    if (epoch < ran) {
      throw new Refused('stale_epoch', `epoch ${epoch} of ${agent} is older than ${ran}, which has run: ${remedy}`, {
        ran,
      });
    }
  }

  markRan(agent: string, epoch: number): Promise<void> {
    return this.#raise(agent, { ran: epoch, stopped: 0 });
  }

  markStopped(agent: string, epoch: number): Promise<void> {
    return this.#raise(agent, { ran: 0, stopped: epoch });
  }

  #fence(agent: string): Fence {
    return this.#fences.get(agent) ?? { ran: 0, stopped: 0 };
  }

  async #raise(agent: string, to: Fence): Promise<void> {
    const was = this.#fence(agent);
    const fence = { ran: Math.max(was.ran, to.ran), stopped: Math.max(was.stopped, to.stopped) };
    if (fence.ran === was.ran && fence.stopped === was.stopped) return;
    this.#fences.set(agent, fence);
    await writePrivate(join(this.#folder, `${agent}.json`), JSON.stringify(fence));
  }
}
