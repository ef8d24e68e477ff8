/**
 * The strokes of fate that come at an instant: kills, cuts, full disks, jumps of the clock, dead machines, people.
 */
import type { EntityView } from '../town/api.ts';
import { LOCAL } from '../town/options.ts';
import type { Boot } from './boot.ts';
import type { SimulatedContainer } from './container.ts';
import type { Stroke } from './faults.ts';
import type { Findings } from './findings.ts';
import type { Operator } from './operator.ts';
import { placeOf } from './scenario.ts';
import type { World } from './world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** After a restart of its container: the health interval, and the time of an answer. */
const NOTICE_MS = 17 * SECOND;
const STEADY_MS = MINUTE;

type Parts = {
  readonly containers: readonly SimulatedContainer[];
  readonly operator: Operator;
  readonly findings: Findings;
  readonly boot: () => Boot | null;
  /** Told when deadlines can not be held for a while. */
  readonly disturbed: () => void;
};

export class Strokes {
  readonly #world: World;
  readonly #parts: Parts;
  #fullUntil = 0;
  #disturbedAt = 0;
  readonly #ends = new Set<() => void>();

  constructor(world: World, parts: Parts) {
    this.#world = world;
    this.#parts = parts;
  }

  strike(kind: Stroke, number: number): void {
    const { dice, env, network } = this.#world;
    const { containers, operator } = this.#parts;
    const container = dice.pick(containers, [kind, 'which', number]);
    const lasting = () =>
      dice.between(10 * SECOND, dice.u('long', number) < 0.2 ? 120 * MINUTE : 5 * MINUTE, [kind, '', number]);
    switch (kind) {
      case 'container.dies':
        this.#disturb();
        container.die();
        break;
      case 'container.restarts':
        this.#restart(container);
        break;
      case 'runner.leaves':
        this.#leave(container, { ms: lasting(), number });
        break;
      case 'network.toContainer':
      case 'network.toTown':
      case 'network.both': {
        this.#disturb();
        const ways = kind === 'network.both' ? (['toContainer', 'toTown'] as const) : [kindOfCut(kind)];
        this.#until(
          lasting(),
          ways.map((way) => network.cut(way)),
        );
        break;
      }
      case 'town.killed':
        this.#kill(number);
        break;
      case 'store.fails':
        this.#disturb();
        this.#fullUntil = Math.max(
          this.#fullUntil,
          env.clock.now() + dice.between(100, 5 * MINUTE, [kind, '', number]),
        );
        break;
      case 'clock.jumps':
        this.#disturb();
        env.jump(dice.between(MINUTE, 180 * MINUTE, [kind, '', number]));
        break;
      case 'operator.acts': {
        const boot = this.#parts.boot();
        if (boot?.alive) operator.act(boot, number);
        break;
      }
    }
  }

  storeFails(): boolean {
    const { env, faults } = this.#world;
    const fails =
      env.clock.now() < this.#fullUntil ||
      faults.strikes('store.hiccup', `t${Math.floor(env.clock.now() / SECOND) % 10_000_000}`, 0.02);
    if (fails) this.#disturb();
    return fails;
  }

  /** The quiet begins: what was cut is whole again, what was full has room. What is dead stays dead. */
  heal(): void {
    this.#fullUntil = 0;
    for (const end of [...this.#ends]) end();
    this.#disturb();
  }

  #disturb(): void {
    this.#disturbedAt = this.#world.env.clock.now();
    this.#parts.disturbed();
  }

  #until(ms: number, endings: readonly (() => void)[]): void {
    const { env } = this.#world;
    const end = () => {
      if (!this.#ends.delete(end)) return;
      for (const ending of endings) ending();
      this.#disturb();
    };
    this.#ends.add(end);
    env.clock.at(env.clock.now() + ms, end);
  }

  /** Now, or in one of its next commits: before it is durable, or right after. */
  #kill(number: number): void {
    const { dice } = this.#world;
    const boot = this.#parts.boot();
    if (!boot?.alive) return;
    if (dice.u('kill.now', number) < 0.3) boot.die();
    else
      boot.doom = { commits: dice.between(0, 6, ['kill', '', number]), durable: dice.u('kill.durable', number) < 0.5 };
  }

  /** Its runner loses the town for a while; it may offer something else when it comes back. */
  #leave(container: SimulatedContainer, { ms, number }: { ms: number; number: number }): void {
    if (container.id === LOCAL || !container.connected) return;
    this.#disturb();
    container.connected = false;
    const back = () => {
      container.connected = true;
      const { slots } = placeOf(this.#world.dice, container.id, number + 1);
      container.place = { ...container.place, slots };
      this.#parts.boot()?.bring(container);
    };
    this.#until(ms, [back]);
  }

  /** P24: where nothing else is wrong, a restart is noticed within a health interval. */
  #restart(container: SimulatedContainer): void {
    const { env, network, faults } = this.#world;
    const { findings } = this.#parts;
    const boot = this.#parts.boot();
    container.restart();
    const { incarnation } = container;
    const host = boot?.town?.get({ machine: 'container', id: container.id });
    const steady =
      env.clock.now() - this.#disturbedAt > STEADY_MS &&
      network.reachesContainer &&
      boot?.alive &&
      boot.reaches(container);
    if (!steady || !host?.substate.startsWith('up.occupied') || faults.has('health.missed', 'health.lies')) return;
    const restartedAt = env.clock.now();
    env.clock.at(restartedAt + NOTICE_MS, () => {
      const same = this.#parts.boot() === boot && boot.alive && this.#disturbedAt < restartedAt;
      const known = boot.town?.get({ machine: 'container', id: container.id });
      if (!same || !known || container.incarnation !== incarnation) return;
      // Who hosts nothing is not asked; what it hosted at the restart must be there still.
      const runs = (view: EntityView) => view.context.runs as readonly number[];
      if (!known.substate.startsWith('up.occupied') || !runs(known).some((run) => runs(host).includes(run))) return;
      if (known.context.incarnation === incarnation) return;
      findings.add('P24', `the container restarted ${NOTICE_MS / SECOND} s ago, and the town has not noticed`);
    });
  }
}

function kindOfCut(kind: 'network.toContainer' | 'network.toTown'): 'toContainer' | 'toTown' {
  return kind === 'network.toContainer' ? 'toContainer' : 'toTown';
}
