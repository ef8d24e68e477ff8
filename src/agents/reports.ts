/**
 * Brings reports to the town: heartbeats once, because the next one follows; ends again and again until they are
 * acknowledged.
 */

import { coerceError } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { RunReport } from './port.ts';

type Listener = (report: RunReport) => Promise<void>;

const retryFirstMs = 200;
const retryLongestMs = 15_000;

export class Reports {
  readonly #env: Env;
  readonly #alarms = new Set<Alarm>();
  #waiting: (() => void)[] = [];
  #listener: Listener | null = null;
  #closed = false;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Sets the listener; what waited for one is told to it. */
  subscribe(listener: Listener): void {
    this.#listener = listener;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const deliver of waiting) deliver();
  }

  heartbeat(report: RunReport): void {
    if (this.#closed || this.#listener === null) return;
    this.#tell(report).catch((thrown) => {
      this.#env.log('debug', 'a heartbeat was not taken; the next one follows', { error: coerceError(thrown).message });
    });
  }

  /** Tells of an end until the listener resolves, then calls `onAcknowledged`. */
  ended(report: RunReport, onAcknowledged: () => Promise<void>): void {
    this.#deliver(report, onAcknowledged, retryFirstMs);
  }

  /** No report is made after this. Unacknowledged ends are told by whoever opens the same runs again. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    for (const alarm of this.#alarms) alarm.cancel();
    this.#alarms.clear();
  }

  #deliver(report: RunReport, onAcknowledged: () => Promise<void>, retryMs: number): void {
    if (this.#closed) return;
    if (this.#listener === null) {
      this.#waiting.push(() => this.#deliver(report, onAcknowledged, retryMs));
      return;
    }
    this.#tell(report)
      .then(onAcknowledged)
      .catch((thrown) => {
        if (this.#closed) return;
        this.#env.log('warn', 'the end of a run was not taken; it will be reported again', {
          agent: report.agent,
          epoch: report.epoch,
          afterMs: retryMs,
          error: coerceError(thrown).message,
        });
        const again = () => {
          this.#alarms.delete(alarm);
          this.#deliver(report, onAcknowledged, Math.min(retryMs * 2, retryLongestMs));
        };
        const alarm = this.#env.clock.at(this.#env.clock.now() + retryMs, again, { background: true });
        this.#alarms.add(alarm);
      });
  }

  /** A listener that throws before it returns a promise is one that rejects. */
  async #tell(report: RunReport): Promise<void> {
    await this.#listener?.(report);
  }
}
