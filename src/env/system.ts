/** The production environment: the host's clocks, its secure dice, and a log of JSON lines on standard error. */
import { randomBytes } from 'node:crypto';
import { createEngineTime } from './engine-time.ts';
import type { Alarm, Clock, Env, LogLevel } from './env.ts';

/** The longest wait that the host's timers can hold; longer ones are waited for in pieces. */
const WAIT_MS_MAX = 2 ** 31 - 1;

export type SystemEnvOptions = {
  /** Where log lines go. The default writes warnings and errors to standard error, one JSON object a line. */
  readonly log?: (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Milliseconds since 1970, as the host believes. */
  readonly wall?: () => number;
  /** Milliseconds of a clock that never steps. */
  readonly monotonicMs?: () => number;
};

export function createSystemEnv(options: SystemEnvOptions = {}): Env {
  return {
    clock: createSystemClock(options.wall ?? Date.now, options.monotonicMs ?? (() => performance.now())),
    random: Math.random,
    hex: (length) =>
      randomBytes(Math.ceil(length / 2))
        .toString('hex')
        .slice(0, length),
    log: options.log ?? writeLine,
  };
}

function createSystemClock(wall: () => number, monotonicMs: () => number): Clock {
  const time = createEngineTime(wall, monotonicMs);
  const waiting = new Set<HostAlarm>();
  // The host's timers slept as well: after a jump every wait is measured again.
  time.onJump(() => {
    for (const alarm of waiting) alarm.arm();
  });
  return {
    now: time.now,
    notBefore: time.notBefore,
    onJump: time.onJump,
    soon: (call) => void setImmediate(call),
    at(atMs, call, { background = false } = {}) {
      const alarm = new HostAlarm({ atMs, call, background, now: time.now, waiting });
      waiting.add(alarm);
      alarm.arm();
      return alarm;
    },
  };
}

type HostAlarmParts = {
  readonly atMs: number;
  readonly call: () => void;
  readonly background: boolean;
  readonly now: () => number;
  readonly waiting: Set<HostAlarm>;
};

class HostAlarm implements Alarm {
  readonly #parts: HostAlarmParts;
  #timeout: NodeJS.Timeout | undefined;

  constructor(parts: HostAlarmParts) {
    this.#parts = parts;
  }

  arm(): void {
    const { atMs, now, background, waiting } = this.#parts;
    // Asking for the time may notice a jump, which arms all alarms: clear only afterwards.
    const waitMs = Math.max(0, atMs - now());
    clearTimeout(this.#timeout);
    if (!waiting.has(this)) return;
    this.#timeout = setTimeout(() => this.#ring(), Math.min(waitMs, WAIT_MS_MAX));
    if (background) this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#parts.waiting.delete(this);
  }

  #ring(): void {
    const { atMs, now, call, waiting } = this.#parts;
    if (now() < atMs) {
      this.arm();
      return;
    }
    clearTimeout(this.#timeout);
    if (waiting.delete(this)) call();
  }
}

function writeLine(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (level === 'debug' || level === 'info') return;
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}
