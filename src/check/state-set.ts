/** A set of product states, each a row of small numbers: found by hash, numbered in the order in which they came. */

const FIRST_ROOM = 1 << 16;

export class StateSet {
  readonly #width: number;
  #rows: Int32Array;
  #slots: Int32Array;
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#rows = new Int32Array(FIRST_ROOM * width);
    this.#slots = new Int32Array(FIRST_ROOM * 2).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of the row; it is a new one when that is the size before the call. */
  add(row: Int32Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash(row) & mask;
    for (;;) {
      const found = this.#slots[slot] as number;
      if (found < 0) break;
      if (this.#equals(found, row)) return found;
      slot = (slot + 1) & mask;
    }
    if ((this.#size + 1) * this.#width > this.#rows.length) this.#widen();
    this.#rows.set(row, this.#size * this.#width);
    this.#slots[slot] = this.#size;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return this.#size - 1;
  }

  /** A view of the row: do not write to it, and do not keep it over an `add`. */
  row(number: number): Int32Array {
    return this.#rows.subarray(number * this.#width, (number + 1) * this.#width);
  }

  #equals(number: number, row: Int32Array): boolean {
    const start = number * this.#width;
    for (let column = 0; column < this.#width; column += 1) {
      if (this.#rows[start + column] !== row[column]) return false;
    }
    return true;
  }

  #widen(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#size; number += 1) {
      let slot = hash(this.row(number)) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}

function hash(row: Int32Array): number {
  let value = 0x811c9dc5;
  for (const column of row) {
    value = Math.imul(value ^ column, 0x9e3779b1);
    value ^= value >>> 15;
  }
  return value >>> 0;
}
