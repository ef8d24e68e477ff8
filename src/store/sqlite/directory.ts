/**
 * From names to integer keys, remembered within bounds, so that the hot path looks nothing up by text.
 * What a rolled-back commit made is forgotten again: nothing here outlives the rows it speaks of.
 */
import { RecentMap } from '../../core/recent-map.ts';
import type { EntityRef, StateId } from '../../core/types.ts';
import type { Journal } from '../journal.ts';
import type { Prepared, reads } from '../statements.ts';
import type { writes } from '../write-statements.ts';

export type ReadStatements = Prepared<typeof reads>;
export type WriteStatements = Prepared<typeof writes>;

const namesMax = 20_000;
const wordsMax = 10_000;
/** Groups of words: texts as they are, and lists of one edge each, by the edge. */
const plain = 'plain';
const single = 'single';

/** What a write must know of the entity's row without reading it. */
export type Living = {
  readonly key: number;
  readonly born: number;
  definition: number;
  status: string;
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
  scopes: readonly string[] | null;
};

/** Looks keys up; makes none. */
export class Directory {
  protected readonly keys = new RecentMap<number>(namesMax);
  protected readonly leaves = new RecentMap<number>(wordsMax);

  constructor(protected readonly read: ReadStatements) {}

  /** The key of whoever was ever spoken of; null when never. */
  keyOf({ machine, id }: EntityRef): number | null {
    const known = this.keys.get(machine, id);
    if (known !== undefined) return known;
    const found = this.read.nameKey.get(machine, id);
    if (!found) return null;
    this.keys.set(machine, id, found.key);
    return found.key;
  }

  leafOf(machine: string, state: StateId): number | null {
    const known = this.leaves.get(machine, state);
    if (known !== undefined) return known;
    const found = this.read.leafKey.get(machine, state);
    if (!found) return null;
    this.leaves.set(machine, state, found.key);
    return found.key;
  }

  wordOf(text: string): number | null {
    return this.read.wordKey.get(text)?.key ?? null;
  }
}

/** Also makes keys, and knows the entities that were written lately. */
export class Register extends Directory {
  readonly #words = new RecentMap<number>(wordsMax);
  readonly #living = new RecentMap<Living>(namesMax);
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
    const { machine, id } = ref;
    const key = Number(this.#write.newName.run(machine, id).lastInsertRowid);
    this.keys.set(machine, id, key);
    this.#journal.push(() => this.keys.delete(machine, id));
    return key;
  }

  leafFor(machine: string, state: StateId): number {
    const known = this.leafOf(machine, state);
    if (known !== null) return known;
    const key = Number(this.#write.newLeaf.run(machine, state).lastInsertRowid);
    this.leaves.set(machine, state, key);
    this.#journal.push(() => this.leaves.delete(machine, state));
    return key;
  }

  wordFor(text: string): number {
    return this.#words.get(plain, text) ?? this.#newWord(plain, text, text);
  }

  /** The word for a list of edges, as JSON; null for an empty one. */
  pathFor(edges: readonly string[]): number | null {
    const [edge] = edges;
    if (edge === undefined) return null;
    if (edges.length > 1) return this.wordFor(JSON.stringify(edges));
    return this.#words.get(single, edge) ?? this.#newWord(single, edge, JSON.stringify(edges));
  }

  #newWord(group: string, name: string, text: string): number {
    const key = this.wordOf(text) ?? Number(this.#write.newWord.run(text).lastInsertRowid);
    this.#words.set(group, name, key);
    this.#journal.push(() => this.#words.delete(group, name));
    return key;
  }

  /** The entity as it stands, to be changed along with its row; null when it was not born. */
  living(ref: EntityRef): Living | null {
    const living = this.#living.get(ref.machine, ref.id) ?? this.#load(ref);
    // Whoever asks is about to change it: after a rollback it is read anew.
    if (living) this.#journal.push(() => this.forget(ref));
    return living;
  }

  beBorn(ref: EntityRef, living: Living): void {
    this.#living.set(ref.machine, ref.id, living);
    this.#journal.push(() => this.forget(ref));
  }

  /** To be called when the row is changed by other means. */
  forget({ machine, id }: EntityRef): void {
    this.#living.delete(machine, id);
  }

  #load(ref: EntityRef): Living | null {
    const key = this.keyOf(ref);
    const row = key === null ? undefined : this.read.livingByKey.get(key);
    if (!row) return null;
    const living: Living = { ...row, index: null, links: null, scopes: null };
    this.#living.set(ref.machine, ref.id, living);
    return living;
  }
}
