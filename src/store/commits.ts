/**
 * Commits and savepoints as both stores understand them; where the rows lie is the host's affair.
 *
 * Invariants
 * - Work is synchronous, commits do not nest, and no write happens outside of one.
 * - A write that failed never becomes part of a commit, even when the work swallows the error:
 *   its savepoint undoes it, or the whole commit goes.
 * - What memory knows (key caches, the last number of the log) follows every rollback.
 */
import { Bug, Refused, Retryable, Terminal } from '../core/errors.ts';
import type { Journal } from './journal.ts';
import type { Transaction } from './port.ts';

/** Where rows lie: how a transaction begins and ends there. */
export interface CommitHost {
  /** Throws when this process may not write any more. */
  begin(): void;
  commit(): void;
  rollback(): void;
  save(): void;
  release(): void;
  rollbackTo(): void;
  /** False when the host ended the transaction by itself. */
  alive(): boolean;
  /** The failure to tell the caller. */
  translated(thrown: unknown): unknown;
}

/** The number of the last log row: numbers that a rollback gave back are given out again. */
export type Numbering = { last: number };

type Failure = { readonly thrown: unknown };

export class Commits {
  readonly numbering: Numbering;
  readonly #host: CommitHost;
  readonly #journal: Journal;
  #working = false;
  #writes = 0;
  /** The first write that failed and was not undone yet. */
  #failure: Failure | null = null;

  constructor(parts: { readonly host: CommitHost; readonly journal: Journal; readonly lastSeq: number }) {
    this.#host = parts.host;
    this.#journal = parts.journal;
    this.numbering = { last: parts.lastSeq };
  }

  /** Grows with each call of a writing member. */
  get writes(): number {
    return this.#writes;
  }

  get working(): boolean {
    return this.#working;
  }

  commit<T>(transaction: Transaction, work: (transaction: Transaction) => T): T {
    if (this.#working) throw new Bug('a commit was begun inside a commit; use a savepoint of the one that is open');
    this.#working = true;
    const { last } = this.numbering;
    try {
      this.#host.begin();
      const result = work(transaction);
      assertSynchronous(result);
      if (this.#failure) throw this.#failure.thrown;
      this.#host.commit();
      this.#journal.clear();
      return result;
    } catch (thrown) {
      this.#journal.rollback(0);
      this.numbering.last = last;
      if (this.#host.alive()) this.#host.rollback();
      throw this.#host.translated(thrown);
    } finally {
      this.#failure = null;
      this.#working = false;
    }
  }

  /** Undoes its own work alone when it throws; a storage failure takes the whole commit with it. */
  savepoint<T>(work: () => T): T {
    this.assertInside();
    const mark = this.#journal.mark();
    const { last } = this.numbering;
    const failedBefore = this.#failure;
    this.#host.save();
    try {
      const result = work();
      assertSynchronous(result);
      if (this.#failure !== failedBefore) throw this.#failure?.thrown;
      this.#host.release();
      return result;
    } catch (thrown) {
      const failure = this.#host.translated(thrown);
      this.#journal.rollback(mark);
      this.numbering.last = last;
      if (isStorageFailure(this.#failure?.thrown) || !this.#host.alive()) {
        this.#failure ??= { thrown: failure };
        throw this.#failure.thrown;
      }
      this.#failure = failedBefore;
      this.#host.rollbackTo();
      this.#host.release();
      throw failure;
    }
  }

  /** The writing members of a transaction: they work inside a commit only, and their failures are remembered. */
  guarded<Members extends object>(members: Members): Members {
    return wrapped(members, (member, one, two, three) => {
      this.assertInside();
      this.#writes += 1;
      try {
        return member(one, two, three);
      } catch (thrown) {
        const failure = this.#host.translated(thrown);
        // A refusal comes before the first write: there is nothing to undo.
        if (!(failure instanceof Refused)) this.#failure ??= { thrown: failure };
        throw failure;
      }
    });
  }

  assertInside(): void {
    if (!this.#working) throw new Bug('a transaction was used after its commit had ended');
    if (this.#failure && isStorageFailure(this.#failure.thrown)) throw this.#failure.thrown;
    if (!this.#host.alive()) throw new Bug('the database ended the transaction by itself; its commit is lost');
  }
}

/** A member of the port: none has more than three parameters, so that no call has to make a list of them. */
type Member = (one: unknown, two: unknown, three: unknown) => unknown;

/** The same functions, each called through `around`. */
export function wrapped<Members extends object>(
  members: Members,
  around: (member: Member, ...parameters: Parameters<Member>) => unknown,
): Members {
  const wrappers = Object.entries(members).map(([name, member]) => {
    const wrapper: Member = (one, two, three) => around(member as Member, one, two, three);
    return [name, wrapper];
  });
  return Object.fromEntries(wrappers) as Members;
}

/** The disk, the file or a lock failed: whatever the transaction did is lost. */
function isStorageFailure(thrown: unknown): boolean {
  return thrown instanceof Retryable || thrown instanceof Terminal;
}

function assertSynchronous(result: unknown): void {
  const thenable = typeof result === 'object' && result !== null && 'then' in result;
  if (thenable) throw new Bug('the work of a commit returned a promise; a commit is synchronous, so nothing was kept');
}
