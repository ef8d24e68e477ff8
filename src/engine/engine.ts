/**
 * The durable statechart engine: wires the kernel to its clockwork and gives it a typed face.
 * It stands above the scheduler, which knows the rest of this folder; nothing else here does.
 *
 * Invariants
 * - A promise of `create`, `send`, `deliver`, `birth` or `submit` resolves after its commit, never before.
 * - After `stop` nothing is written any more.
 */
import { type Definition, define } from '../core/define.ts';
import { Refused } from '../core/errors.ts';
import type { Birth, EngineEvent, EntityRef, Envelope, EpochMs, JsonValue, Receipt } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import { createSystemEnv } from '../env/system.ts';
import type { DeadLetterListener } from '../scheduler/dead-letters.ts';
import type { EffectHandler } from '../scheduler/effect-handler.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { Reads, Store, Transaction } from '../store/port.ts';
import { openSqlite } from '../store/sqlite.ts';
import { Definitions } from './definitions.ts';
import { birth, deliver } from './deliver.ts';
import { type HealthReport, LAST_AT } from './health.ts';
import type { Idempotency } from './idempotency.ts';
import type { Check } from './invariants.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { fireNow, retryNow } from './orders.ts';
import { type Preview, preview } from './preview.ts';
import type { Turn } from './turn.ts';
import type { AnyMachine, ContextOf, EventOf, InputOf, MachineRecord } from './typing.ts';
import { type EntityView, viewEntity } from './view.ts';
import type { Watcher } from './watchers.ts';

export type EngineOptions<TMachines extends MachineRecord> = {
  /** Machines by their ids. */
  readonly machines: TMachines;
  /** The database's file; made when it is not there. Either this or `store`. */
  readonly file?: string;
  /**
   * With `file`: `full` (default) loses nothing that was acknowledged in a power cut, `normal` perhaps the last
   * commits.
   */
  readonly synchronous?: 'full' | 'normal';
  /** A store that the caller opened, and closes. */
  readonly store?: Store;
  readonly env?: Env;
  /** Who does the outside work, by type of effect. */
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  /** Asked inside each transaction, after the whole cascade; a sentence undoes it. */
  readonly check?: Check;
  readonly onDeadLetter?: DeadLetterListener;
  readonly limits?: Partial<Limits>;
};

/** What a piece of work does inside a commit. Each call is undone by itself when it throws. */
export type Batch = {
  /** Throws Refused. */
  deliver(envelope: Envelope): Receipt;
  /** Throws Refused. */
  birth(newborn: Birth): Receipt;
  /**
   * For reads, series, records and the like. What changes an entity goes through `deliver`: `apply` here would go
   * behind its back.
   */
  readonly tx: Transaction;
  /** The instant of the commit. */
  readonly at: EpochMs;
};

export type SubmitOptions = { readonly idempotency?: Idempotency };
export type SendOptions = SubmitOptions & {
  /** Who sends; `operator` when absent. */
  readonly by?: string;
  /** Why: kept in the log row. */
  readonly reason?: string;
};
/** A person's word to the clockwork: in whose name, and why. */
export type Order = SubmitOptions & { readonly by: string; readonly reason?: string | undefined };
type MachineName<TMachines> = keyof TMachines & string;

export interface Engine<TMachines extends MachineRecord = MachineRecord> extends AsyncDisposable {
  readonly env: Env;
  readonly reads: Reads;
  /**
   * Takes the store into use: what an earlier process left goes on. Rejects with Retryable when the store fails; call
   * it again then.
   */
  start(): Promise<void>;
  /** Ends running effects, writes what waits, and closes the store that it opened. */
  stop(): Promise<void>;
  /** Brings an entity to life. Rejects with Refused `already_exists`. */
  create<M extends MachineName<TMachines>>(
    machine: M,
    id: string,
    ...input: InputArguments<TMachines[M]>
  ): Promise<Receipt>;
  /** Sends an event. Resolves after the commit; rejects with Refused when the entity does not take it. */
  send<M extends MachineName<TMachines>>(
    machine: M,
    id: string,
    ...message: [event: EventOf<TMachines[M]>, options?: SendOptions]
  ): Promise<Receipt>;
  /** Null: there is none. */
  get<M extends MachineName<TMachines>>(machine: M, id: string): EntityView<ContextOf<TMachines[M]>> | null;
  deliver(envelope: Envelope, options?: SubmitOptions): Promise<Receipt>;
  birth(newborn: Birth, options?: SubmitOptions): Promise<Receipt>;
  /** Synchronous work in the next group commit. */
  submit<T>(work: (batch: Batch) => T, options?: SubmitOptions): Promise<T>;
  /** The same in a commit of its own, at once. */
  submitNow<T>(work: (batch: Batch) => T): T;
  /** What the event would do now. Nothing is written; checks that are made at a commit are not. */
  preview(envelope: Envelope): Preview;
  /** A timer fires now instead of when it is due. Rejects with Refused `not_found`, or when its event is not taken. */
  fireTimer(entity: EntityRef, id: string, order: Order): Promise<Receipt>;
  /** An effect that waits or was given up is due now. Rejects with Refused `conflict` when it is neither. */
  retryEffect(key: string, order: Order): Promise<Receipt>;
  /** Told of the log rows of each commit, after it. Returns the unsubscriber. */
  subscribe(listener: Watcher): () => void;
  /** The same machines with other settings, from the next commit on. */
  redefine(definitions: readonly Definition[]): void;
  /** The machines' names, in the order in which they were given. */
  machines(): readonly string[];
  /** The definition in use. Throws Refused `invalid` for an unknown machine. */
  definition(machine: string): Definition;
  health(): HealthReport;
  /** Resolves when nothing waits, is due or runs. */
  idle(): Promise<void>;
  /** Looks at once what is due. */
  nudge(): void;
}

type InputArguments<T> =
  undefined extends InputOf<T>
    ? [input?: InputOf<T>]
    : null extends InputOf<T>
      ? [input?: InputOf<T>]
      : [input: InputOf<T>];

/**
 * Makes an engine; `start` sets it going.
 * Throws Refused `invalid` for a machine that can not be made durable or whose id is not its key; `busy` when another
 * process has the file.
 */
export function createEngine<const TMachines extends MachineRecord>(
  options: EngineOptions<TMachines>,
): Engine<TMachines> {
  const definitions = Object.entries(options.machines).map(([key, machine]) => defined(key, machine));
  const env = options.env ?? createSystemEnv();
  const store = options.store ?? openFile(options, env);
  const kernel = createKernel({ env, store, limits: { ...defaultLimits, ...options.limits }, check: options.check });
  const scheduler = new Scheduler(kernel, { effects: options.effects ?? {}, onDeadLetter: options.onDeadLetter });
  const closeStore = options.store ? () => undefined : () => store.close();
  return new DurableEngine({ kernel, scheduler, definitions, closeStore }) as unknown as Engine<TMachines>;
}

type Parts = {
  readonly kernel: Kernel;
  readonly scheduler: Scheduler;
  readonly definitions: readonly Definition[];
  readonly closeStore: () => void;
};

class DurableEngine implements Engine {
  readonly #parts: Parts;
  #state: 'made' | 'running' | 'stopped' = 'made';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get env(): Env {
    return this.#parts.kernel.env;
  }

  get reads(): Reads {
    return this.#parts.kernel.store.read;
  }

  async start(): Promise<void> {
    if (this.#state !== 'made') throw new Refused('conflict', `the engine is ${this.#state} already: make a new one`);
    const { kernel, scheduler, definitions } = this.#parts;
    kernel.env.clock.notBefore(lastInstant(this.reads));
    try {
      this.redefine(definitions);
      scheduler.start();
    } catch (thrown) {
      kernel.health.reset();
      throw thrown;
    }
    this.#state = 'running';
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    const { kernel, scheduler, closeStore } = this.#parts;
    if (this.#state === 'running') {
      await scheduler.stop();
      kernel.commits.close(({ tx, at }) => tx.setMeta(LAST_AT, at));
      kernel.health.reset();
    }
    this.#state = 'stopped';
    closeStore();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  create(machine: string, id: string, input: unknown = null): Promise<Receipt> {
    return this.birth({ to: { machine, id }, input: input as JsonValue, by: 'operator' });
  }

  send(
    machine: string,
    id: string,
    event: EngineEvent,
    { by = 'operator', reason, ...options }: SendOptions = {},
  ): Promise<Receipt> {
    return this.deliver({ to: { machine, id }, event, by, reason }, options);
  }

  get(machine: string, id: string): EntityView | null {
    return viewEntity(this.#parts.kernel, { machine, id });
  }

  deliver(envelope: Envelope, { idempotency }: SubmitOptions = {}): Promise<Receipt> {
    return this.#parts.kernel.commits.submit((turn) => deliver(turn, envelope), { idempotency });
  }

  birth(newborn: Birth, { idempotency }: SubmitOptions = {}): Promise<Receipt> {
    return this.#parts.kernel.commits.submit((turn) => birth(turn, newborn), { idempotency });
  }

  submit<T>(work: (batch: Batch) => T, { idempotency }: SubmitOptions = {}): Promise<T> {
    return this.#parts.kernel.commits.submit((turn) => work(toBatch(turn)), { idempotency, foreign: true });
  }

  submitNow<T>(work: (batch: Batch) => T): T {
    return this.#parts.kernel.commits.submitNow((turn) => work(toBatch(turn)));
  }

  preview(envelope: Envelope): Preview {
    return preview(this.#parts.kernel, envelope);
  }

  fireTimer(entity: EntityRef, id: string, order: Order): Promise<Receipt> {
    return this.#parts.kernel.commits.submit((turn) => fireNow(turn, { entity, id }, order), order);
  }

  async retryEffect(key: string, order: Order): Promise<Receipt> {
    const receipt = await this.#parts.kernel.commits.submit((turn) => retryNow(turn, key, order), order);
    this.nudge();
    return receipt;
  }

  subscribe(listener: Watcher): () => void {
    return this.#parts.kernel.watchers.add(listener);
  }

  redefine(definitions: readonly Definition[]): void {
    const { commits, definitions: known, cache } = this.#parts.kernel;
    known.adopt(commits.submitNow(({ tx }) => Definitions.register(tx, definitions)));
    // Hydrated snapshots belong to the machines that hydrated them.
    cache.clear();
  }

  machines(): readonly string[] {
    return this.#parts.kernel.definitions.names;
  }

  definition(machine: string): Definition {
    return this.#parts.kernel.definitions.get(machine).definition;
  }

  health(): HealthReport {
    return this.#parts.kernel.health.report;
  }

  idle(): Promise<void> {
    return this.#parts.scheduler.idle();
  }

  nudge(): void {
    this.#parts.scheduler.nudge();
  }
}

function toBatch(turn: Turn): Batch {
  return {
    deliver: (envelope) => turn.nested(() => deliver(turn, envelope)),
    birth: (newborn) => turn.nested(() => birth(turn, newborn)),
    tx: Object.assign(Object.create(turn.tx) as Transaction, {
      quarantine: (ref: EntityRef, reason: string) => {
        turn.tx.quarantine(ref, reason);
        turn.shared.cache.delete(ref.machine, ref.id);
      },
    }),
    at: turn.at,
  };
}

function defined(key: string, machine: AnyMachine | Definition): Definition {
  const definition = 'stepper' in machine ? machine : define(machine);
  if (definition.name === key) return definition;
  const message = `the machine under the key ${key} has the id ${definition.name}: use one name for both`;
  throw new Refused('invalid', message, { key, id: definition.name });
}

function openFile({ file, synchronous }: EngineOptions<MachineRecord>, env: Env): Store {
  if (file === undefined)
    throw new Refused('invalid', 'an engine needs a place to keep its state: give it a file or a store');
  return openSqlite({ file, env, ...(synchronous && { synchronous }) });
}

/** The last instant of engine time that the store knows of. */
function lastInstant(reads: Reads): EpochMs {
  const noted = reads.meta(LAST_AT);
  const logged = reads.log({}, { limit: 1, order: 'desc' })[0]?.at ?? 0;
  return Math.max(typeof noted === 'number' ? noted : 0, logged);
}
