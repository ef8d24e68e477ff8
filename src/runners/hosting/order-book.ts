/**
 * The orders of one registration: each is carried out once, and its answer is kept and sent until the town has it.
 */
import { coerceError, Refused } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import { pause } from '../../env/waiting.ts';
import { type Order, type OrderAnswer, order as orderSchema } from '../protocol.ts';
import { failureOf } from './hosting.ts';

export type OrderBookOptions = {
  readonly env: Env;
  readonly carryOut: (order: Order) => Promise<unknown>;
  readonly send: (answers: readonly OrderAnswer[]) => Promise<void>;
};

const againMs = 500;
/** Answers that the town has are remembered for a while: it may ask again when it did not see its own receipt. */
const keptMax = 1_000;
const batchMax = 200;

export class OrderBook {
  readonly #options: OrderBookOptions;
  readonly #taken = new Set<number>();
  readonly #answers = new Map<number, OrderAnswer>();
  readonly #unsent = new Set<number>();
  #isSending = false;
  #isClosed = false;
  #highest = 0;

  constructor(options: OrderBookOptions) {
    this.#options = options;
  }

  /** The number after which orders are asked for. */
  get highest(): number {
    return this.#highest;
  }

  take({ number, order }: { readonly number: number; readonly order?: unknown }): void {
    this.#highest = Math.max(this.#highest, number);
    if (this.#answers.has(number)) this.#unsent.add(number);
    if (!this.#taken.has(number)) {
      this.#taken.add(number);
      void this.#carryOut(number, order);
    }
    void this.#send();
  }

  /** The registration is over: nobody wants its answers. */
  close(): void {
    this.#isClosed = true;
  }

  async #carryOut(number: number, given: unknown): Promise<void> {
    try {
      const read = orderSchema.safeParse(given);
      if (!read.success) throw new Refused('invalid', 'the runner does not know this order: is it of another version?');
      this.#answers.set(number, { number, result: await this.#options.carryOut(read.data) });
    } catch (thrown) {
      this.#answers.set(number, { number, failure: failureOf(thrown) });
    }
    this.#unsent.add(number);
    for (const kept of this.#answers.keys()) {
      if (this.#answers.size <= keptMax) break;
      if (!this.#unsent.has(kept)) this.#answers.delete(kept);
    }
    await this.#send();
  }

  /** One sending at a time; what is answered meanwhile goes with the next. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    let size = batchMax;
    while (this.#unsent.size > 0 && !this.#isClosed) {
      const numbers = [...this.#unsent].slice(0, size);
      try {
        await this.#options.send(numbers.flatMap((number) => this.#answers.get(number) ?? []));
        for (const number of numbers) this.#unsent.delete(number);
        size = batchMax;
      } catch (thrown) {
        if (thrown instanceof Refused) {
          if (isOver(thrown)) break;
          // One of them can not be taken: it is found alone, and its place is taken by the reason.
          if (size === 1)
            for (const number of numbers) this.#answers.set(number, { number, failure: failureOf(thrown) });
          size = 1;
          continue;
        }
        this.#options.env.log('debug', `answers did not arrive: ${coerceError(thrown).message}`);
        await pause(this.#options.env, againMs);
      }
    }
    this.#isSending = false;
  }
}

/** The registration, or the right to it, is gone: no answer will be taken any more. */
function isOver({ code }: Refused): boolean {
  return ['not_found', 'conflict', 'unauthorized', 'forbidden'].includes(code);
}
