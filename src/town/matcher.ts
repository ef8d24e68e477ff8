/**
 * Runs matching whenever something that it depends on changed, once for each burst of changes.
 *
 * Invariants
 * - M1 at most one round is under way; a change during a round starts another after it.
 * - M2 the only await is for the proposals' commits; what was proposed is decided there.
 */
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import { type MatchParts, type Proposal, propose } from './matching.ts';

/** How long after a failure it looks again. */
const AGAIN_MS = 5_000;

export type MatcherParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'submit' | 'deliver' | 'subscribe'>;
  readonly match: () => MatchParts;
};

export class Matcher {
  readonly #parts: MatcherParts;
  #rounds: Promise<void> = Promise.resolve();
  #busy = false;
  #again = false;
  #unsubscribe: (() => void) | null = null;
  #alarm: Alarm | null = null;

  constructor(parts: MatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#unsubscribe = this.#parts.engine.subscribe(({ rows }) => {
      if (rows.some(matters)) this.nudge();
    });
    this.nudge();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#alarm?.cancel();
    await this.#rounds;
  }

  nudge(): void {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    this.#rounds = this.#run();
  }

  /**
   * Leaves `busy` in the same breath in which it sees that nobody asked again, so that no nudge falls between the
   * two.
   */
  async #run(): Promise<void> {
    while (this.#again && this.#unsubscribe) {
      this.#again = false;
      try {
        await this.#propose(propose(this.#parts.match()));
      } catch (thrown) {
        this.#failed(coerceError(thrown));
      }
    }
    this.#busy = false;
  }

  /** What a store without room refused is proposed again; nothing else would ask for it. */
  #failed(error: Error): void {
    const { env } = this.#parts;
    env.log(error instanceof Retryable ? 'warn' : 'error', `matching failed: ${error.message}`);
    this.#alarm?.cancel();
    this.#alarm = env.clock.at(env.clock.now() + AGAIN_MS, () => this.nudge());
  }

  async #propose({ matches, wanted }: Proposal): Promise<void> {
    const { engine } = this.#parts;
    const demands = wanted.map((id) =>
      this.#attempt(engine.deliver({ to: { machine: 'container', id }, event: { type: 'DEMAND' }, by: 'town' })),
    );
    const dispatches = matches.map(({ agent, bead, probe, container, needs }) =>
      this.#attempt(
        engine.submit((batch) => {
          const where = { container, needs: [...needs] };
          const event = { type: 'DISPATCH', agent, epoch: batch.tx.next('epoch'), probe, ...where };
          return batch.deliver({ to: { machine: 'bead', id: bead }, event, by: 'town' });
        }),
      ),
    );
    await Promise.all([...demands, ...dispatches]);
  }

  /** A proposal that a chart refuses is no fault: the next change is the next chance. */
  async #attempt(proposal: Promise<unknown>): Promise<void> {
    try {
      await proposal;
    } catch (thrown) {
      const error = coerceError(thrown);
      if (!(error instanceof Refused)) throw error;
      this.#parts.env.log('debug', error.message);
    }
  }
}

/** Beads, agents and what stands between them; heartbeats and escalations change nothing here. */
function matters({ entity, event, rejected, before, after }: LogRow): boolean {
  if (rejected !== null || entity.machine === 'escalation') return false;
  return before !== after || event.type === 'CONFIGURE' || event.type === 'RELEASE' || entity.machine === 'breaker';
}
