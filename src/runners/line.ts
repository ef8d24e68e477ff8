/**
 * The town's end of the line to one runner: orders wait here until they are fetched and answered.
 *
 * Invariants
 * - L1 An order that was never given out is taken back when nobody waits for it any more: it certainly did not happen.
 *   One that was given out and not answered may have happened.
 * - L2 A new process of the runner knows no orders of the one before. It is asked again for what can be asked twice; a
 *   start is not.
 */
import type { z } from 'zod';
import { Bug, Refused, Retryable, Terminal } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { NumberedOrder, Order, OrderAnswer, OrderFailure } from './protocol.ts';

/** It was never given out: it did not happen. */
export class Unfetched extends Retryable {}

export type LinePatience = {
  /** How long a poll is held when there is nothing to say. */
  readonly pollMs: number;
  /** How long after its last poll a runner counts as connected. */
  readonly lostMs: number;
};
export const defaultPatience: LinePatience = { pollMs: 20_000, lostMs: 5_000 };

export type Question<T> = {
  readonly order: Order;
  /** What a good answer looks like. */
  readonly schema: z.ZodType<T>;
  /** Rejects with Retryable when there is no answer by then. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
};

/** What a registration says of the process behind it. */
export type Party = { readonly registration: string; readonly process: string; readonly incarnation: string };

type Pending = {
  number: number;
  fetched: boolean;
  readonly order: Order;
  settle(answer: OrderAnswer): void;
  fail(error: Error): void;
};

type Poll = { readonly after: number; readonly alarm: Alarm; answer(): void };

const AGAIN_MS = 5_000;

export class Line {
  readonly id: string;
  readonly #env: Env;
  readonly #patience: LinePatience;
  readonly #pending = new Map<number, Pending>();
  /** Resolved when a runner is there. */
  readonly #arrivals = new Set<() => void>();
  #party: Party | null = null;
  #last = 0;
  #poll: Poll | null = null;
  #loss: Alarm | null = null;
  #connected = false;
  /** Called when a runner that was lost is heard again, under the registration that it had. */
  onReturn: () => void = () => undefined;
  #closed = false;

  constructor(id: string, env: Env, patience: LinePatience) {
    this.id = id;
    this.#env = env;
    this.#patience = patience;
  }

  get party(): Party | null {
    return this.#party;
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  /** A runner registered. What was asked of the process before it is asked of this one, as far as that is sound. */
  begin(party: Party): void {
    const before = this.#party;
    // Whoever registers is greeted anyway.
    this.#party = null;
    this.#last = 0;
    this.#endPoll();
    this.#noteAlive();
    this.#party = party;
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of open) {
      const isElsewhere = before?.incarnation !== party.incarnation;
      if (pending.order.kind === 'start' && (pending.fetched || isElsewhere)) {
        pending.fail(this.#unanswered(pending, `runner ${this.id} was started anew meanwhile`));
      } else this.#enter(pending);
    }
    for (const arrive of [...this.#arrivals]) arrive();
  }

  /** Resolves when a runner is there; rejects with Retryable when none comes in time. */
  arrival(withinMs: number): Promise<void> {
    if (this.#connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = this.#after(withinMs, () => {
        this.#arrivals.delete(arrive);
        reject(this.#away());
      });
      const arrive = () => {
        late.cancel();
        this.#arrivals.delete(arrive);
        resolve();
      };
      this.#arrivals.add(arrive);
    });
  }

  /**
   * Asks the runner. Rejects with what it said that went wrong, with Unfetched when it was never told, or with
   * Retryable when it did not answer.
   */
  ask<T>({ order, schema, withinMs, signal }: Question<T>): Promise<T> {
    if (!this.#connected || this.#closed || signal?.aborted) return Promise.reject(this.#away());
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => pending.fail(this.#unanswered(pending, `runner ${this.id} did not answer in time`));
      const late = this.#after(withinMs, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      const leave = () => {
        late.cancel();
        signal?.removeEventListener('abort', giveUp);
        this.#pending.delete(pending.number);
      };
      const pending: Pending = {
        ...{ number: 0, fetched: false, order },
        settle: ({ result, failure }) => {
          leave();
          const read = schema.safeParse(result ?? null);
          if (failure) reject(errorOf(failure));
          else if (read.success) resolve(read.data);
          else
            reject(new Retryable(`runner ${this.id} answered ${order.kind} in a way that nobody promised`, AGAIN_MS));
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      this.#enter(pending);
      this.#poll?.answer();
    });
  }

  /** The orders after a number: at once when there are some, else as soon as there are, or none after a while. */
  poll(after: number, signal: AbortSignal): Promise<readonly NumberedOrder[]> {
    this.#endPoll();
    this.#noteAlive();
    return new Promise((resolve) => {
      const end = () => {
        poll.alarm.cancel();
        signal.removeEventListener('abort', end);
        if (this.#poll !== poll) return resolve([]);
        this.#poll = null;
        this.#noteAlive();
        resolve(signal.aborted ? [] : this.#giveOut(after));
      };
      const poll: Poll = { after, answer: end, alarm: this.#after(this.#patience.pollMs, end) };
      this.#poll = poll;
      signal.addEventListener('abort', end, { once: true });
      if (this.#hasAfter(after) || this.#closed || signal.aborted) end();
    });
  }

  /** Takes answers; those that nobody waits for say nothing. */
  answer(answers: readonly OrderAnswer[]): void {
    this.#noteAlive();
    for (const answer of answers) this.#pending.get(answer.number)?.settle(answer);
  }

  /** The town closes: nobody waits for an answer any more. */
  close(): void {
    this.#closed = true;
    this.#loss?.cancel();
    this.#connected = false;
    this.#endPoll();
    for (const pending of [...this.#pending.values()]) {
      pending.fail(this.#unanswered(pending, 'the town is being closed'));
    }
  }

  #enter(pending: Pending): void {
    this.#last += 1;
    pending.number = this.#last;
    pending.fetched = false;
    this.#pending.set(pending.number, pending);
  }

  #hasAfter(after: number): boolean {
    return [...this.#pending.keys()].some((number) => number > after);
  }

  #giveOut(after: number): readonly NumberedOrder[] {
    const given = [...this.#pending.values()].filter(({ number }) => number > after);
    for (const pending of given) pending.fetched = true;
    return given.map(({ number, order }) => ({ number, order }));
  }

  #endPoll(): void {
    const poll = this.#poll;
    this.#poll = null;
    poll?.answer();
  }

  /** It is there as long as it polls; a moment between two polls is no loss. */
  #noteAlive(): void {
    if (this.#closed) return;
    const isBack = !this.#connected && this.#party !== null;
    this.#connected = true;
    this.#loss?.cancel();
    this.#loss = this.#after(this.#patience.lostMs, () => {
      if (this.#poll !== null) return this.#noteAlive();
      this.#connected = false;
      this.#env.log('warn', `runner ${this.id} is not connected any more`);
      // What it has not been told it will not be told; what it was told it may answer when it is back.
      for (const pending of [...this.#pending.values()]) if (!pending.fetched) pending.fail(this.#away());
    });
    if (isBack) this.onReturn();
  }

  #unanswered(pending: Pending, cause: string): Retryable {
    return pending.fetched ? new Retryable(cause, AGAIN_MS) : new Unfetched(cause, AGAIN_MS);
  }

  #away(): Unfetched {
    return new Unfetched(`runner ${this.id} is not connected`, AGAIN_MS);
  }

  #after(ms: number, call: () => void): Alarm {
    const { clock } = this.#env;
    return clock.at(clock.now() + ms, call, { background: true });
  }
}

function errorOf({ kind, code, message }: OrderFailure): Error {
  if (kind === 'refused') return new Refused(code ?? 'invalid', message);
  if (kind === 'terminal') return new Terminal(message);
  return kind === 'bug' ? new Bug(message) : new Retryable(message, AGAIN_MS);
}
