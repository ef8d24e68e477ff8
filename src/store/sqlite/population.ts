/**
 * How many entities are in each leaf state, counted in memory while a commit is open and written once at its end: a
 * commit of many steps would otherwise write the same few rows again and again.
 */
import type { Journal } from '../journal.ts';
import type { WriteStatements } from './directory.ts';

export class Population {
  readonly #write: WriteStatements;
  readonly #journal: Journal;
  /** What is not written yet, by the leaf's key. Empty between commits. */
  #changes = new Map<number, number>();

  constructor(write: WriteStatements, journal: Journal) {
    this.#write = write;
    this.#journal = journal;
  }

  /** To be called inside a commit. */
  change(leaf: number, by: 1 | -1): void {
    this.#add(leaf, by);
    this.#journal.push(() => this.#add(leaf, -by));
  }

  /** Writes what was counted: before the commit ends, and before anybody reads it. */
  settle(): void {
    if (this.#changes.size === 0) return;
    const settled = this.#changes;
    this.#changes = new Map();
    this.#journal.push(() => {
      this.#changes = settled;
    });
    for (const [leaf, by] of settled) this.#write.populate.run(by, leaf);
  }

  #add(leaf: number, by: number): void {
    const sum = (this.#changes.get(leaf) ?? 0) + by;
    if (sum === 0) this.#changes.delete(leaf);
    else this.#changes.set(leaf, sum);
  }
}
