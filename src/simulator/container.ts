/**
 * A container that keeps the promises of its port and breaks everything that the port leaves open: it starts late,
 * loses its answers, lies about who lives, dies, and comes back as another incarnation.
 */
import type { Container, Evidence, Readiness, RunSpec, RunStatus, StartOutcome } from '../agents/port.ts';
import { Refused, Terminal } from '../core/errors.ts';
import { LOCAL, type Place } from '../town/options.ts';
import { type Process, Processes, type Run } from './processes.ts';
import { after, never, Unreachable, type World } from './world.ts';

const CONNECT_MS = 5_000;
/** A quarter of a minute, and as many of them as tell any two instants of a run apart. */
const MOMENT_MS = 15_000;
const MOMENTS = 1_000_000;
const LATE_MAX_MS = 30 * 60_000;

type Hands = Pick<Container, 'start' | 'stop' | 'probe' | 'list' | 'health' | 'provision' | 'finish' | 'readiness'>;

export class SimulatedContainer implements Hands {
  readonly id: string;
  readonly processes: Processes;
  /** What it offers now. */
  place: Place;
  /** False while its runner is away from the town. */
  connected = true;
  readonly #world: World;
  #up = true;
  #incarnation = 1;
  /** Dispatches seen of a bead, in order: their ordinals name its runs. */
  readonly #seen = new Map<string, number[]>();
  readonly #keys = new Map<number, string>();
  readonly #highest = new Map<string, number>();
  readonly #stopped = new Set<number>();

  constructor(world: World, id: string, place: Place) {
    this.#world = world;
    this.id = id;
    this.place = place;
    this.processes = new Processes(world, this);
  }

  get incarnation(): string {
    return this.#incarnationOf(this.#incarnation);
  }

  #incarnationOf(number: number): string {
    return this.#named(`incarnation-${number}`);
  }

  /** What of the town's own container has no name of another one. */
  #named(name: string): string {
    return this.id === LOCAL ? name : `${this.id}/${name}`;
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** The machine is gone until somebody provides another. */
  die(): void {
    this.#up = false;
    this.processes.vanish();
  }

  /** Another incarnation at once; nothing of the old one is left. */
  restart(): void {
    this.processes.vanish();
    this.#incarnation += 1;
    this.#up = true;
  }

  async start(spec: RunSpec, signal: AbortSignal): Promise<StartOutcome> {
    const { faults, dice, env } = this.#world;
    const run: Run = { agent: spec.agent, bead: spec.bead, epoch: spec.epoch };
    const key = this.#keyOf(run);
    if (faults.strikes('start.lost', key)) return never();
    await this.#reach();
    if (faults.strikes('start.undecided', key)) await after(env, dice.between(5_000, 140_000, ['undecided', key]));
    if (faults.strikes('start.refused', key)) return refusal(dice.between(0, 3, ['refusal', key]));
    if (faults.strikes('start.unready', key)) {
      return { kind: 'refused', reason: 'the gateway is down', permanent: false, scope: 'rig' };
    }
    if (faults.strikes('start.permanent', key)) throw new Terminal('the image is not there');
    if (faults.strikes('start.garbled', key)) return { started: 'perhaps' } as unknown as StartOutcome;
    if (faults.strikes('start.late', key)) {
      const late = Math.min(LATE_MAX_MS, -120_000 * Math.log(1 - dice.u('start.lateness', key)));
      env.clock.at(env.clock.now() + 1_000 + Math.round(late), () => void this.#launch(run, key));
      return never();
    }
    const slow = faults.strikes('start.slow', key);
    await after(
      env,
      slow ? dice.between(1_000, 300_000, ['start.cold', key]) : dice.between(200, 8_000, ['start', key]),
    );
    // A caller that gave up did not wait for the end; what it asked for may have begun all the same.
    const outcome = this.#launch(run, key);
    if (signal.aborted || faults.strikes('start.replyLost', key)) return never();
    return outcome;
  }

  async readiness(): Promise<Readiness> {
    await this.#reach();
    const { faults, dice } = this.#world;
    if (!faults.strikes('look.unready', this.#moment())) return { ready: true };
    return { ready: false, permanent: dice.u('look', this.#moment()) < 0.3, reason: 'the gateway refuses' };
  }

  async stop({ agent, epoch }: { agent: string; epoch: number }): Promise<'stopped' | 'gone'> {
    if (this.#world.faults.strikes('stop.lost', this.#keys.get(epoch) ?? agent)) return never();
    await this.#reach();
    this.#stopped.add(epoch);
    const process = this.processes.of(epoch);
    if (!process?.alive) return 'gone';
    await after(this.#world.env, 500);
    this.processes.kill(process);
    return 'stopped';
  }

  async probe({ epoch }: { agent: string; epoch: number }): Promise<RunStatus> {
    const { faults, dice } = this.#world;
    await this.#reach();
    const key = this.#keys.get(epoch) ?? 'nobody';
    if (faults.strikes('probe.silent', key)) return this.#noAnswer(key);
    const truth = this.processes.of(epoch)?.alive ? 'running' : 'absent';
    if (!faults.strikes('probe.lies', key)) return truth;
    return dice.pick<RunStatus>(['unknown', 'absent', 'running'], ['probe', key + this.#moment()]);
  }

  async list(): Promise<readonly { agent: string; epoch: number }[]> {
    await this.#reach();
    return this.processes.living.map(({ run: { agent, epoch } }) => ({ agent, epoch }));
  }

  async health(): Promise<{ incarnation: string }> {
    await this.#reach();
    const { faults } = this.#world;
    if (faults.strikes('health.missed', this.#moment())) return this.#noAnswer('health');
    if (this.#incarnation > 1 && faults.strikes('health.lies', this.#moment(), 0.05)) {
      return { incarnation: this.#incarnationOf(this.#incarnation - 1) };
    }
    return { incarnation: this.incarnation };
  }

  async provision(): Promise<{ incarnation: string }> {
    const { faults, env, dice, network } = this.#world;
    if (!network.reachesContainer || !this.connected) await this.#reach();
    if (faults.strikes('provision.refused', this.#moment()))
      throw new Refused('busy', 'there is no room for a container');
    if (faults.strikes('provision.permanent', this.#moment(), 0.3)) throw new Terminal('the quota is spent');
    await after(env, dice.between(500, 20_000, ['provision', this.#moment()]));
    if (!this.#up) this.restart();
    if (faults.strikes('provision.unanswered', this.#moment())) return never();
    return { incarnation: this.incarnation };
  }

  async finish({ epoch, graceMs }: { agent: string; epoch: number; graceMs: number }): Promise<Evidence | null> {
    await this.#reach();
    const process = this.processes.of(epoch);
    if (process?.alive) await after(this.#world.env, graceMs);
    if (process?.alive) this.processes.kill(process);
    return process ? this.processes.evidenceOf(process) : null;
  }

  /** Exactly this epoch of this agent, as the port promises (C1, C2). */
  #launch(run: Run, key: string): StartOutcome {
    if (!this.#up) return { kind: 'refused', reason: 'the container went away', permanent: false };
    if (this.#stopped.has(run.epoch)) return { kind: 'refused', reason: 'it was stopped before', permanent: false };
    if ((this.#highest.get(run.agent) ?? 0) > run.epoch) {
      return { kind: 'refused', reason: 'a later epoch was started', permanent: false };
    }
    const accepted = { kind: 'accepted', incarnation: this.incarnation, branch: `attempt/${run.bead}/${run.epoch}` };
    const process = this.processes.of(run.epoch);
    if (process?.alive) return { ...accepted, alreadyRunning: true } as StartOutcome;
    if (process) return { kind: 'refused', reason: 'it has run and ended', permanent: false };
    for (const other of this.#processesOf(run.agent)) this.processes.kill(other);
    this.#highest.set(run.agent, run.epoch);
    this.processes.spawn(run, key, this.incarnation);
    return accepted as StartOutcome;
  }

  #processesOf(agent: string): readonly Process[] {
    return this.processes.living.filter(({ run }) => run.agent === agent);
  }

  #keyOf({ bead, epoch }: Run): string {
    const epochs = this.#seen.get(bead) ?? [];
    if (!epochs.includes(epoch)) epochs.push(epoch);
    this.#seen.set(bead, epochs);
    const key = this.#named(`${bead}#${epochs.indexOf(epoch) + 1}`);
    this.#keys.set(epoch, key);
    return key;
  }

  /** It says that it can not say, or nothing at all. */
  #noAnswer(key: string): Promise<never> {
    if (this.#world.dice.u('no answer', key + this.#moment()) < 0.6) return never();
    throw new Refused('busy', 'it is too busy to say');
  }

  /** Names what has no identity of its own by when it is, so that it stays the same when other faults are gone. */
  #moment(): string {
    return this.#named(`t${Math.floor(this.#world.env.clock.now() / MOMENT_MS) % MOMENTS}`);
  }

  /** Rejects as a connection does: late when the way is cut, at once when nobody listens. */
  async #reach(): Promise<void> {
    if (!this.#world.network.reachesContainer || !this.connected) {
      await after(this.#world.env, CONNECT_MS);
      throw new Unreachable('ETIMEDOUT');
    }
    if (!this.#up) throw new Unreachable('ECONNREFUSED');
  }
}

/** The many ways of saying no. */
function refusal(choice: number): StartOutcome {
  if (choice === 0) return false as unknown as StartOutcome;
  if (choice === 1) return { started: false, reason: 'no slot' } as unknown as StartOutcome;
  if (choice === 2) return { status: 429, reason: 'too many requests' } as unknown as StartOutcome;
  throw new Refused('busy', 'the container has no room');
}
