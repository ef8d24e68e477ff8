/**
 * A map that forgets what was not used lately, in two generations: what is used moves to the young one, and when that
 * is full the old one goes as a whole. It keeps between half of its bound and all of it, and never pays for an order.
 * Keys have two parts, a group and a name in it: a reference is looked up without making a text of it.
 */
type Generation<V> = Map<string, Map<string, V>>;

export class RecentMap<V> {
  #young: Generation<V> = new Map();
  #old: Generation<V> = new Map();
  #youngSize = 0;
  readonly #half: number;

  /** `max`: how many it keeps at most, all groups together. */
  constructor(max: number) {
    this.#half = Math.max(1, Math.floor(max / 2));
  }

  get(group: string, name: string): V | undefined {
    const young = this.#young.get(group)?.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(group)?.get(name);
    if (old !== undefined) this.set(group, name, old);
    return old;
  }

  set(group: string, name: string, value: V): void {
    let names = this.#young.get(group);
    if (names === undefined) {
      names = new Map();
      this.#young.set(group, names);
    }
    const before = names.size;
    names.set(name, value);
    this.#youngSize += names.size - before;
    if (this.#youngSize < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSize = 0;
  }

  delete(group: string, name: string): void {
    if (this.#young.get(group)?.delete(name)) this.#youngSize -= 1;
    this.#old.get(group)?.delete(name);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngSize = 0;
  }
}
