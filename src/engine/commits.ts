/**
 * Group commit: work that arrives while the last commit runs shares the next one.
 *
 * Invariants
 * - G1 a caller is answered after the COMMIT, never before; watchers hear of it after the callers' answers are decided.
 * - G2 a piece of work that throws undoes itself alone.
 * - G3 when the commit fails nobody's work happened, and everybody is told.
 * - G4 nothing here awaits: a commit is one synchronous stretch.
 */
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { EpochMs } from '../core/types.ts';
import type { LogRow, Store } from '../store/port.ts';
import type { Health } from './health.ts';
import type { Idempotency } from './idempotency.ts';
import type { Check } from './invariants.ts';
import { type Outcome, type Piece, Pieces, type Work } from './pieces.ts';
import type { Shared, Turn } from './turn.ts';

/** What a commit left to tell: its rows, and the earliest instant at which something that it wrote is due. */
export type Committed = { readonly rows: readonly LogRow[]; readonly dueAt: EpochMs | null };

type Item = Piece & {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
};

export type SubmitOptions = {
  readonly idempotency?: Idempotency | undefined;
  /** True for work of a caller, of which nobody knows whether it may run twice. */
  readonly foreign?: boolean;
};

type Parts = {
  readonly shared: Shared;
  readonly store: Store;
  readonly health: Health;
  readonly check: Check | undefined;
  readonly announce: (committed: Committed) => void;
};

export class Commits {
  readonly #parts: Parts;
  readonly #pieces: Pieces;
  #queue: Item[] = [];
  #scheduled = false;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#pieces = new Pieces(parts);
  }

  /** How much waits for its commit. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Work for the next commit. Rejects with what the work throws, or Retryable when the store fails. */
  submit<T>(work: Work<T>, { idempotency, foreign = false }: SubmitOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const repeatable = !foreign;
      this.#queue.push({ work, idempotency, repeatable, resolve: resolve as (value: unknown) => void, reject });
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
    this.#commit([{ work, idempotency: undefined, repeatable: false, resolve, reject }]);
    if (error) throw error;
    return value as T;
  }

  /** Commits at once what waits, and the last work after it. From then on all work is refused. */
  close(lastWork: Work<unknown>): void {
    const unheard = { resolve: () => undefined, reject: () => undefined };
    this.#queue.push({ work: lastWork, idempotency: undefined, repeatable: false, ...unheard });
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
    const { shared, health, announce } = this.#parts;
    const refusal = this.#closed
      ? new Refused('unavailable', 'the engine has stopped: nothing is written any more')
      : health.refusal;
    if (refusal) {
      for (const item of items) item.reject(refusal);
      return;
    }
    const at = shared.env.clock.now(); // the only look at the clock: steps, rows and receipts carry this instant
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#pieces.commit(items, at);
    } catch (thrown) {
      this.#failAll(items, coerceError(thrown));
      return;
    }
    outcomes.forEach((outcome, index) => {
      const item = items[index];
      if ('error' in outcome) item?.reject(outcome.error);
      else item?.resolve(outcome.value);
    });
    announce(summarize(outcomes));
  }

  #failAll(items: readonly Item[], error: Error): void {
    const { health, shared, announce } = this.#parts;
    if (error instanceof Retryable) health.fail(error.message);
    else shared.env.log('error', `a commit failed: ${error.message}`, { stack: error.stack });
    for (const item of items) item.reject(health.refusal ?? error);
    announce({ rows: [], dueAt: null });
  }
}

function summarize(outcomes: readonly { readonly turn: Turn }[]): Committed {
  let dueAt: EpochMs | null = null;
  const rows: LogRow[] = [];
  for (const { turn } of outcomes) {
    if (turn.dueAt !== null && (dueAt === null || turn.dueAt < dueAt)) dueAt = turn.dueAt;
    for (const row of turn.rows) rows.push(row);
  }
  return { rows, dueAt };
}
