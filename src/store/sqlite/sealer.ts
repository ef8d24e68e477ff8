/** Chains the rows that a commit adds to the log, and writes the new head at its end. */
import type { Seq } from '../../core/types.ts';
import type { Journal } from '../journal.ts';
import type { NewLogRow } from '../port.ts';
import { type Head, SHOWN_EVERY, sealOf } from '../seal.ts';
import type { WriteStatements } from './directory.ts';

type Parts = { readonly write: WriteStatements; readonly journal: Journal; readonly head: Head };

export class Sealer {
  readonly #write: WriteStatements;
  readonly #journal: Journal;
  /** The last row of the last commit. */
  #head: Head;
  /** The seals of the rows after it. A number that a rollback gave back is given out, and sealed, again. */
  readonly #seals: string[] = [];

  constructor({ write, journal, head }: Parts) {
    this.#write = write;
    this.#journal = journal;
    this.#head = head;
  }

  /** To be called inside a commit, for each row that it writes. What the row shows of its seal: mostly nothing. */
  next(row: NewLogRow, { seq, body }: { readonly seq: Seq; readonly body: string | null }): string | null {
    const place = seq - this.#head.seq - 1;
    const before = place === 0 ? this.#head.seal : (this.#seals[place - 1] ?? '');
    const seal = sealOf(before, row, { seq, body });
    this.#seals[place] = seal;
    return seq % SHOWN_EVERY === 0 ? seal : null;
  }

  /** Before the commit ends: `last` is the last row that it kept. */
  close(last: Seq): void {
    const before = this.#head;
    const seal = this.#seals[last - before.seq - 1];
    this.#seals.length = 0;
    if (seal === undefined) return;
    this.#write.setHead.run(`{"seq":${last},"seal":"${seal}"}`);
    this.#journal.push(() => {
      this.#head = before;
    });
    this.#head = { seq: last, seal };
  }
}
