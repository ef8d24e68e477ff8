/**
 * The containers of a town: who is there to be asked, by id. The entity says what the town knows of a container; this
 * says whether there is somebody behind it at all.
 *
 * Invariants
 * - H1 of a container that the town knows and nobody stands for, nothing is concluded: a start is refused, as it can
 *   not have happened, and every question stays without an answer.
 */
import type { Policy } from '../../machines/policy.ts';
import type { Container, IsolationStatus } from '../agents/port.ts';
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import { checkId, foundContainer } from './founding.ts';
import { isolationOf, lookAfter } from './hands.ts';
import { LOCAL, type Place } from './options.ts';
import type { Parties } from './parties.ts';
import { listen } from './reports.ts';

/** When a question to nobody is asked again. */
const AGAIN_MS = 5_000;

export type ContainersParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver' | 'submit'>;
  readonly parties: Parties;
  readonly policy: () => Policy;
  /** Called when there is one more to be placed on. */
  readonly onArrival: () => void;
};

export class Containers {
  readonly #parts: () => ContainersParts;
  readonly #there = new Map<string, Container>();

  /** The parts are asked for when they are there: the engine's effects name containers before the engine is. */
  constructor(local: Container | null, parts: () => ContainersParts) {
    this.#parts = parts;
    if (local) this.#there.set(local.id, local);
  }

  /** Whoever stands for a container now, or one that says that nobody does. Refused `unknown_entity`. */
  of(id: string): Container {
    const there = this.#there.get(id);
    if (there) return there;
    if (this.#parts().parties.find('container', id)) return nobody(id);
    const known = [...this.#there.keys()].join(', ') || 'none';
    throw new Refused('unknown_entity', `there is no container ${id} here; there is ${known}`);
  }

  /** Whether somebody stands for it who can be reached. */
  readonly isConnected = (id: string): boolean => {
    const there = this.#there.get(id);
    return there !== undefined && there.isConnected?.() !== false;
  };

  /** Listens to the embedded one, and waits until it has taken its runs up again. */
  async open(): Promise<IsolationStatus | null> {
    const local = this.#there.get(LOCAL);
    if (!local) return null;
    const { env, policy } = this.#parts();
    this.#listen(local);
    await lookAfter(local, env, policy().healthMs);
    return isolationOf(local, env);
  }

  /** See `Town.host`. */
  async host(container: Container, place: Place): Promise<void> {
    const { engine, policy, onArrival } = this.#parts();
    const { id } = container;
    checkPlace(id, place);
    await engine.submit((batch) => foundContainer(batch, { id, ...place }));
    if (this.#there.get(id) !== container) {
      this.#there.set(id, container);
      container.setHeartbeat?.(policy().heartbeatMs);
      this.#listen(container);
    }
    void this.#greet(container);
    onArrival();
  }

  setHeartbeat(everyMs: number): void {
    for (const container of this.#there.values()) container.setHeartbeat?.(everyMs);
  }

  async close(runs: 'keep' | 'stop'): Promise<void> {
    await Promise.all([...this.#there.values()].map((container) => container.close(runs)));
  }

  #listen(container: Container): void {
    const { env, engine, parties, policy } = this.#parts();
    listen({ env, engine, parties, graceMs: () => policy().graceMs }, container);
  }

  /** Who says how it is is there: nobody waits out a backoff for it. Its chart hears of another incarnation. */
  async #greet(container: Container): Promise<void> {
    const { env, engine, policy } = this.#parts();
    const { id } = container;
    const incarnation = await lookAfter(container, env, policy().healthMs);
    if (incarnation === null || this.#there.get(id) !== container) return;
    try {
      const event = { type: 'SEEN', incarnation };
      await engine.deliver({ to: { machine: 'container', id }, event, by: `container/${id}` });
    } catch (thrown) {
      env.log('debug', `container ${id} was not greeted: ${coerceError(thrown).message}`);
    }
  }
}

function checkPlace(id: string, { labels, slots }: Place): void {
  checkId(id, 'a container');
  for (const label of labels) checkId(label, 'a label');
  if (slots === null || (Number.isInteger(slots) && slots >= 0)) return;
  throw new Refused('invalid', `container ${id}: slots is ${slots}; it is a whole number from 0 on, or null for any`);
}

/** What a container says that is known and not there. */
function nobody(id: string): Container {
  const cause = `container ${id} is not connected`;
  const noAnswer = async (): Promise<never> => {
    throw new Retryable(cause, AGAIN_MS);
  };
  return {
    id,
    start: async () => ({ kind: 'refused', reason: cause, permanent: false }),
    ...{ stop: noAnswer, probe: noAnswer, list: noAnswer, health: noAnswer, provision: noAnswer },
    ...{ release: noAnswer, finish: noAnswer, readOutput: noAnswer },
    onReport: () => undefined,
    close: async () => undefined,
  };
}
