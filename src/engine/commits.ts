/**
 * Group commit: work that arrives while the last commit runs shares the next one, each piece in a savepoint of its own.
 *
 * Invariants
 * - G1 a caller is answered after the COMMIT, never before; watchers hear of it after the callers' answers are decided.
 * - G2 a piece of work that throws undoes itself alone.
 * - G3 when the commit fails nobody's work happened, and everybody is told.
 * - G4 nothing here awaits: a commit is one synchronous stretch.
 */
import { Bug, coerceError, Refused, Retryable, Terminal } from '../core/errors.ts';
import type { EpochMs } from '../core/types.ts';
import type { LogRow, Store, Transaction } from '../store/port.ts';
import type { Health } from './health.ts';
import { type Idempotency, once } from './idempotency.ts';
import { type Check, checkInvariants } from './invariants.ts';
import { type Shared, Turn } from './turn.ts';

/** What a commit left to tell: its rows, and the earliest instant at which something that it wrote is due. */
export type Committed = { readonly rows: readonly LogRow[]; readonly dueAt: EpochMs | null };

export type Work<T> = (turn: Turn) => T;

type Item = {
  readonly work: Work<unknown>;
  readonly idempotency: Idempotency | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
};

type Outcome = { readonly turn: Turn } & ({ readonly value: unknown } | { readonly error: Error });

type Parts = {
  readonly shared: Shared;
  readonly store: Store;
  readonly health: Health;
  readonly check: Check | undefined;
  readonly announce: (committed: Committed) => void;
};

export class Commits {
  readonly #parts: Parts;
  #queue: Item[] = [];
  #scheduled = false;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** How much waits for its commit. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Work for the next commit. Rejects with what the work throws, or Retryable when the store fails. */
  submit<T>(work: Work<T>, idempotency?: Idempotency): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, idempotency, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Work in a commit of its own, at once. Throws what the work throws, or Retryable when the store fails. */
  submitNow<T>(work: Work<T>): T {
    let value: unknown;
    let error: Error | null = null;
    const resolve = (result: unknown) => {
      value = result;
    };
    const reject = (reason: Error) => {
      error = reason;
    };
    this.#commit([{ work, idempotency: undefined, resolve, reject }]);
    if (error) throw error;
    return value as T;
  }

  /** Commits at once what waits, and the last work after it. From then on all work is refused. */
  close(lastWork: Work<unknown>): void {
    const last = { work: lastWork, idempotency: undefined, resolve: () => undefined, reject: () => undefined };
    this.#queue.push(last);
    while (this.#queue.length > 0) this.#drain();
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.shared.env.clock.soon(() => {
      this.#scheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    const { commitItemsMax } = this.#parts.shared.limits;
    const items = this.#queue.length <= commitItemsMax ? this.#queue : this.#queue.slice(0, commitItemsMax);
    this.#queue = items === this.#queue ? [] : this.#queue.slice(commitItemsMax);
    if (this.#queue.length > 0) this.#schedule();
    if (items.length > 0) this.#commit(items);
  }

  #commit(items: readonly Item[]): void {
    const { shared, store, health, announce } = this.#parts;
    const refusal = this.#closed
      ? new Refused('unavailable', 'the engine has stopped: nothing is written any more')
      : health.refusal;
    if (refusal) {
      for (const item of items) item.reject(refusal);
      return;
    }
    const at = shared.env.clock.now(); // the only look at the clock: steps, rows and receipts carry this instant
    const turns: Turn[] = [];
    let outcomes: readonly Outcome[];
    try {
      outcomes = store.commit((tx) => items.map((item) => this.#run(item, tx, { at, turns })));
    } catch (thrown) {
      for (const turn of turns) turn.undo();
      this.#failAll(items, coerceError(thrown));
      return;
    }
    outcomes.forEach((outcome, index) => {
      const item = items[index];
      if ('error' in outcome) item?.reject(outcome.error);
      else item?.resolve(outcome.value);
    });
    announce(summarize(turns));
  }

  #run(item: Item, tx: Transaction, { at, turns }: { at: EpochMs; turns: Turn[] }): Outcome {
    const turn = new Turn(this.#parts.shared, tx, at);
    turns.push(turn);
    const outcome = this.#attempt(item, turn);
    for (const row of turn.rejections) turn.note(row);
    return outcome;
  }

  #attempt({ work, idempotency }: Item, turn: Turn): Outcome {
    try {
      const value = turn.tx.savepoint(() => {
        const result = idempotency ? once(turn, idempotency, () => work(turn)) : work(turn);
        if (isThenable(result))
          throw new Bug('work inside a commit returned a promise: do what must be awaited before or after');
        checkInvariants(turn, this.#parts.check);
        return result;
      });
      return { turn, value };
    } catch (thrown) {
      // A store that fails takes the whole commit with it.
      if (thrown instanceof Retryable || thrown instanceof Terminal) throw thrown;
      turn.undo();
      return { turn, error: coerceError(thrown) };
    }
  }

  #failAll(items: readonly Item[], error: Error): void {
    const { health, shared, announce } = this.#parts;
    if (error instanceof Retryable) health.fail(error.message);
    else shared.env.log('error', `a commit failed: ${error.message}`, { stack: error.stack });
    for (const item of items) item.reject(health.refusal ?? error);
    announce({ rows: [], dueAt: null });
  }
}

function summarize(turns: readonly Turn[]): Committed {
  let dueAt: EpochMs | null = null;
  for (const turn of turns) {
    if (turn.dueAt !== null && (dueAt === null || turn.dueAt < dueAt)) dueAt = turn.dueAt;
  }
  const rows = turns.length === 1 && turns[0] ? turns[0].rows : turns.flatMap((turn) => turn.rows);
  return { rows, dueAt };
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
