/**
 * What must be undone in memory when a savepoint or a commit is rolled back, newest first.
 */
export class Journal {
  readonly #undos: (() => void)[] = [];

  /** Remembers how to undo what was just done. */
  push(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** A point to come back to. */
  mark(): number {
    return this.#undos.length;
  }

  /** Undoes all that was done since the mark. */
  rollback(mark: number): void {
    for (let undo = this.#undos.length; undo > mark; undo--) this.#undos.pop()?.();
  }

  /** The commit stands: nothing is to be undone any more. */
  clear(): void {
    this.#undos.length = 0;
  }
}
