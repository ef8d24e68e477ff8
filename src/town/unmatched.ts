/**
 * Rigs whose beads are ready while nobody is there to take them, no agent or no container: after a while a person is
 * told, and told when it is over. Nothing else would: a bead that waits for an agent waits for no timer.
 */
import { escalationId } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EngineEvent, EpochMs } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { MatchParts } from './matching.ts';
import { LOCAL } from './options.ts';
import { Placement, type Spot, spotsOf } from './placement.ts';

const CAUSE = 'unmatched';
const RIGS_MAX = 500;
const LOOK_MAX = 100;

export type UnmatchedParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver' | 'reads' | 'subscribe'>;
  readonly match: () => MatchParts;
};

/** Why nobody takes the beads of a rig, and what to do. */
type Lack = { readonly rig: string; readonly message: string };

export class Unmatched {
  readonly #parts: UnmatchedParts;
  /** Usually none, and then nothing is looked at. */
  #lacks: readonly Lack[] = [];
  /** Runners come and go without a word in the log. */
  #hasRunners = false;
  /** One look is for all that asked before it began. */
  #isAsked = false;
  #anew = false;
  #alarm: Alarm | null = null;
  #unsubscribe: (() => void) | null = null;
  #looks: Promise<void> = Promise.resolve();

  constructor(parts: UnmatchedParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#unsubscribe = this.#parts.engine.subscribe(({ rows }) => {
      const anew = rows.some(isArrival) || (this.#hasRunners && rows.some(isBead));
      if (anew || (this.#lacks.length > 0 && rows.some(isBead))) this.nudge(anew);
    });
    this.nudge(true);
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#alarm?.cancel();
    await this.#looks;
  }

  /** Looks again. `anew`: an agent, a rig or a container came or is another one, or a setting was changed. */
  nudge(anew = true): void {
    this.#anew ||= anew;
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#looks = this.#looks
      .then(() => this.#look())
      .catch((thrown: unknown) => {
        this.#parts.env.log(
          'error',
          `rigs that nobody works for could not be looked for: ${coerceError(thrown).message}`,
        );
      });
  }

  async #look(): Promise<void> {
    const anew = this.#anew;
    [this.#isAsked, this.#anew] = [false, false];
    if (!this.#unsubscribe) return;
    const { env } = this.#parts;
    const before = this.#lacks;
    if (anew) this.#lacks = this.#findLacks();
    this.#alarm?.cancel();
    const dues: EpochMs[] = [];
    for (const { rig, message } of this.#lacks) {
      const since = this.#waitingSince(rig);
      const due = since === null ? null : since + this.#parts.match().policy.unmatchedMs;
      if (due === null) await this.#settle(rig);
      else if (due > env.clock.now()) dues.push(due);
      else await this.#tell(rig, { type: 'RAISE', subject: `rig/${rig}`, cause: CAUSE, message });
    }
    const gone = before.filter(({ rig }) => this.#lacks.every((lack) => lack.rig !== rig));
    for (const { rig } of gone) await this.#settle(rig);
    if (dues.length > 0) this.#alarm = env.clock.at(Math.min(...dues), () => this.nudge(), { background: true });
  }

  #findLacks(): readonly Lack[] {
    const match = this.#parts.match();
    const { reads, parties } = match;
    const spots = spotsOf(match);
    this.#hasRunners = spots.some(({ id }) => id !== LOCAL);
    const placement = new Placement(spots);
    return reads.entities({ machine: 'rig' }, { limit: RIGS_MAX }).items.flatMap(({ ref: { id: rig } }) => {
      const isEmpty = reads.entities({ machine: 'agent', scope: rig }, { limit: 1 }).items.length === 0;
      const needs = parties.find('rig', rig)?.context.config.labels ?? [];
      const problem = isEmpty ? NO_AGENT : withoutHost(placement.suiting({ needs, pinned: null }), needs);
      return problem === null ? [] : [{ rig, message: `rig ${rig} has ready beads and ${problem}` }];
    });
  }

  /** Since when the oldest of the first ready beads is ready; null: none is. */
  #waitingSince(rig: string): EpochMs | null {
    const { reads } = this.#parts.engine;
    const ready = reads.queue({ machine: 'bead', state: 'open.ready', scope: rig, limit: LOOK_MAX });
    const since = ready.flatMap((ref) => reads.places(ref).map(({ sinceAt }) => sinceAt));
    return since.length === 0 ? null : Math.min(...since);
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

const NO_AGENT =
  'no agent: add one (POST /agents), or give the beads to another rig; nothing of them is started until then';

/** Null: there is somebody who can be reached. */
function withoutHost(suiting: readonly Spot[], needs: readonly string[]): string | null {
  if (suiting.some(({ connected }) => connected)) return null;
  const labels = needs.length === 0 ? '' : ` with the labels ${needs.join(', ')}`;
  if (suiting.length === 0) return `no container${labels}: start a runner that has them (yardmaster runner)`;
  const names = suiting.map(({ id }) => id).join(', ');
  return `no container that can be reached: the runner of ${names} is not connected; start it again, or another one`;
}

const refOf = (rig: string) => ({ machine: 'escalation', id: escalationId(`rig/${rig}`, CAUSE) });
const isArrival = ({ entity: { machine }, before, after, event, rejected }: LogRow) => {
  if (rejected !== null) return false;
  if (before === '' || event.type === 'CONFIGURE') return ['agent', 'rig', 'container'].includes(machine);
  return machine === 'container' && before !== after && after === 'down';
};
const isBead = ({ entity, before, after, rejected }: LogRow) =>
  rejected === null && entity.machine === 'bead' && (before === 'open.ready') !== (after === 'open.ready');
