/**
 * The one door to the clock, dice, ids and the log stream of the process.
 * Two implementations: `system.ts` (production) and `simulated.ts` (virtual time, seeded). Nothing else may look at
 * the wall.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A wait that can be taken back. */
export interface Alarm {
  cancel(): void;
}

export interface Clock {
  /** Engine time, integer ms since 1970. Never goes back. */
  now(): number;
  /**
   * Calls once, at or after `atMs` of engine time. Waits of any length. Does not keep the process alive when
   * `background`.
   */
  at(atMs: number, call: () => void, options?: { background?: boolean }): Alarm;
  /** Calls soon, after the I/O that is already waiting: where group commits form. */
  soon(call: () => void): void;
  /**
   * Tells of a forward jump of the wall (a laptop's sleep) after engine time has followed it. Returns the
   * unsubscriber.
   */
  onJump(listener: (jump: { fromMs: number; toMs: number }) => void): () => void;
  /** Engine time never starts before this instant: the last one that the store knows. */
  notBefore(atMs: number): void;
}

export interface Env {
  readonly clock: Clock;
  /** A number in [0, 1). */
  random(): number;
  /** `length` hexadecimal digits; `system` draws them from the operating system's secure source. */
  hex(length: number): string;
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}
