/**
 * A map and a list whose changes a journal can take back.
 */
import type { Journal } from '../journal.ts';

/** Values are replaced, never changed in place. Undone deletions come back at the end: readers sort. */
export class UndoMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();

  constructor(private readonly journal: Journal) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  entries(): IterableIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  set(key: Key, value: Value): void {
    const before = this.#entries.get(key);
    this.journal.push(() => (before === undefined ? this.#entries.delete(key) : this.#entries.set(key, before)));
    this.#entries.set(key, value);
  }

  /** False when there was nothing to delete. */
  delete(key: Key): boolean {
    const before = this.#entries.get(key);
    if (before === undefined) return false;
    this.journal.push(() => this.#entries.set(key, before));
    return this.#entries.delete(key);
  }
}

/** It only grows. */
export class UndoList<Value> {
  readonly #items: Value[] = [];

  constructor(private readonly journal: Journal) {}

  get items(): readonly Value[] {
    return this.#items;
  }

  push(value: Value): void {
    this.#items.push(value);
    this.journal.push(() => this.#items.pop());
  }
}

/** The entry of a key, made when it is missing. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
