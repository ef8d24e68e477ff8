/** The schedule of one run: boots and their ends, the strokes of fate at their instants, the looks of the oracles. */
import type { Policy } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { BREAKER } from '../../machines/wiring.ts';
import { coerceError } from '../core/errors.ts';
import type { EntityRef, Receipt } from '../core/types.ts';
import type { LogLevel } from '../env/env.ts';
import { openMemory } from '../store/memory.ts';
import type { Reads, Store } from '../store/port.ts';
import type { BeadInput } from '../town/api.ts';
import { createTown } from '../town/town.ts';
import { Boot, isExpected } from './boot.ts';
import { SimulatedContainer } from './container.ts';
import { Coverage } from './coverage.ts';
import type { PlannedStroke } from './faults.ts';
import { strokeKinds } from './faults.ts';
import { Findings } from './findings.ts';
import { History } from './history.ts';
import { Idleness } from './idleness.ts';
import { SimulatedIntegrator } from './integrator.ts';
import { Operator } from './operator.ts';
import { checkEnd, checkRecovered, isHeldUp, moving } from './quiet.ts';
import type { Scenario } from './scenario.ts';
import { checkStanding } from './standing.ts';
import { Strokes } from './strokes.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long the town must have been up, and its store well, before it is held to its deadlines. */
const SETTLED_MS = 90_000;
const RECOVERY_MS = 65 * MINUTE;
/** Quiet after which everything must have come to its end. */
const END_MAX_MS = 72 * HOUR;
const LAST_LOOK_MS = 5 * MINUTE;
/** The town's own verification is slow: one seed of so many is verified by both. */
const VERIFY_EVERY = 25;

const MEDDLED = new Set(['agent', 'bead', 'container', 'breaker']);

/** Lines of the town's log that must never be written. */
const ALARMING = /dead letter|matching failed|patrol failed|a pass of the scheduler failed|a commit failed|^P\d+:/;
const OUTAGE = /nothing can be written|process is gone|disk is full/;

export type Frame = { readonly directory: string; readonly untilMs: number | null; readonly signal?: AbortSignal };

export class Play {
  readonly findings: Findings;
  readonly coverage = new Coverage();
  readonly history: History;
  readonly store: Store;
  kills = 0;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #directory: string;
  readonly #overAt: number;
  readonly #signal: AbortSignal | undefined;
  readonly #containers: readonly SimulatedContainer[];
  readonly #integrator: SimulatedIntegrator;
  readonly #operator: Operator;
  readonly #strokes: Strokes;
  readonly #idleness = new Idleness();
  readonly #receipts: Receipt[] = [];
  readonly #announced = new Map<string, number>();
  #boot: Boot | null = null;
  #boots = 0;
  #settledSince = 0;

  constructor(world: World, scenario: Scenario, { directory, untilMs, signal }: Frame) {
    const startedAt = world.env.clock.now();
    this.#world = world;
    this.#scenario = scenario;
    this.#directory = directory;
    this.#signal = signal;
    this.#overAt = untilMs === null ? Number.POSITIVE_INFINITY : startedAt + untilMs;
    this.findings = new Findings(() => world.env.clock.now() - startedAt);
    this.history = new History({ findings: this.findings, coverage: this.coverage, truth: world.truth });
    this.store = openMemory({ env: world.env });
    this.#containers = scenario.containers.map(({ id, ...place }) => new SimulatedContainer(world, id, place));
    this.#integrator = new SimulatedIntegrator(world);
    this.#operator = new Operator(world, scenario, (answer) => this.#sent(answer));
    this.#strokes = new Strokes(world, {
      ...{ containers: this.#containers, operator: this.#operator, findings: this.findings },
      boot: () => this.#boot,
      disturbed: () => {
        this.#settledSince = world.env.clock.now();
      },
    });
  }

  /** True when a property is violated, or nobody wants to see the rest. */
  get #isOver(): boolean {
    return this.findings.any || this.#signal?.aborted === true || this.#world.env.clock.now() >= this.#overAt;
  }

  async perform(): Promise<void> {
    const { env, faults } = this.#world;
    const { calmMs, chaosMs, blowMs, quietMs } = this.#scenario;
    await this.#begin();
    await this.#pass(calmMs);
    if (this.#isOver) return;
    faults.phase = 'chaos';
    const from = env.clock.now();
    for (const stroke of faults.plan({ from, to: from + chaosMs })) this.#schedule(stroke);
    await this.#pass(chaosMs);
    this.#lastBlow();
    await this.#pass(blowMs);
    if (this.#isOver) return;
    await this.#quiet(quietMs);
  }

  async #begin(): Promise<void> {
    const { agents, beads, policy } = this.#scenario;
    const rigs = Object.fromEntries(this.#scenario.rigs.map(({ id, ...rig }) => [id, rigOf(rig)]));
    await this.#open({ agents, rigs, policy });
    const first = Math.ceil(beads.length / 4);
    this.#bring(beads.slice(0, first));
    for (const [index, bead] of beads.slice(first).entries()) this.#bringLater(bead, index / (beads.length - first));
  }

  #bring(beads: readonly BeadInput[]): boolean {
    const town = this.#boot?.alive ? this.#boot.town : null;
    if (town) this.#sent(town.createBeads(beads));
    return town !== null;
  }

  /** The rest of the work comes one after another, while everything breaks. */
  #bringLater(bead: BeadInput, share: number): void {
    const { env } = this.#world;
    const { calmMs, chaosMs } = this.#scenario;
    const known = () => this.store.read.entity({ machine: 'bead', id: bead.id ?? '' }) !== null;
    const bring = () => {
      if (known()) return;
      // Whoever it depends on may not have arrived, because the town was away.
      const dependsOn = (bead.dependsOn ?? []).filter((id) => this.store.read.entity({ machine: 'bead', id }) !== null);
      this.#bring([{ ...bead, dependsOn }]);
      if (this.#world.faults.phase !== 'quiet') env.clock.at(env.clock.now() + MINUTE, bring);
    };
    env.clock.at(env.clock.now() + Math.round(calmMs * 0.8 + chaosMs * share), bring);
  }

  /** Passes time, looking once a minute; stops at the first violation. */
  async #pass(ms: number): Promise<void> {
    const { env } = this.#world;
    const end = env.clock.now() + ms;
    while (env.clock.now() < end && !this.#isOver) {
      await env.pass(Math.min(MINUTE, end - env.clock.now()));
      this.#look();
    }
  }

  // Lives of the process ------------------------------------------------------------------------------------------

  async #open(founding: object): Promise<void> {
    const { faults, dice, env } = this.#world;
    this.#boots += 1;
    const number = this.#boots;
    const skewed = faults.strikes('clock.skew', '');
    const boot = new Boot({
      ...{ world: this.#world, number, store: this.store, containers: this.#containers, integrator: this.#integrator },
      skewMs: skewed ? dice.between(-HOUR, HOUR, ['skew', number]) : 0,
      storeFails: () => this.#strokes.storeFails(),
      committed: (reads) => this.#committed(reads),
      logged: (level, message) => this.#logged(level, message),
      died: (dead) => this.#died(dead),
    });
    this.#boot = boot;
    if (number > 1 && faults.strikes('town.killedAtBoot', '')) {
      boot.doom = { commits: dice.between(0, 3, ['doom', number]), durable: dice.u('durable', number) < 0.5 };
    }
    const town = createTown({
      ...{ directory: this.#directory, env: boot.env, store: boot.store, container: boot.container },
      ...{ integrator: boot.integrator, ...founding },
      notify: ({ subject, cause, reminders }) => {
        const id = `${subject}:${cause}`;
        if (reminders === 0) this.#announced.set(id, (this.#announced.get(id) ?? 0) + 1);
      },
    });
    const opened = town.then(
      (made) => {
        if (!boot.alive) return;
        boot.opened(made);
        this.#world.door = boot;
        this.#settledSince = env.clock.now();
      },
      (thrown: unknown) => {
        if (!boot.alive) return;
        if (!isExpected(thrown)) this.findings.add('boot', coerceError(thrown).message);
        boot.die();
      },
    );
    if (number === 1) {
      await env.settle();
      await opened;
    }
  }

  /** Every commit: the oracles look, a nosy person may step in, and who was given up may speak. */
  #committed(reads: Reads): void {
    for (const { entity, before, after, rejected } of this.history.take(reads)) {
      if (rejected !== null || before === after || before === '') continue;
      if (entity.machine === 'agent' && /^working\./.test(before) && /^(exited|idle)\./.test(after)) {
        const { epoch } = this.history.roster.agent(entity.id);
        for (const { processes } of this.#containers) processes.wake(epoch);
      }
      if (MEDDLED.has(entity.machine)) this.#mayMeddle(entity, after);
    }
  }

  #mayMeddle(entity: EntityRef, state: string): void {
    const { env, faults, dice } = this.#world;
    const key = `${entity.machine}/${entity.id} ${state} ${Math.floor(env.clock.now() / MINUTE)}`;
    if (!faults.strikes('operator.nosy', key, 0.3)) return;
    env.clock.at(env.clock.now() + dice.between(0, 2_000, ['nosy', key]), () => {
      if (this.#boot?.alive) this.#operator.meddle(this.#boot, entity, key);
    });
  }

  #died(boot: Boot): void {
    const { env, dice } = this.#world;
    this.kills += 1;
    if (this.#world.door === boot) this.#world.door = null;
    this.#idleness.forget();
    const long = dice.u('downtime.long', this.kills) < 0.1;
    const downMs = dice.between(100, long ? 30 * MINUTE : MINUTE, ['downtime', this.kills]);
    env.clock.at(env.clock.now() + downMs, () => void this.#open({}));
  }

  #logged(level: LogLevel, message: string): void {
    if (level !== 'error' || OUTAGE.test(message) || !ALARMING.test(message)) return;
    this.findings.add('log', message);
  }

  /** An answer to a command: what is acknowledged must be in the log for ever. */
  #sent(answer: Promise<unknown>): void {
    answer.then(
      (given) => {
        for (const receipt of [given].flat() as Partial<Receipt>[]) {
          if (receipt && typeof receipt.seq === 'number' && receipt.entity) this.#receipts.push(receipt as Receipt);
        }
      },
      (thrown: unknown) => {
        if (!isExpected(thrown)) this.findings.add('answer', coerceError(thrown).message);
      },
    );
  }

  // Strokes -------------------------------------------------------------------------------------------------------

  #schedule(stroke: PlannedStroke): void {
    const { env, faults } = this.#world;
    env.clock.at(stroke.at, () => {
      if (faults.admit(stroke.id)) this.#strokes.strike(stroke.kind, stroke.number);
    });
  }

  /** One more, at a moment of its own choice, just before the quiet. */
  #lastBlow(): void {
    const { dice, faults } = this.#world;
    const kind = dice.pick(strokeKinds, ['blow']);
    if (faults.admit('blow:at:0')) this.#strokes.strike(kind, 1_000_000);
  }

  // Looks ---------------------------------------------------------------------------------------------------------

  #look(): void {
    const boot = this.#boot;
    const { env } = this.#world;
    if (!boot?.alive || !boot.town || env.clock.now() - this.#settledSince < SETTLED_MS) {
      this.#idleness.forget();
      return;
    }
    const { read: reads } = this.store;
    const policy: Policy = boot.town.policy();
    checkStanding({ reads, policy, history: this.history, now: boot.env.clock.now() }, this.findings);
    const reachable = this.#containers.filter((container) => boot.reaches(container)).map(({ id }) => id);
    for (const { bead, facts } of this.#idleness.look({ reads, policy, reachable }, boot)) {
      this.findings.add('P19', `bead ${bead} is ready, somebody is free for it, and nothing happens: ${facts}`);
    }
    this.#checkAnnouncements();
  }

  /** P34: one announcement for each time that an escalation is raised; a crash may repeat one. */
  #checkAnnouncements(): void {
    for (const [id, times] of this.#announced) {
      if (times <= (this.history.raised.get(id) ?? 0) + this.kills) continue;
      this.findings.add('P34', `${id} was announced ${times} times`);
    }
  }

  async #quiet(quietMs: number): Promise<void> {
    const { env, faults } = this.#world;
    faults.phase = 'quiet';
    this.#strokes.heal();
    const quietAt = env.clock.now();
    await this.#pass(2 * MINUTE);
    await this.#mend();
    const engineQuietAt = this.#boot?.env.clock.now() ?? quietAt;
    await this.#pass(RECOVERY_MS);
    if (!this.#isOver) checkRecovered(this.store.read, engineQuietAt - 2 * MINUTE, this.findings);
    await this.#pass(Math.max(0, quietAt + quietMs - env.clock.now()));
    await this.#end(quietAt + END_MAX_MS);
  }

  async #mend(): Promise<void> {
    // A boot that fails takes a while; mending once more does no harm.
    for (let round = 0; round < 40 && this.#scenario.attended && !this.#isOver; round += 1) {
      const mended = this.#boot?.town && this.#boot.alive ? this.#operator.mend(this.#boot) : 1;
      await this.#pass(MINUTE);
      if (mended === 0) return;
    }
  }

  /** Until nothing moves by itself, then the last look. */
  async #end(deadline: number): Promise<void> {
    const { env } = this.#world;
    const { read: reads } = this.store;
    const left = () => moving(reads, isHeldUp(reads));
    while (!this.#isOver && left().length > 0 && env.clock.now() < deadline) {
      // A person answers what was asked meanwhile.
      if (this.#scenario.attended && this.#boot?.alive) this.#operator.mend(this.#boot);
      await this.#pass(10 * MINUTE);
    }
    if (this.#isOver) return;
    for (const { ref, state } of left()) {
      const breaker = reads.entity({ machine: 'breaker', id: BREAKER })?.state;
      this.findings.add(
        'P21',
        `bead ${ref.id} is still ${state} after ${END_MAX_MS / HOUR} h of quiet (breaker ${breaker})`,
      );
    }
    await this.#pass(LAST_LOOK_MS);
    const town = this.#boot?.town;
    if (!town) this.findings.add('boot', 'the town is not up at the end of the quiet');
    else {
      const { history } = this;
      const thorough = this.#scenario.seed % VERIFY_EVERY === 0;
      const parts = { reads, town, history, containers: this.#containers, receipts: this.#receipts, thorough };
      checkEnd(parts, this.findings);
    }
  }
}

function rigOf({ merge, labels }: { merge: boolean; labels: readonly string[] }): RigConfig {
  return {
    ...{ path: '/nowhere', branch: 'main', argv: ['agent'], promptBy: 'stdin', test: [], merge, labels: [...labels] },
    ...{ env: {}, secrets: {} },
  };
}
