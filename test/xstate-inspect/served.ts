/** A town on a real socket, and what a viewer heard of it. */
import { createSystemEnv } from '../../src/env/system.ts';
import { type Served, serveTown } from '../../src/http/serve.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { folder } from '../http/folder.ts';
import { OPERATOR, VERSION } from '../http/harness.ts';
import { RIG, ScriptedContainer, ScriptedIntegrator } from '../town/world.ts';

const DEADLINE_MS = 15_000;

export type ServedTown = AsyncDisposable & {
  readonly town: Town;
  readonly served: Served;
  /** `127.0.0.1:<port>/inspector/<path>` with the operator's token. */
  address(path: string, query?: string): string;
};

export async function servedTown(): Promise<ServedTown> {
  const env = createSystemEnv({ log: () => undefined });
  const place = folder();
  const town = await createTown({
    ...{ directory: place.make(), env, store: openMemory({ env }), rigs: { r: RIG }, agents: [{ id: 'p1', rig: 'r' }] },
    ...{ container: new ScriptedContainer(), integrator: new ScriptedIntegrator() },
  });
  const served = await serveTown(town, { operatorToken: OPERATOR, env, version: VERSION, port: 0 });
  return {
    town,
    served,
    address: (path, query = '') => `${new URL(served.url).host}/inspector/${path}?token=${OPERATOR}${query}`,
    async [Symbol.asyncDispose]() {
      await served.close();
      await town[Symbol.asyncDispose]();
      place.clear();
    },
  };
}

/** Collects what comes, and lets a test wait until something has come. */
export class Heard<T> {
  readonly all: T[] = [];
  #waiting: { readonly wanted: (all: readonly T[]) => boolean; readonly found: () => void }[] = [];

  readonly take = (one: T): void => {
    this.all.push(one);
    const found = this.#waiting.filter(({ wanted }) => wanted(this.all));
    this.#waiting = this.#waiting.filter((waiter) => !found.includes(waiter));
    for (const waiter of found) waiter.found();
  };

  async until(wanted: (one: T) => boolean): Promise<void> {
    const some = (all: readonly T[]) => all.some(wanted);
    if (some(this.all)) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`it did not come: ${JSON.stringify(this.all)}`)), DEADLINE_MS);
      this.#waiting.push({
        wanted: some,
        found: () => {
          clearTimeout(late);
          resolve();
        },
      });
    });
  }
}
