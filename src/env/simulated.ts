/** Virtual time and seeded dice: nothing moves until it is told to, and the same seed gives the same run. */
import { Bug } from '../core/errors.ts';
import type { Jump } from './engine-time.ts';
import type { Alarm, Clock, Env, LogLevel } from './env.ts';

/** More callbacks than this without time moving on is a loop. */
const CALLS_MAX = 1_000_000;

export type LogEntry = {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

export interface SimulatedEnv extends Env {
  /** Lets `ms` pass: alarms ring in their order, each at its own instant. Synchronous; promises do not move. */
  advance(ms: number): void;
  advanceTo(atMs: number): void;
  /** Rings alarms, however far away, until only background ones are left. */
  runUntilIdle(): void;
  /** The host sleeps for `ms`: the wall and engine time are ahead at once, and whoever listens for jumps is told. */
  jump(ms: number): void;
  /** Runs what waits for `soon`, due alarms and promises' continuations until nothing is left to do at this instant. */
  settle(): Promise<void>;
  /** `advance`, but promises move too: settles before and after each alarm. */
  pass(ms: number): Promise<void>;
  /** Settles until the promise is decided. Throws when nothing is left that could decide it at this instant. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** The alarms that wait, earliest first. */
  readonly alarms: readonly { readonly atMs: number; readonly background: boolean }[];
  /** What was logged, oldest first. */
  readonly logged: readonly LogEntry[];
}

type Waiting = { readonly atMs: number; readonly call: () => void; readonly background: boolean };

export function createSimulatedEnv(options: { readonly seed: number; readonly startAt?: number }): SimulatedEnv {
  return new Simulation(options.seed, options.startAt ?? 1_700_000_000_000);
}

class Simulation implements SimulatedEnv {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logged: LogEntry[] = [];
  #now: number;
  #alarms: Waiting[] = [];
  #soon: (() => void)[] = [];
  readonly #listeners = new Set<(jump: Jump) => void>();

  constructor(seed: number, startAt: number) {
    this.#now = startAt;
    this.random = createDice(seed);
    this.clock = {
      now: () => this.#now,
      at: (atMs, call, waitOptions) => this.#wait({ atMs, call, background: waitOptions?.background ?? false }),
      soon: (call) => void this.#soon.push(call),
      onJump: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      notBefore: (atMs) => {
        this.#now = Math.max(this.#now, atMs);
      },
    };
  }

  get alarms(): readonly Waiting[] {
    return this.#alarms;
  }

  hex(length: number): string {
    let digits = '';
    while (digits.length < length) digits += Math.floor(this.random() * 16).toString(16);
    return digits;
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.logged.push({ level, message, fields });
  }

  advance(ms: number): void {
    this.advanceTo(this.#now + ms);
  }

  advanceTo(atMs: number): void {
    this.#pump();
    for (let next = this.#alarms[0]; next && next.atMs <= atMs; next = this.#alarms[0]) this.#moveTo(next.atMs);
    this.#moveTo(atMs);
  }

  runUntilIdle(): void {
    this.#pump();
    for (let calls = 0; this.#alarms.some((alarm) => !alarm.background); calls += 1) {
      if (calls > CALLS_MAX) throw new Bug(`virtual time ran through ${CALLS_MAX} alarms and is still not idle`);
      this.#moveTo(this.#alarms[0]?.atMs ?? this.#now);
    }
  }

  jump(ms: number): void {
    const fromMs = this.#now;
    this.#now += ms;
    for (const listener of [...this.#listeners]) listener({ fromMs, toMs: this.#now });
  }

  async settle(): Promise<void> {
    do {
      this.#pump();
      await turn();
    } while (this.#soon.length > 0 || this.#isDue());
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#alarms[0]; next && next.atMs <= end; next = this.#alarms[0]) {
      this.#moveTo(next.atMs);
      await this.settle();
    }
    this.#moveTo(end);
    await this.settle();
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let decided = false;
    const mark = () => {
      decided = true;
    };
    promise.then(mark, mark);
    await this.settle();
    if (!decided)
      throw new Bug('the promise waits for time to pass or for real I/O: advance the clock, or await it as it is');
    return promise;
  }

  #wait(alarm: Waiting): Alarm {
    const later = this.#alarms.findIndex((other) => other.atMs > alarm.atMs);
    this.#alarms.splice(later < 0 ? this.#alarms.length : later, 0, alarm);
    return {
      cancel: () => {
        const index = this.#alarms.indexOf(alarm);
        if (index >= 0) this.#alarms.splice(index, 1);
      },
    };
  }

  #isDue(): boolean {
    const first = this.#alarms[0];
    return first !== undefined && first.atMs <= this.#now;
  }

  #moveTo(atMs: number): void {
    this.#now = Math.max(this.#now, atMs);
    this.#pump();
  }

  /** Runs all that is due at this instant, `soon` first, in the order in which it was asked for. */
  #pump(): void {
    for (let calls = 0; this.#soon.length > 0 || this.#isDue(); calls += 1) {
      if (calls > CALLS_MAX) throw new Bug(`more than ${CALLS_MAX} callbacks ran without time moving on`);
      const call = this.#soon.shift() ?? this.#alarms.shift()?.call;
      call?.();
    }
  }
}

/** One turn of the host's loop: every continuation of a decided promise has run when it ends. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Mulberry32: 32 bits of state are plenty for a test. */
function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
