/**
 * From names to integer keys, remembered within bounds, so that the hot path looks nothing up by text.
 * What a rolled-back commit made is forgotten again: nothing here outlives the rows it speaks of.
 */
import type { EntityRef, StateId } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { Journal } from '../journal.ts';
import type { Prepared, reads } from '../statements.ts';
import type { writes } from '../write-statements.ts';
import { BoundedMap } from './bounded.ts';

export type ReadStatements = Prepared<typeof reads>;
export type WriteStatements = Prepared<typeof writes>;

const namesMax = 20_000;
const wordsMax = 5_000;

/** What a write must know of the entity's row without reading it. */
export type Living = {
  readonly key: number;
  readonly born: number;
  state: string;
  scope: string | null;
  rank: number;
  /** JSON array of labels, as stored. */
  labels: string | null;
  /** JSON of the index that was written last; null when not known. */
  index: string | null;
  /** JSON of its links, as they were written last; null when not known. */
  links: string | null;
  /** At least the scopes of its effects that are not settled; null when not known. */
  scopes: Set<string> | null;
};

/** Looks keys up; makes none. */
export class Directory {
  protected readonly keys = new BoundedMap<string, number>(namesMax);
  protected readonly leaves = new BoundedMap<string, number>(wordsMax);

  constructor(protected readonly read: ReadStatements) {}

  /** The key of whoever was ever spoken of; null when never. */
  keyOf(ref: EntityRef): number | null {
    const text = refText(ref);
    const known = this.keys.get(text);
    if (known !== undefined) return known;
    const found = this.read.nameKey.get(ref.machine, ref.id);
    if (!found) return null;
    this.keys.set(text, found.key);
    return found.key;
  }

  leafOf(machine: string, state: StateId): number | null {
    const text = `${machine}/${state}`;
    const known = this.leaves.get(text);
    if (known !== undefined) return known;
    const found = this.read.leafKey.get(machine, state);
    if (!found) return null;
    this.leaves.set(text, found.key);
    return found.key;
  }

  wordOf(text: string): number | null {
    return this.read.wordKey.get(text)?.key ?? null;
  }
}

/** Also makes keys, and knows the entities that were written lately. */
export class Register extends Directory {
  readonly #words = new BoundedMap<string, number>(wordsMax);
  readonly #living = new BoundedMap<string, Living>(namesMax);
  readonly #write: WriteStatements;
  readonly #journal: Journal;

  constructor(statements: { readonly read: ReadStatements; readonly write: WriteStatements }, journal: Journal) {
    super(statements.read);
    this.#write = statements.write;
    this.#journal = journal;
  }

  keyFor(ref: EntityRef): number {
    const known = this.keyOf(ref);
    if (known !== null) return known;
    const text = refText(ref);
    const key = Number(this.#write.newName.run(ref.machine, ref.id).lastInsertRowid);
    this.keys.set(text, key);
    this.#journal.push(() => this.keys.delete(text));
    return key;
  }

  leafFor(machine: string, state: StateId): number {
    const known = this.leafOf(machine, state);
    if (known !== null) return known;
    const text = `${machine}/${state}`;
    const key = Number(this.#write.newLeaf.run(machine, state).lastInsertRowid);
    this.leaves.set(text, key);
    this.#journal.push(() => this.leaves.delete(text));
    return key;
  }

  wordFor(text: string): number {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const key = this.wordOf(text) ?? Number(this.#write.newWord.run(text).lastInsertRowid);
    this.#words.set(text, key);
    this.#journal.push(() => this.#words.delete(text));
    return key;
  }

  /** The entity as it stands, to be changed along with its row; null when it was not born. */
  living(ref: EntityRef): Living | null {
    const text = refText(ref);
    const known = this.#living.get(text) ?? this.#load(ref);
    if (known) this.#remember(text, known);
    return known;
  }

  beBorn(ref: EntityRef, living: Living): void {
    this.#remember(refText(ref), living);
  }

  #load(ref: EntityRef): Living | null {
    const key = this.keyOf(ref);
    const row = key === null ? undefined : this.read.entityByKey.get(key);
    if (!row) return null;
    const { born, state, scope, rank, labels } = row;
    return { key: row.key, born, state, scope, rank, labels, index: null, links: null, scopes: null };
  }

  /** Whoever asks is about to change it: after a rollback it is read anew. */
  #remember(text: string, living: Living): void {
    this.#living.set(text, living);
    this.#journal.push(() => this.#living.delete(text));
  }
}
