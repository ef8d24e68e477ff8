/**
 * The world outside a town, as dice make it: processes that start, linger, wedge and die, and merges that may happen.
 */
import type {
  Container,
  Evidence,
  Integrator,
  MergeOutcome,
  MergeRequest,
  Readiness,
  RunReport,
  RunSpec,
  RunStatus,
  StartOutcome,
} from '../../../src/agents/port.ts';
import { Terminal } from '../../../src/core/errors.ts';
import type { SimulatedEnv } from '../../../src/env/simulated.ts';

type Run = { agent: string; epoch: number };
export type Living = Run & { readonly incarnation: string };
type Exit = Extract<RunReport, { kind: 'exited' }>;

/** Draws with weights: `{ accept: 6, refuse: 1 }`. */
export class Dice {
  readonly #random: () => number;
  readonly #rates = new Map<string, number>();

  constructor(random: () => number) {
    this.#random = random;
  }

  below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)];
  }

  /**
   * Swarm: each way but the first has a rate of its own in each run, often none, so that not every run is the same mean
   * of all faults.
   */
  swarm<K extends string>(site: string, weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    const rated = entries.map(([way, weight], index) => [way, index === 0 ? weight : weight * this.#rate(site + way)]);
    return this.draw(Object.fromEntries(rated) as Record<K, number>);
  }

  #rate(name: string): number {
    const known = this.#rates.get(name);
    if (known !== undefined) return known;
    const rate = this.chance(0.5) ? 0 : 3 * this.#random();
    this.#rates.set(name, rate);
    return rate;
  }

  draw<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.#random() * total;
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries[0]?.[0] as K;
  }
}

const never = <T>() => new Promise<T>(() => undefined);
const failed = (code: string) => Object.assign(new Terminal(code), { name: 'Error', code });

/** A container whose answers are drawn; `calm` makes it keep its port's promises. */
export class ChaosContainer implements Container {
  readonly id = 'local';
  calm = false;
  /** Nobody reaches it; what it reports still arrives. */
  away = false;
  incarnation = 'i0';
  starts = 0;
  readonly living = new Map<number, Living>();
  /** Runs that were ended for good: none of their epochs starts again. */
  readonly #stopped = new Set<number>();
  readonly #unreported: Exit[] = [];
  readonly #dice: Dice;
  readonly #env: SimulatedEnv;
  #restarts = 0;
  #listener: (report: RunReport) => Promise<void> = async () => undefined;

  constructor(dice: Dice, env: SimulatedEnv) {
    this.#dice = dice;
    this.#env = env;
  }

  async readiness(): Promise<Readiness> {
    if (this.calm || this.#dice.chance(0.5)) return { ready: true };
    if (this.#dice.chance(0.2)) throw failed('ECONNRESET');
    return { ready: false, permanent: this.#dice.chance(0.5), reason: 'still not ready' };
  }

  async start({ agent, epoch }: RunSpec): Promise<StartOutcome> {
    this.starts += 1;
    if (this.calm) return this.#begin({ agent, epoch });
    if (this.away) throw failed('ECONNREFUSED');
    const ways = {
      accept: 12,
      lie: 1,
      refuse: 2,
      permanent: 0.3,
      unready: 0.3,
      away: 1,
      reset: 1,
      hang: 1,
      race: 1,
      late: 2,
    };
    switch (this.#dice.swarm('start', ways)) {
      case 'accept':
        return this.#begin({ agent, epoch });
      case 'lie':
        return false as never;
      case 'refuse':
        return { kind: 'refused', reason: 'no slot', permanent: false };
      case 'permanent':
        return { kind: 'refused', reason: 'bad configuration', permanent: true };
      case 'unready':
        return { kind: 'refused', reason: 'the gateway is down', permanent: false, scope: 'rig' };
      case 'away':
        throw failed('ECONNREFUSED');
      case 'reset':
        if (this.#dice.chance(0.5)) this.#begin({ agent, epoch });
        throw failed('ECONNRESET');
      case 'hang':
        return never();
      case 'race':
        this.#begin({ agent, epoch });
        return never();
      case 'late':
        return this.#later(this.#dice.below(400_000), () => this.#begin({ agent, epoch }));
    }
  }

  async stop({ agent, epoch }: Run): Promise<'stopped' | 'gone'> {
    const way = this.calm
      ? 'stop'
      : this.away
        ? 'fail'
        : this.#dice.swarm('stop', { stop: 5, fail: 1, hang: 1, late: 4 });
    if (way === 'fail') throw failed('ECONNRESET');
    if (way === 'hang') return never();
    if (way === 'late') return this.#later(this.#dice.below(60_000), () => this.#end({ agent, epoch }));
    return this.#end({ agent, epoch });
  }

  async probe({ epoch }: Run): Promise<RunStatus> {
    const truth: RunStatus = this.living.has(epoch) ? 'running' : 'absent';
    if (this.calm) return truth;
    const way = this.away ? 'fail' : this.#dice.swarm('probe', { truth: 8, unknown: 2, fail: 1, hang: 0.5 });
    if (way === 'fail') throw failed('ECONNRESET');
    if (way === 'hang') return never();
    return way === 'unknown' ? 'unknown' : truth;
  }

  async health(): Promise<{ incarnation: string }> {
    const way = this.calm ? 'well' : this.away ? 'fail' : this.#dice.swarm('health', { well: 8, fail: 2, hang: 0.5 });
    if (way === 'fail') throw failed('ECONNREFUSED');
    if (way === 'hang') return never();
    return { incarnation: this.incarnation };
  }

  async provision(): Promise<{ incarnation: string }> {
    const way = this.calm
      ? 'well'
      : this.away
        ? 'fail'
        : this.#dice.swarm('provision', { well: 8, fail: 2, permanent: 0.3, hang: 0.5 });
    if (way === 'permanent') throw new Terminal('there is no such image');
    if (way === 'fail') throw failed('ECONNREFUSED');
    if (way === 'hang') return never();
    return { incarnation: this.incarnation };
  }

  async finish({ agent, epoch }: Run): Promise<Evidence | null> {
    this.living.delete(epoch);
    if (!this.calm && this.#dice.chance(0.1)) throw failed('ECONNRESET');
    return evidenceOf({ agent, epoch }, this.calm || this.#dice.chance(0.9) ? 1 : 0);
  }

  list = async () => [...this.living.values()];
  readOutput = async () => null;
  close = async () => undefined;

  onReport(listener: (report: RunReport) => Promise<void>): void {
    this.#listener = listener;
  }

  /** All runs are gone without a word, and what answers from now on is another container. */
  restart(): void {
    this.living.clear();
    this.#restarts += 1;
    this.incarnation = `i${this.#restarts}`;
  }

  /** Dies without a word: nobody will ever report its exit. */
  vanish({ epoch }: Run): void {
    this.living.delete(epoch);
  }

  async beat(run: Run & { incarnation?: string }, active = true): Promise<void> {
    const { agent, epoch, incarnation = this.incarnation } = run;
    await this.#report({ kind: 'heartbeat', agent, epoch, incarnation, active, at: this.#env.clock.now() });
  }

  /** The run ends; that is reported until somebody takes it. */
  async exit({ agent, epoch }: Run, code: number, commits: number): Promise<void> {
    const run = this.living.get(epoch);
    if (!run) return;
    this.living.delete(epoch);
    const evidence = evidenceOf({ agent, epoch }, commits);
    const { incarnation } = run;
    this.#unreported.push({ kind: 'exited', agent, epoch, incarnation, code, signal: null, evidence, tail: 'bye' });
    if (this.calm || this.#dice.chance(0.8)) await this.reportExits();
  }

  async reportExits(): Promise<void> {
    for (const report of this.#unreported.splice(0)) {
      if (!(await this.#report(report))) this.#unreported.push(report);
    }
  }

  async #report(report: RunReport): Promise<boolean> {
    try {
      await this.#env.until(this.#listener(report));
      return true;
    } catch {
      return false;
    }
  }

  #begin({ agent, epoch }: Run): StartOutcome {
    const accepted = { kind: 'accepted', incarnation: this.incarnation, branch: branchOf({ agent, epoch }) } as const;
    if (this.living.has(epoch)) return { ...accepted, alreadyRunning: true };
    const newer = [...this.living.values()].some((run) => run.agent === agent && run.epoch > epoch);
    if (newer || this.#stopped.has(epoch)) return { kind: 'refused', reason: 'the epoch is over', permanent: false };
    for (const run of this.living.values()) if (run.agent === agent) this.living.delete(run.epoch);
    this.living.set(epoch, { agent, epoch, incarnation: this.incarnation });
    return accepted;
  }

  #end({ epoch }: Run): 'stopped' | 'gone' {
    this.#stopped.add(epoch);
    return this.living.delete(epoch) ? 'stopped' : 'gone';
  }

  #later<T>(ms: number, then: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#env.clock.at(this.#env.clock.now() + ms, () => resolve(then()));
    });
  }
}

const branchOf = ({ agent, epoch }: Run) => `attempt/${agent}/${epoch}`;

function evidenceOf(run: Run, commits: number): Evidence {
  const head = String(run.epoch).padStart(40, 'b');
  return { branch: branchOf(run), base: 'a'.repeat(40), head, commits, checkpointed: false };
}

/** An integrator that may merge and not tell. */
export class ChaosIntegrator implements Integrator {
  calm = false;
  /** By bead and head: what is in the target branch, whatever anybody was told. */
  readonly merges: string[] = [];
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  async merge({ bead, head }: MergeRequest): Promise<MergeOutcome> {
    const work = `${bead} ${head}`;
    if (this.calm || this.merges.includes(work)) return this.#do(work);
    const ways = {
      merge: 8,
      conflict: 1,
      tests: 1,
      nothing: 0.5,
      blocked: 2,
      fail: 1,
      silent: 1,
      hang: 0.3,
      refuse: 0.3,
    };
    switch (this.#dice.swarm('merge', ways)) {
      case 'merge':
        return this.#do(work);
      case 'conflict':
        return { kind: 'conflict', files: ['a.ts'] };
      case 'tests':
        return { kind: 'tests_failed', code: 1, tail: 'no' };
      case 'nothing':
        return { kind: 'nothing' };
      case 'blocked':
        return { kind: 'blocked', reason: 'the checkout has changes' };
      case 'fail':
        throw failed('ECONNRESET');
      case 'silent':
        this.#do(work);
        throw failed('ECONNRESET');
      case 'hang':
        return never();
      case 'refuse':
        throw new Terminal('the branch is gone');
    }
  }

  async merged({ bead, head }: { bead: string; head: string }): Promise<{ commit: string } | null> {
    if (!this.calm && this.#dice.chance(0.3)) throw failed('ECONNRESET');
    return this.merges.includes(`${bead} ${head}`) ? { commit: 'c'.repeat(40) } : null;
  }

  #do(work: string): MergeOutcome {
    if (!this.merges.includes(work)) this.merges.push(work);
    return { kind: 'merged', commit: 'c'.repeat(40) };
  }
}
