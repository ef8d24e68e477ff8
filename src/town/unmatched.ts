/**
 * Rigs whose beads are ready while nobody is there to take them: after a while a person is told, and told when it is
 * over. Nothing else would: a bead that waits for an agent waits for no timer.
 */
import type { Policy } from '../../machines/policy.ts';
import { escalationId } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EngineEvent, EpochMs } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';

const CAUSE = 'unmatched';
const RIGS_MAX = 500;
const LOOK_MAX = 100;

export type UnmatchedParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver' | 'reads' | 'subscribe'>;
  readonly policy: () => Policy;
};

export class Unmatched {
  readonly #parts: UnmatchedParts;
  /** Rigs without agents: usually none, and then nothing is looked at. */
  #empty: readonly string[] = [];
  #alarm: Alarm | null = null;
  #unsubscribe: (() => void) | null = null;
  #looks: Promise<void> = Promise.resolve();

  constructor(parts: UnmatchedParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#unsubscribe = this.#parts.engine.subscribe(({ rows }) => {
      const isPeopled = rows.some(isArrival);
      if (isPeopled || (this.#empty.length > 0 && rows.some(isBead))) this.nudge(isPeopled);
    });
    this.nudge(true);
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#alarm?.cancel();
    await this.#looks;
  }

  /** Looks again. `anew`: an agent or a rig came, or a setting was changed. */
  nudge(anew = true): void {
    this.#looks = this.#looks
      .then(() => this.#look(anew))
      .catch((thrown: unknown) => {
        this.#parts.env.log('error', `rigs without agents could not be looked for: ${coerceError(thrown).message}`);
      });
  }

  async #look(anew: boolean): Promise<void> {
    if (!this.#unsubscribe) return;
    const { env } = this.#parts;
    const before = this.#empty;
    if (anew) this.#empty = this.#rigsWithoutAgents();
    this.#alarm?.cancel();
    const dues: EpochMs[] = [];
    for (const rig of this.#empty) {
      const since = this.#waitingSince(rig);
      const due = since === null ? null : since + this.#parts.policy().unmatchedMs;
      if (due === null) await this.#settle(rig);
      else if (due > env.clock.now()) dues.push(due);
      else await this.#raise(rig);
    }
    for (const rig of before.filter((other) => !this.#empty.includes(other))) await this.#settle(rig);
    if (dues.length > 0) this.#alarm = env.clock.at(Math.min(...dues), () => this.nudge(), { background: true });
  }

  #rigsWithoutAgents(): readonly string[] {
    const { reads } = this.#parts.engine;
    const rigs = reads.entities({ machine: 'rig' }, { limit: RIGS_MAX }).items.map(({ ref }) => ref.id);
    const isEmpty = (rig: string) => reads.entities({ machine: 'agent', scope: rig }, { limit: 1 }).items.length === 0;
    return rigs.filter(isEmpty);
  }

  /** Since when the oldest of the first ready beads is ready; null: none is. */
  #waitingSince(rig: string): EpochMs | null {
    const { reads } = this.#parts.engine;
    const ready = reads.queue({ machine: 'bead', state: 'open.ready', scope: rig, limit: LOOK_MAX });
    const since = ready.flatMap((ref) => reads.places(ref).map(({ sinceAt }) => sinceAt));
    return since.length === 0 ? null : Math.min(...since);
  }

  #raise(rig: string): Promise<void> {
    const message =
      `rig ${rig} has ready beads and no agent: add one (POST /agents), ` +
      'or give the beads to another rig; nothing of them is started until then';
    return this.#tell(rig, { type: 'RAISE', subject: `rig/${rig}`, cause: CAUSE, message });
  }

  async #settle(rig: string): Promise<void> {
    const raised = this.#parts.engine.reads.entity(refOf(rig));
    if (raised && raised.state !== 'resolved') await this.#tell(rig, { type: 'RESOLVE', reason: 'nobody waits there' });
  }

  async #tell(rig: string, event: EngineEvent): Promise<void> {
    try {
      await this.#parts.engine.deliver({ to: refOf(rig), event, by: 'town' });
    } catch (thrown) {
      if (!(coerceError(thrown) instanceof Refused)) throw thrown;
    }
  }
}

const refOf = (rig: string) => ({ machine: 'escalation', id: escalationId(`rig/${rig}`, CAUSE) });
const isArrival = ({ entity, before, rejected }: LogRow) =>
  rejected === null && before === '' && (entity.machine === 'agent' || entity.machine === 'rig');
const isBead = ({ entity, before, after, rejected }: LogRow) =>
  rejected === null && entity.machine === 'bead' && (before === 'open.ready') !== (after === 'open.ready');
