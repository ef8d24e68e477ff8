/**
 * The person at the controls, who acts at bad moments: pauses, resets, cancels, reopens, changes settings, adds
 * work. When the quiet begins a good one mends everything that waits for a person.
 */
import type { EngineEvent, EntityRef } from '../core/types.ts';
import type { EntityView, Town } from '../town/api.ts';
import type { Boot } from './boot.ts';
import { beadOf, type Scenario } from './scenario.ts';
import type { World } from './world.ts';

type Move = { readonly machine: string; readonly type: string; readonly weight: number };

const MOVES: readonly Move[] = [
  ...['HOLD', 'RELEASE', 'CANCEL', 'REOPEN', 'RESET'].map((type) => ({ machine: 'bead', type, weight: 5 })),
  ...['STOP', 'RESET', 'PAUSE', 'RESUME'].map((type) => ({ machine: 'agent', type, weight: 3 })),
  ...['DRAIN', 'RESET'].map((type) => ({ machine: 'container', type, weight: 2 })),
  ...['PAUSE', 'RESUME', 'RESET'].map((type) => ({ machine: 'breaker', type, weight: 1.5 })),
  ...['PAUSE', 'RESUME', 'RESET', 'CONFIGURE'].map((type) => ({ machine: 'rig', type, weight: 1.5 })),
  ...['ACKNOWLEDGE', 'RESOLVE'].map((type) => ({ machine: 'escalation', type, weight: 1.5 })),
  { machine: 'town', type: 'policy', weight: 2 },
  { machine: 'town', type: 'more work', weight: 4 },
];
const PAGE = 200;

export class Operator {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #sent: (answer: Promise<unknown>) => void;

  constructor(world: World, scenario: Scenario, sent: (answer: Promise<unknown>) => void) {
    this.#world = world;
    this.#scenario = scenario;
    this.#sent = sent;
  }

  /** One move, the same for the same number; at a subject that takes it, mostly. */
  act(boot: Boot, number: number): void {
    const { dice } = this.#world;
    const { town } = boot;
    if (!town) return;
    const move = weighted(dice.u('operator.move', number));
    if (move.machine === 'town') {
      this.#change(town, move.type, number);
      return;
    }
    const subjects = town.list(move.machine, { limit: PAGE }).items;
    const fitting = subjects.filter(({ accepts }) => accepts.includes(move.type));
    const choice = fitting.length > 0 && dice.u('operator.fits', number) < 0.9 ? fitting : subjects;
    const [subject] = choice.length === 0 ? [] : [dice.pick(choice, ['operator.subject', number])];
    if (subject) this.#tell(boot, subject, this.#event(subject, move.type));
  }

  /** Steps in at once where something has just changed. */
  meddle(boot: Boot, { machine, id }: EntityRef, key: string): void {
    const subject = boot.town?.get({ machine, id });
    const moves = MOVES.filter((move) => move.machine === machine && subject?.accepts.includes(move.type));
    if (!subject || moves.length === 0) return;
    const { type } = this.#world.dice.pick(moves, ['operator.meddles', key]);
    this.#tell(boot, subject, this.#event(subject, type));
  }

  /** Mends what waits for a person. Returns how much that was. */
  mend(boot: Boot): number {
    const { town } = boot;
    if (!town) return 0;
    let mended = 0;
    const each = (machine: string, state: RegExp, type: string) => {
      for (const subject of town.list(machine, { limit: PAGE }).items) {
        if (!state.test(subject.substate)) continue;
        mended += 1;
        this.#tell(boot, subject, this.#event(subject, type));
      }
    };
    each('breaker', /^paused\./, 'RESUME');
    each('rig', /^(paused|blocked\..*)$/, 'RESUME');
    each('agent', /^idle\.paused$/, 'RESUME');
    for (const agent of town.list('agent', { limit: PAGE }).items) {
      if (agent.context.pauseWanted === true) this.#tell(boot, agent, { type: 'RESUME' });
    }
    each('agent', /^idle\.quarantined$/, 'RESET');
    each('container', /^broken$/, 'RESET');
    each('bead', /^open\.(held|awaitingInput|blockedFailedDependency)$/, 'RELEASE');
    each('bead', /^in_progress\.stopping$/, 'RELEASE');
    return mended;
  }

  #tell(boot: Boot, { machine, id }: EntityView, event: EngineEvent): void {
    this.#sent(boot.send({ machine, id }, event, 'operator'));
  }

  #event({ context }: EntityView, type: string): EngineEvent {
    if (type !== 'CONFIGURE') return { type, reason: 'the simulator wants it' };
    return { type, config: context.config ?? {} };
  }

  #change(town: Town, what: string, number: number): void {
    const { dice } = this.#world;
    if (what === 'policy') {
      const leaseMs = dice.pick([90_000, 120_000, 180_000], ['operator.lease', number]);
      this.#sent(town.patchPolicy({ leaseMs }));
      return;
    }
    const known = town.list('bead', { limit: PAGE }).items.map(({ id }) => id);
    const rig = dice.pick(this.#scenario.rigs, ['operator.rig', number]).id;
    this.#sent(town.createBeads([{ ...beadOf(dice, `extra${number}`, known.slice(-4)), rig }]));
  }
}

function weighted(draw: number): Move {
  const total = MOVES.reduce((sum, { weight }) => sum + weight, 0);
  let left = draw * total;
  for (const move of MOVES) {
    left -= move.weight;
    if (left < 0) return move;
  }
  return MOVES[0] as Move;
}
