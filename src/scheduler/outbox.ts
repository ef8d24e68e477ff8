/**
 * Does the outside work that machines asked for: claims it in a commit, runs it, and hands on how it ended.
 *
 * Invariants
 * - O1 an effect runs only after a commit claimed it; one whose state was left before that is not claimed any more.
 * - O2 whatever happens to a try, its end is an event or a later try: nothing is forgotten.
 * - O3 a slot is free again only after the outcome was committed.
 */
import { runInvoke } from '../core/invoke.ts';
import { refText } from '../core/types.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { EffectRow } from '../store/port.ts';
import { Attempt } from './attempt.ts';
import type { EffectHandler } from './effect-handler.ts';
import { Lanes, type Slot } from './lanes.ts';
import { INVOKE, type InvokeParams } from './outcome-event.ts';
import type { Settlement } from './settlement.ts';

/** Rows that are looked at first; more when none of them may run now. */
const PAGE = 64;
const PAGE_MAX = 16_384;

type Parts = {
  readonly kernel: Kernel;
  readonly handlers: Readonly<Record<string, EffectHandler>>;
  readonly settlement: Settlement;
  /** Called when a slot became free. */
  readonly freed: () => void;
};

type Running = {
  readonly effect: EffectRow;
  readonly slot: Slot;
  attempt: Attempt | null;
  ended: Promise<void> | null;
};

export class Outbox {
  readonly #parts: Parts;
  readonly #running = new Map<string, Running>();
  readonly #lanes = new Lanes();
  readonly #invoke: EffectHandler;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#invoke = {
      run: async ({ entity, params, signal }) => {
        const { definition } = parts.kernel.definitions.get(entity.machine);
        const { src, input } = params as unknown as InvokeParams;
        return { kind: 'succeeded', result: await runInvoke(definition, { src, input }, signal) };
      },
    };
  }

  /** Effects that were picked and have not ended. */
  get running(): number {
    return this.#running.size;
  }

  /** Starts what is due and finds a slot. Resolves when that was claimed; rejects when it could not be. */
  async startDue(): Promise<void> {
    const picked = this.#pick();
    if (picked.length === 0) return;
    const claimed = await this.#claim(picked);
    for (const running of picked) {
      if (claimed.has(running.effect.key)) running.ended = this.#run(running);
      else this.#leave(running);
    }
  }

  /** Aborts what runs. Resolves when all of it has ended and is settled. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { attempt } of running) attempt?.stop();
    await Promise.all(running.map(({ ended }) => ended));
  }

  /** Lets go of what still runs, so that nothing of it keeps the process. It is pending again at the next start. */
  abandon(): void {
    for (const { effect, attempt } of this.#running.values()) {
      const { key, type, entity } = effect;
      const what = `effect ${type} of ${refText(entity)}`;
      this.#parts.kernel.env.log('warn', `${what} did not end when it was told to: it is left as it is`, { key });
      attempt?.abandon();
    }
  }

  #pick(): Running[] {
    const { store, env } = this.#parts.kernel;
    const now = env.clock.now();
    for (let limit = PAGE; ; limit *= 4) {
      const due = store.read.effectsDue(now, limit);
      const picked = this.#enter(due);
      if (picked.length > 0 || due.length < limit || limit >= PAGE_MAX) return picked;
    }
  }

  /** Those that find their slot free. Who waits for a lane keeps those behind in the lane waiting too. */
  #enter(due: readonly EffectRow[]): Running[] {
    const waiting = new Set<string>();
    const picked: Running[] = [];
    for (const row of due) {
      if (this.#running.has(row.key)) continue;
      const slot = this.#slotOf(row);
      if (slot.lane !== null && waiting.has(slot.lane)) continue;
      if (this.#lanes.enter(slot)) {
        const running: Running = { effect: { ...row, attempt: row.attempt + 1 }, slot, attempt: null, ended: null };
        this.#running.set(row.key, running);
        picked.push(running);
      } else if (slot.lane !== null) waiting.add(slot.lane);
    }
    return picked;
  }

  #slotOf({ type, params }: EffectRow): Slot {
    const handler = this.#parts.handlers[type];
    return { type, lane: handler?.lane?.(params) ?? null, concurrency: handler?.concurrency };
  }

  async #claim(picked: readonly Running[]): Promise<ReadonlySet<string>> {
    try {
      return await this.#parts.kernel.commits.submit(({ tx }) => {
        const claimed = picked.filter(({ effect }) => tx.claimEffect(effect.key, effect.attempt));
        return new Set(claimed.map(({ effect }) => effect.key));
      });
    } catch (thrown) {
      for (const running of picked) this.#leave(running);
      throw thrown;
    }
  }

  async #run(running: Running): Promise<void> {
    const { effect } = running;
    const { kernel, handlers, settlement, freed } = this.#parts;
    const handler = effect.type === INVOKE ? this.#invoke : handlers[effect.type];
    if (handler) {
      running.attempt = new Attempt(kernel.env, effect, handler);
      const ended = await running.attempt.ended;
      if (ended === null)
        kernel.env.log('info', 'an effect was interrupted and will be done again', { key: effect.key });
      else if ('outcome' in ended) await settlement.settle(effect, ended.outcome);
      else await settlement.postpone(effect, ended.postponeMs);
    } else {
      const reason = `no handler for effect ${effect.type}: give one in the engine's option effects`;
      await settlement.settle(effect, { kind: 'refused', reason, permanent: true });
    }
    this.#leave(running);
    freed();
  }

  #leave({ effect, slot }: Running): void {
    this.#running.delete(effect.key);
    this.#lanes.leave(slot);
  }
}
