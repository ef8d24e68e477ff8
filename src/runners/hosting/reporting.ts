/**
 * What a runner tells of its runs: heartbeats together, and only the newest of each run; ends one by one, each after
 * its work has come home, until the town has it.
 */
import type { RunReport } from '../../agents/port.ts';
import { coerceError, Refused, Retryable } from '../../core/errors.ts';
import type { Alarm, Env } from '../../env/env.ts';

type Heartbeat = Extract<RunReport, { kind: 'heartbeat' }>;
type Exited = Extract<RunReport, { kind: 'exited' }>;

export type ReportingOptions = {
  readonly env: Env;
  /** Resolves when the town has the reports. */
  readonly send: (reports: readonly RunReport[]) => Promise<unknown>;
  /** The report as the town is to have it, when the work is at home. */
  readonly broughtHome: (report: Exited) => Promise<RunReport>;
  /** Resolves when there is a town to tell. */
  readonly connected: () => Promise<void>;
  /** Called when the town has an end, as it was told. */
  readonly onTold: (report: RunReport) => Promise<void>;
  /** Called when an end came, and when the town has it. */
  readonly onEnd: () => void;
};

/** Heartbeats that come within this time go together. */
const batchMs = 250;
const tailMax = 2_000;
const beatsMax = 200;
/** With this share of the interval as a bound, where heartbeats come fast. */
const batchShare = 4;

export class Reporting {
  readonly #options: ReportingOptions;
  readonly #beats = new Map<string, Heartbeat>();
  readonly #untold = new Set<string>();
  #heartbeatMs = 30_000;
  #flush: Alarm | null = null;
  #closed = false;

  constructor(options: ReportingOptions) {
    this.#options = options;
  }

  /** Ends that came and that the town does not have. */
  get untold(): number {
    return this.#untold.size;
  }

  set heartbeatMs(ms: number) {
    this.#heartbeatMs = ms;
  }

  /** Takes a report of the container. Resolves when it is acknowledged; a rejection makes it come again. */
  async take(report: RunReport): Promise<void> {
    const key = `${report.agent}#${report.epoch}`;
    if (report.kind === 'heartbeat') {
      const active = report.active === true || this.#beats.get(key)?.active === true;
      this.#beats.set(key, { ...report, active });
      this.#flushLater();
      return;
    }
    this.#untold.add(key);
    this.#options.onEnd();
    await this.#options.connected();
    const told = await this.#options.broughtHome(report);
    await this.#sendEnd(told, this.#beats.get(key));
    this.#beats.delete(key);
    this.#untold.delete(key);
    await this.#options.onTold(told);
    this.#options.onEnd();
  }

  /** An end that the town can not read is told in words that it can: that there was one. */
  async #sendEnd(told: RunReport, beat: Heartbeat | undefined): Promise<void> {
    try {
      // A run that was quick lived, too: its end comes after its heartbeat.
      await this.#options.send([...(beat ? [beat] : []), told]);
    } catch (thrown) {
      const isUnread = thrown instanceof Refused && ['invalid', 'malformed', 'too_large'].includes(thrown.code);
      if (!isUnread || told.kind !== 'exited') throw thrown;
      this.#options.env.log('error', `the town can not read the end of a run: ${thrown.message}`);
      const tail = `the town could not read how it ended: ${thrown.message}`.slice(0, tailMax);
      await this.#options.send([{ ...told, evidence: null, tail }]);
    }
  }

  /** What was not heard while the town was away is told now: its runs live. */
  flush(): void {
    this.#flush?.cancel();
    this.#flush = null;
    const beats = [...this.#beats.values()];
    if (beats.length === 0 || this.#closed) return;
    for (let from = 0; from < beats.length; from += beatsMax) this.#tell(beats.slice(from, from + beatsMax));
  }

  #tell(beats: readonly Heartbeat[]): void {
    this.#options.send(beats).then(
      () => {
        for (const beat of beats) {
          const key = `${beat.agent}#${beat.epoch}`;
          if (this.#beats.get(key) === beat) this.#beats.delete(key);
        }
      },
      (thrown) => this.#options.env.log('debug', `heartbeats did not arrive: ${coerceError(thrown).message}`),
    );
  }

  close(): void {
    this.#closed = true;
    this.#flush?.cancel();
  }

  #flushLater(): void {
    if (this.#flush !== null || this.#closed) return;
    const { clock } = this.#options.env;
    const ms = Math.min(batchMs, this.#heartbeatMs / batchShare);
    this.#flush = clock.at(clock.now() + ms, () => this.flush(), { background: true });
  }
}

/** Rejects what waits for a town when there will be none. */
export function noTown(): Retryable {
  return new Retryable('the runner ends: what it has to tell is told when it is started again', 0);
}
