/**
 * One life of the town's process. Everything that it touches goes through here, so that kill -9 is exact: from
 * that instant on no commit, no call and no wait of this life happens, and what the store has is all that is left.
 */
import type { Container, Integrator, RunReport } from '../agents/port.ts';
import { Refused, Retryable } from '../core/errors.ts';
import type { EngineEvent, EntityRef, Receipt } from '../core/types.ts';
import type { Alarm, Clock, Env, LogLevel } from '../env/env.ts';
import type { Reads, Store } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import type { SimulatedContainer } from './container.ts';
import { type Door, never, type World } from './world.ts';

/** Where in its commits a life ends: after so many more, before or after the last one became durable. */
export type Doom = { commits: number; readonly durable: boolean };

export type BootParts = {
  readonly world: World;
  readonly number: number;
  readonly store: Store;
  /** The town's own, and those that are brought to it. */
  readonly containers: readonly SimulatedContainer[];
  readonly integrator: Integrator;
  /** Milliseconds by which the wall of this life is off. */
  readonly skewMs: number;
  /** True while the disk is full. */
  readonly storeFails: () => boolean;
  /** Told after each commit. */
  readonly committed: (reads: Reads) => void;
  /** What the process writes to its log. */
  readonly logged: (level: LogLevel, message: string) => void;
  readonly died: (boot: Boot) => void;
};

/** A runner notices within this that its town is back, and tries again after a while. */
const ARRIVAL_MS = 120_000;
const AGAIN_MS = 5_000;

const own = ([first]: readonly SimulatedContainer[]) => first as SimulatedContainer;

const LOST: Alarm = { cancel: () => undefined };

export class Boot implements Door {
  alive = true;
  town: Town | null = null;
  doom: Doom | null = null;
  readonly bornAt: number;
  readonly env: Env;
  readonly store: Store;
  readonly container: Container;
  readonly integrator: Integrator;
  readonly #parts: BootParts;
  readonly #listeners = new Map<string, (report: RunReport) => Promise<void>>();
  /** Ids of the containers that the town of this life has. */
  readonly #hosted = new Set<string>();
  /** Aborted by its death: what it was in the middle of does not happen. */
  readonly #life = new AbortController();
  readonly #guards = new Map<SimulatedContainer, Container>();
  #skewMs: number;
  #draws = 0;

  constructor(parts: BootParts) {
    this.#parts = parts;
    this.#skewMs = parts.skewMs;
    this.bornAt = parts.world.env.clock.now();
    this.env = {
      clock: this.#clock(),
      random: () => this.#draw(),
      hex: (length) => Array.from({ length }, () => Math.floor(this.#draw() * 16).toString(16)).join(''),
      log: (level, message) => {
        if (this.alive) parts.logged(level, message);
      },
    };
    this.store = this.#guardedStore();
    this.container = this.#guarded(own(parts.containers));
    const { integrator } = parts;
    this.integrator = {
      merge: (request, signal) =>
        this.alive ? integrator.merge(request, AbortSignal.any([signal, this.#life.signal])) : never(),
      merged: (work) => (this.alive ? integrator.merged(work) : never()),
    };
  }

  /** kill -9. */
  die(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#listeners.clear();
    this.#life.abort();
    this.#parts.died(this);
  }

  /** The town is up: containers are brought to it as they come. */
  opened(town: Town): void {
    this.town = town;
    const { containers, world } = this.#parts;
    this.#hosted.add(own(containers).id);
    for (const container of containers.slice(1)) {
      const { dice, faults } = world;
      const delay =
        faults.phase === 'calm' ? 0 : dice.between(0, ARRIVAL_MS, ['arrives', container.id, this.#parts.number]);
      this.env.clock.at(this.env.clock.now() + delay, () => this.bring(container));
    }
  }

  /** Brings a container to the town, again and again until the town has it. One that is away brings itself later. */
  bring(container: SimulatedContainer): void {
    if (!this.town || !this.alive || !container.connected) return;
    const again = () => this.env.clock.at(this.env.clock.now() + AGAIN_MS, () => this.bring(container));
    const guarded = this.#guards.get(container) ?? this.#guarded(container);
    this.#guards.set(container, guarded);
    this.town.host(guarded, container.place).then(() => this.#hosted.add(container.id), again);
  }

  /** Whether the town of this life could place a run there. */
  reaches({ id, connected }: SimulatedContainer): boolean {
    return connected && this.#hosted.has(id);
  }

  async report(container: string, report: RunReport): Promise<void> {
    const listener = this.#listeners.get(container);
    if (!listener) throw new Retryable('nobody listens to reports', 1_000);
    const alive = await this.#unlessDead(listener(report));
    if (!alive) throw new Retryable('the connection was lost', 1_000);
  }

  async send(to: EntityRef, event: EngineEvent, by: string): Promise<Receipt> {
    if (!this.town) throw new Retryable('nobody is there', 1_000);
    const receipt = await this.town.send(to, event, { by });
    // Committed and not acknowledged: the caller hears nothing of it.
    if (!this.alive) throw new Retryable('the connection was lost', 1_000);
    return receipt;
  }

  async #unlessDead(work: Promise<void>): Promise<boolean> {
    await work;
    return this.alive;
  }

  #draw(): number {
    this.#draws += 1;
    return this.#parts.world.dice.u('env', this.#parts.number, this.#draws);
  }

  #clock(): Clock {
    const { clock } = this.#parts.world.env;
    const living = (call: () => void) => () => {
      if (this.alive) call();
    };
    const now = () => clock.now() + this.#skewMs;
    return {
      now,
      at: (atMs, call, options) => (this.alive ? clock.at(atMs - this.#skewMs, living(call), options) : LOST),
      soon: (call) => {
        if (this.alive) clock.soon(living(call));
      },
      onJump: (listener) => clock.onJump((jump) => living(() => listener(jump))()),
      notBefore: (atMs) => {
        if (now() < atMs) this.#skewMs = atMs - clock.now();
      },
    };
  }

  #guardedStore(): Store {
    const { store, storeFails, committed } = this.#parts;
    const dead = () => new Retryable('the process is gone', 1_000);
    return {
      ...store,
      commit: (work) => {
        if (!this.alive) throw dead();
        if (storeFails()) throw new Retryable('database or disk is full', 5_000);
        const last = this.doom !== null && this.doom.commits === 0;
        if (this.doom) this.doom.commits -= 1;
        if (last && this.doom && !this.doom.durable) {
          this.die();
          throw dead();
        }
        const value = store.commit(work);
        committed(store.read);
        if (!last) return value;
        this.die();
        throw dead();
      },
      close: () => undefined,
    };
  }

  #guarded(container: SimulatedContainer): Container {
    const living = <T>(call: () => Promise<T>): Promise<T> => (this.alive ? call() : never());
    return {
      id: container.id,
      isConnected: () => container.connected,
      start: (spec, signal) => living(() => container.start(spec, signal)),
      stop: (run) => living(() => container.stop(run)),
      probe: (run) => living(() => container.probe(run)),
      list: () => living(() => container.list()),
      health: () => living(() => container.health()),
      provision: () => living(() => container.provision()),
      finish: (run) => living(() => container.finish(run)),
      readOutput: async () => null,
      onReport: (listener) => {
        if (this.alive) this.#listeners.set(container.id, listener);
      },
      close: async () => undefined,
    };
  }
}

/** True for what a caller may expect of a town that is in trouble: a refusal, or to be asked again. */
export function isExpected(thrown: unknown): boolean {
  return thrown instanceof Refused || thrown instanceof Retryable;
}
