/** What is on the shelf. */
export class Inventory {
  #counts = new Map();

  /** Puts `count` of an article on the shelf. */
  add(article, count) {
    this.#counts.set(article, this.count(article) + count);
  }

  /** Takes `count` of an article from the shelf. */
  take(article, count) {
    this.#counts.set(article, this.count(article) - count);
  }

  /** How many of an article there are. */
  count(article) {
    return this.#counts.get(article) ?? 0;
  }

  /** All articles with their counts, by name. */
  list() {
    return [...this.#counts].map(([article, count]) => ({ article, count })).sort((a, b) => (a.article < b.article ? -1 : 1));
  }
}
