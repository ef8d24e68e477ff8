/**
 * Pieces of work in one commit. First all of them in one go; when one fails after it has written something, the commit
 * is undone and made again without it, and with each other piece in a savepoint of its own, which costs more.
 *
 * Invariants
 * - P1 a piece that throws undoes itself alone, whichever way the commit is made.
 * - P2 only pieces that may run twice run in one go.
 * - P3 what is thrown here is the store's failure: then nothing happened, in memory neither.
 */
import { Bug, coerceError, Retryable, Terminal } from '../core/errors.ts';
import type { EpochMs } from '../core/types.ts';
import type { Store, Transaction } from '../store/port.ts';
import { type Idempotency, once } from './idempotency.ts';
import { type Check, checkInvariants } from './invariants.ts';
import { type Shared, Turn } from './turn.ts';

export type Work<T> = (turn: Turn) => T;

export type Piece = {
  readonly work: Work<unknown>;
  readonly idempotency: Idempotency | undefined;
  /** True for the engine's own work, which reads everything anew: run again, it does the same again. */
  readonly repeatable: boolean;
};

export type Outcome = { readonly turn: Turn } & ({ readonly value: unknown } | { readonly error: Error });

/** A piece that failed after it had written, and the turn in which it did. */
type Failed = { readonly piece: Piece; readonly turn: Turn; readonly thrown: unknown };

type Parts = { readonly shared: Shared; readonly store: Store; readonly check: Check | undefined };

/** After a commit that had to be made twice, so many are made with savepoints at once: failures come in swarms. */
const CAREFUL_COMMITS = 16;

export class Pieces {
  readonly #parts: Parts;
  #careful = 0;
  #failed: Failed | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One commit at that instant. Throws what the store throws. */
  commit(pieces: readonly Piece[], at: EpochMs): readonly Outcome[] {
    this.#failed = null;
    if (this.#careful > 0) this.#careful -= 1;
    else if (pieces.every(({ repeatable }) => repeatable)) {
      const outcomes = this.#inOneGo(pieces, at);
      if (outcomes) return outcomes;
      this.#careful = CAREFUL_COMMITS;
    }
    const turns: Turn[] = [];
    try {
      return this.#parts.store.commit((tx) => pieces.map((piece) => this.#apart(piece, this.#begin(turns, tx, at))));
    } catch (thrown) {
      for (const turn of turns) turn.undo();
      throw thrown;
    }
  }

  /** Null: a piece failed halfway, nothing happened. */
  #inOneGo(pieces: readonly Piece[], at: EpochMs): readonly Outcome[] | null {
    const turns: Turn[] = [];
    try {
      return this.#parts.store.commit((tx) => pieces.map((piece) => this.#plainly(piece, this.#begin(turns, tx, at))));
    } catch (thrown) {
      for (const turn of turns) turn.undo();
      if (isOfStore(thrown)) throw thrown;
      for (const turn of turns) turn.forgetSamples();
      return null;
    }
  }

  #begin(turns: Turn[], tx: Transaction, at: EpochMs): Turn {
    const turn = new Turn(this.#parts.shared, tx, at);
    turns.push(turn);
    return turn;
  }

  /** Without a savepoint: a failure before the first write needs none. */
  #plainly(piece: Piece, turn: Turn): Outcome {
    const writes = turn.tx.writes();
    try {
      const value = this.#do(piece, turn);
      turn.noteRejections();
      return { turn, value };
    } catch (thrown) {
      if (isOfStore(thrown)) throw thrown;
      if (turn.tx.writes() === writes) return refused(turn, thrown);
      this.#failed = { piece, turn, thrown };
      throw thrown;
    }
  }

  #apart(piece: Piece, turn: Turn): Outcome {
    if (this.#failed?.piece === piece) return refused(turn, this.#failed.thrown, this.#failed.turn);
    try {
      const value = turn.tx.savepoint(() => this.#do(piece, turn));
      turn.noteRejections();
      return { turn, value };
    } catch (thrown) {
      // A store that fails takes the whole commit with it.
      if (isOfStore(thrown)) throw thrown;
      return refused(turn, thrown);
    }
  }

  #do({ work, idempotency }: Piece, turn: Turn): unknown {
    const result = idempotency ? once(turn, idempotency, () => work(turn)) : work(turn);
    if (isThenable(result))
      throw new Bug('work inside a commit returned a promise: do what must be awaited before or after');
    checkInvariants(turn, this.#parts.check);
    return result;
  }
}

/** `first`: the turn in which it failed, when that was another one. */
function refused(turn: Turn, thrown: unknown, first = turn): Outcome {
  turn.undo();
  if (first !== turn) turn.rejections.push(...first.rejections);
  turn.noteRejections();
  return { turn, error: coerceError(thrown) };
}

function isOfStore(thrown: unknown): boolean {
  return thrown instanceof Retryable || thrown instanceof Terminal;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
