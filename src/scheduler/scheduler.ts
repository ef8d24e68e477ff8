/**
 * The engine's clockwork: sleeps until the next due row or a nudge, then fires timers and starts effects in bounded
 * batches.
 *
 * Invariants
 * - W1 one pass at a time; it awaits only commits, never outside work.
 * - W2 without anything due there is no wake-up: no tick, no polling.
 * - W3 after a clock jump the deadlines that watch for life are granted anew before any timer fires.
 * - W4 a pass that fails is tried again after a while, or when the store recovers.
 */
import { coerceError, Retryable } from '../core/errors.ts';
import type { EpochMs } from '../core/types.ts';
import type { Committed } from '../engine/commits.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Jump } from '../env/engine-time.ts';
import type { Alarm } from '../env/env.ts';
import { type DeadLetterListener, DeadLetters } from './dead-letters.ts';
import type { EffectHandler } from './effect-handler.ts';
import { Housekeeping } from './housekeeping.ts';
import { regrant } from './liveness.ts';
import { Outbox } from './outbox.ts';
import { Patience } from './patience.ts';
import { Settlement } from './settlement.ts';
import { Timers } from './timers.ts';

type Options = {
  readonly effects: Readonly<Record<string, EffectHandler>>;
  readonly onDeadLetter: DeadLetterListener | undefined;
};

export class Scheduler {
  readonly #kernel: Kernel;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #housekeeping: Housekeeping;
  readonly #patience: Patience;
  readonly #settlement: Settlement;
  readonly #idlers = new Set<() => void>();
  readonly #leave: (() => void)[] = [];
  #running = false;
  #ticking = false;
  #again = false;
  #current: Promise<void> = Promise.resolve();
  #jump: Jump | null = null;
  #alarm: Alarm | null = null;
  #wakeAt: EpochMs | null = null;
  /** Effects that were due then have been looked at: those that are left wait for a slot. */
  #lookedAt: EpochMs = -1;

  constructor(kernel: Kernel, { effects, onDeadLetter }: Options) {
    const deadLetters = new DeadLetters(kernel, onDeadLetter);
    this.#kernel = kernel;
    this.#patience = new Patience(kernel);
    this.#timers = new Timers(kernel, deadLetters);
    this.#settlement = new Settlement({ kernel, deadLetters, patience: this.#patience });
    this.#outbox = new Outbox({ kernel, handlers: effects, settlement: this.#settlement, freed: () => this.nudge() });
    this.#housekeeping = new Housekeeping(kernel);
  }

  /**
   * Takes up what an earlier process left: effects in flight are due again, deadlines that watch for life start anew.
   */
  start(): void {
    const kernel = this.#kernel;
    kernel.commits.submitNow(({ tx, at }) => {
      tx.reclaimEffects();
      tx.regrant(at);
    });
    this.#running = true;
    kernel.afterCommit = (committed) => this.#committed(committed);
    this.#leave.push(kernel.health.onRecovered(() => this.nudge()));
    this.#leave.push(kernel.env.clock.onJump((jump) => this.#jumped(jump)));
    this.#housekeeping.committed();
    this.nudge();
  }

  /** Looks now what is due. */
  nudge(): void {
    if (!this.#running) return;
    this.#again = true;
    if (this.#ticking) return;
    this.#ticking = true;
    this.#kernel.env.clock.soon(() => {
      this.#current = this.#tick();
    });
  }

  /** Resolves when nothing waits for its commit, nothing is due and nothing runs; at the latest when it stops. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.add(resolve);
      this.#tellIdlers();
    });
  }

  /** Ends what runs: aborted at once, waited for `graceMs`, then left; the next start takes it up. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#alarm?.cancel();
    for (const leave of this.#leave.splice(0)) leave();
    const grace = this.#patience.wait(this.#kernel.limits.graceMs);
    const stopped = this.#outbox.stop();
    // A pass that was claiming effects may have started some meanwhile.
    await this.#current;
    await Promise.race([Promise.all([stopped, this.#outbox.stop()]), grace]);
    this.#outbox.abandon();
    this.#settlement.end();
    this.#patience.end();
    this.#housekeeping.stop();
    for (const tell of this.#idlers) tell();
  }

  #committed({ rows, dueAt }: Committed): void {
    if (rows.length > 0) this.#housekeeping.committed();
    if (dueAt !== null && (this.#wakeAt === null || dueAt < this.#wakeAt)) this.#sleepUntil(dueAt);
    this.#tellIdlers();
  }

  #jumped(jump: Jump): void {
    this.#jump = { fromMs: this.#jump?.fromMs ?? jump.fromMs, toMs: jump.toMs };
    this.nudge();
  }

  async #tick(): Promise<void> {
    try {
      while (this.#running && this.#again && this.#kernel.health.report.ok) {
        this.#again = false;
        await this.#pass();
      }
      this.#plan();
    } catch (thrown) {
      this.#failed(coerceError(thrown));
    } finally {
      this.#ticking = false;
      // What came between the last look and here.
      if (this.#again && this.#kernel.health.report.ok) this.nudge();
      this.#tellIdlers();
    }
  }

  async #pass(): Promise<void> {
    const { env, limits, commits } = this.#kernel;
    env.clock.now(); // notices a jump, if there was one
    const jump = this.#jump;
    if (jump) {
      await commits.submit((turn) => regrant(turn, jump));
      this.#jump = null;
    }
    const fired = await this.#timers.fireDue();
    this.#lookedAt = env.clock.now();
    if (this.#running) await this.#outbox.startDue();
    if (fired === limits.timersMax) this.#again = true;
  }

  #failed(error: Error): void {
    const { env, limits } = this.#kernel;
    this.#again = false;
    if (error instanceof Retryable) return;
    env.log('error', `a pass of the scheduler failed: ${error.message}`, { stack: error.stack });
    this.#sleepUntil(env.clock.now() + limits.tryAgainMs);
  }

  /** Sets the one alarm for the next due row. */
  #plan(): void {
    if (!this.#running) return;
    // Effects that wait for a slot are left out: the slot's end looks again.
    const next = this.#kernel.store.read.nextDueAt(this.#lookedAt);
    if (next === this.#wakeAt) return;
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#wakeAt = null;
    if (next !== null) this.#sleepUntil(next);
  }

  #sleepUntil(atMs: EpochMs): void {
    if (!this.#running) return;
    const { clock } = this.#kernel.env;
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#wakeAt = null;
    if (atMs <= clock.now()) {
      this.nudge();
      return;
    }
    this.#wakeAt = atMs;
    this.#alarm = clock.at(atMs, () => {
      this.#alarm = null;
      this.#wakeAt = null;
      this.nudge();
    });
  }

  #tellIdlers(): void {
    if (this.#idlers.size === 0 || this.#ticking || this.#outbox.running > 0 || this.#kernel.commits.waiting > 0)
      return;
    const { health, env } = this.#kernel;
    if (!health.report.ok || (this.#wakeAt !== null && this.#wakeAt <= env.clock.now())) return;
    for (const tell of this.#idlers) tell();
    this.#idlers.clear();
  }
}
