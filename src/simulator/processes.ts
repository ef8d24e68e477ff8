/**
 * The agents' processes of a container, as they really are: they beat, report, work, wedge and end, whatever the
 * town takes them for. What ends one is reported until the town has it.
 */
import type { Evidence, RunReport } from '../agents/port.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EngineEvent } from '../core/types.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import type { Door, World } from './world.ts';

const BEAT_MS = 30_000;
const REPORT_AGAIN_MS = 15_000;
const REPORT_TRIES = 40;

export type Run = { readonly agent: string; readonly bead: string; readonly epoch: number };
type ExitReport = Extract<RunReport, { kind: 'exited' }>;

export type Process = {
  readonly run: Run;
  /** `bead#ordinal`: the run's name in every draw. */
  readonly key: string;
  readonly incarnation: string;
  readonly behaviour: Behaviour;
  alive: boolean;
  silent: boolean;
  commits: number;
};

/** The container that they run in. */
export type ProcessHost = {
  readonly id: string;
  readonly connected: boolean;
  /** One of them takes it with it. */
  die(): void;
};

type Died = { readonly code: number | null; readonly signal: string | null };

export class Processes {
  readonly #world: World;
  readonly #all = new Map<number, Process>();
  /** Exits that the town has not acknowledged. */
  readonly #unheard = new Map<number, ExitReport>();
  readonly #host: ProcessHost;

  constructor(world: World, host: ProcessHost) {
    this.#world = world;
    this.#host = host;
  }

  /** The town, when the way there is whole. */
  get #door(): Door | null {
    return this.#world.network.reachesTown && this.#host.connected ? this.#world.door : null;
  }

  get living(): readonly Process[] {
    return [...this.#all.values()].filter(({ alive }) => alive);
  }

  of(epoch: number): Process | null {
    return this.#all.get(epoch) ?? null;
  }

  spawn(run: Run, key: string, incarnation: string): void {
    const behaviour = behaviourOf(this.#world, key);
    const process: Process = { run, key, incarnation, behaviour, alive: true, silent: false, commits: 0 };
    this.#all.set(run.epoch, process);
    this.#world.truth.started += 1;
    const { worksMs, wedgesAtMs, thawsAtMs, poisonsAtMs } = behaviour;
    this.#later(process, behaviour.wakesAfterMs, () => this.#beat(process));
    this.#later(process, worksMs / 2, () => this.#tellCost(process));
    this.#later(process, worksMs, () => this.#finish(process));
    if (wedgesAtMs !== null) this.#later(process, wedgesAtMs, () => this.#silence(process, true));
    if (thawsAtMs !== null) this.#later(process, thawsAtMs, () => this.#silence(process, false));
    if (poisonsAtMs !== null) this.#later(process, poisonsAtMs, () => this.#host.die());
  }

  /** Ends one as a signal would; its exit is reported like every other. */
  kill(process: Process): void {
    this.#end(process, { code: null, signal: 'SIGTERM' });
  }

  /** It speaks up at the very moment at which it was given up. */
  wake(epoch: number): void {
    const process = this.of(epoch);
    if (!process?.alive || !this.#world.faults.strikes('run.wakes', process.key, 2)) return;
    const { dice } = this.#world;
    const said = dice.between(0, 5, ['wakes', process.key]);
    this.#later(process, dice.between(0, 1_500, ['wakes.in', process.key]), () => this.#speakUp(process, said));
  }

  #speakUp(process: Process, said: number): void {
    const { epoch, bead } = process.run;
    const classes = ['permanent', 'needs_input', 'work'] as const;
    if (said < 3) {
      void this.#say(process, { type: 'FAILED', epoch, class: classes[said] ?? 'work', reason: 'late words' });
      this.#end(process, { code: 1, signal: null });
      return;
    }
    process.commits = 1;
    this.#world.truth.finished.add(bead);
    if (said === 3) void this.#say(process, { type: 'DONE', epoch, summary: 'late' });
    else if (said === 4) void this.#say(process, { type: 'PROGRESS', epoch, note: 'still here' });
    else this.#end(process, { code: 0, signal: null });
  }

  /** The machine is gone with all that ran on it: nobody reports anything. */
  vanish(): void {
    for (const process of this.living) process.alive = false;
    this.#unheard.clear();
  }

  /** What git would show of a run. */
  evidenceOf({ run, commits }: Process): Evidence {
    const branch = `attempt/${run.bead}/${run.epoch}`;
    return { branch, base: commitOf(0), head: commitOf(run.epoch), commits, checkpointed: false };
  }

  /** Its agent's own words about it, through the API. */
  async #say(process: Process, event: EngineEvent, tries = REPORT_TRIES): Promise<void> {
    const { env } = this.#world;
    const { agent, epoch } = process.run;
    try {
      const door = this.#door;
      if (door) {
        await door.send({ machine: 'agent', id: agent }, event, `agent/${agent}#${epoch}`);
        return;
      }
    } catch (thrown) {
      if (coerceError(thrown) instanceof Refused) return;
    }
    if (tries > 1) env.clock.at(env.clock.now() + REPORT_AGAIN_MS, () => void this.#say(process, event, tries - 1));
  }

  #beat(process: Process): void {
    const { alive, silent, key, run, incarnation, behaviour } = process;
    if (!alive) return;
    const { env, faults, dice } = this.#world;
    env.clock.at(env.clock.now() + BEAT_MS, () => this.#beat(process));
    if (silent || faults.strikes('heartbeat.dropped', key)) return;
    if (behaviour.beatsItself) {
      void this.#say(process, { type: 'HEARTBEAT', epoch: run.epoch, active: !behaviour.stalls }, 1);
      return;
    }
    const beat: RunReport = {
      ...{ kind: 'heartbeat', agent: run.agent, epoch: run.epoch, incarnation, at: env.clock.now() },
      ...(behaviour.stalls ? {} : { active: true }),
    };
    const delayed = faults.strikes('heartbeat.delayed', key, 0.3);
    const delay = delayed ? dice.between(1_000, 600_000, ['heartbeat.late', key, env.clock.now()]) : 0;
    this.#carry(beat, delay);
    if (faults.strikes('heartbeat.doubled', key, 0.3)) this.#carry(beat, delay);
    if (run.epoch > 1 && faults.strikes('heartbeat.stale', key, 0.1)) this.#carry({ ...beat, epoch: run.epoch - 1 }, 0);
  }

  /** A heartbeat is said once. */
  #carry(report: RunReport, delayMs: number): void {
    const { env } = this.#world;
    const go = () => {
      this.#door?.report(this.#host.id, report).catch(() => undefined);
    };
    if (delayMs === 0) go();
    else env.clock.at(env.clock.now() + delayMs, go);
  }

  #tellCost(process: Process): void {
    const { epoch } = process.run;
    const { costUsd } = process.behaviour;
    void this.#say(process, { type: 'USAGE', epoch, tokens: Math.round(costUsd * 10_000), costUsd });
    if (process.behaviour.stalls) return;
    if (this.#world.dice.u('run.notes', process.key) < 0.3) {
      void this.#say(process, { type: 'PROGRESS', epoch, note: 'half way' });
    }
  }

  #silence(process: Process, silent: boolean): void {
    process.silent = silent;
  }

  #finish(process: Process): void {
    // What is wedged does not come to its end.
    if (process.silent) {
      this.#later(process, BEAT_MS, () => this.#finish(process));
      return;
    }
    const { ending } = process.behaviour;
    const { epoch, bead } = process.run;
    if (ending.kind === 'failed') {
      this.#report(process, { type: 'FAILED', epoch, class: ending.class, reason: `it said: ${ending.class}` });
      this.#end(process, { code: 1, signal: null });
      return;
    }
    process.commits = ending.commits;
    if (ending.kind === 'exit') {
      if (ending.code === 0 && ending.commits > 0) this.#world.truth.finished.add(bead);
      this.#end(process, { code: ending.code, signal: null });
      return;
    }
    this.#world.truth.finished.add(bead);
    this.#report(process, { type: 'DONE', epoch, summary: 'done' });
    this.#later(process, 4_000, () => this.#end(process, { code: 0, signal: null }));
  }

  /** The last word of a run, with what may befall it on its way. */
  #report(process: Process, event: EngineEvent): void {
    const { env, faults, dice } = this.#world;
    const { key, run } = process;
    if (faults.strikes('report.dropped', key)) return;
    const delay = faults.strikes('report.delayed', key) ? dice.between(1_000, 600_000, ['report.late', key]) : 0;
    const say = (said: EngineEvent, ms: number) =>
      ms === 0
        ? void this.#say(process, said)
        : env.clock.at(env.clock.now() + ms, () => void this.#say(process, said));
    say(event, delay);
    if (faults.strikes('report.doubled', key)) say(event, delay + 500);
    if (!faults.strikes('report.contradicted', key)) return;
    const { epoch } = run;
    const other =
      event.type === 'DONE'
        ? { type: 'FAILED', epoch, class: 'work', reason: 'not done after all' }
        : { type: 'DONE', epoch, summary: 'done after all' };
    if (other.type === 'DONE') this.#world.truth.finished.add(run.bead);
    say(other, delay + dice.between(0, 2_000, ['report.other', key]));
  }

  #end(process: Process, { code, signal }: Died): void {
    if (!process.alive) return;
    process.alive = false;
    const { agent, epoch } = process.run;
    const evidence = process.commits > 0 ? this.evidenceOf(process) : null;
    const { incarnation } = process;
    this.#unheard.set(epoch, { kind: 'exited', agent, epoch, incarnation, code, signal, evidence, tail: '' });
    this.#tellExit(epoch);
  }

  /** Again and again until it is acknowledged. */
  #tellExit(epoch: number): void {
    const report = this.#unheard.get(epoch);
    if (!report) return;
    const { env } = this.#world;
    const again = () => void env.clock.at(env.clock.now() + REPORT_AGAIN_MS, () => this.#tellExit(epoch));
    const door = this.#door;
    if (!door) again();
    else door.report(this.#host.id, report).then(() => this.#unheard.delete(epoch), again);
  }

  /** What happens to a process after a time, unless it ended before. */
  #later(process: Process, ms: number, happen: () => void): void {
    const { env } = this.#world;
    env.clock.at(env.clock.now() + Math.round(ms), () => {
      if (process.alive) happen();
    });
  }
}

const commitOf = (epoch: number) => epoch.toString(16).padStart(40, '0');
