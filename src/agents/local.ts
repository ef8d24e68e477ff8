/**
 * The container on this machine: agents are detached processes in clones of their own, and outlive the town that
 * started them.
 *
 * Invariants
 * - L1 What starts or ends runs of one agent happens one at a time.
 * - L2 A run's supervisor masks its output before it is written: no secret and no token is ever in a file here. The
 *   prompt is, for as long as the run lives, with mode 0600.
 * - L3 Killing this process at any moment loses no run, no end of a run, and no tombstone.
 *
 * A run ends when the process of its command ends; what that left behind in the background is killed. Agents get the
 * town's HOME, because their command line programs keep their login there; `home` gives them another one.
 */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { within } from '../env/waiting.ts';
import { Fences } from './fences.ts';
import { makePrivateFolder } from './files.ts';
import { createGit } from './git.ts';
import { loadIncarnation, renewIncarnation } from './incarnation.ts';
import { Isolator } from './isolation.ts';
import { checkRun, type Launched, type LaunchPlace, launchRun, type PreparedRun, prepareRun } from './launch.ts';
import { type LiveRun, LiveRuns } from './live-runs.ts';
import { beforeStart, outcomeOfSpawn, toStartOutcome } from './outcome.ts';
import { type OutputPiece, type OutputRange, readPiece } from './output.ts';
import type {
  Container,
  Evidence,
  IsolationStatus,
  Readiness,
  RigPlan,
  RunProfile,
  RunReport,
  RunSpec,
  RunStatus,
  StartOutcome,
} from './port.ts';
import { isAlive, type ProcessIdentity } from './processes.ts';
import { specOf } from './profile.ts';
import { notReady, ReadinessChecks } from './readiness.ts';
import { Reports } from './reports.ts';
import { inspectRig, refuseRig } from './rig-check.ts';
import { listRunFiles, RunFiles, type RunRecord } from './run-files.ts';
import type { Environment } from './secrets.ts';
import { makeShim } from './shim.ts';
import { inTurn } from './turns.ts';
import { Worktrees } from './worktrees.ts';

export type LocalContainerOptions = {
  readonly id: string;
  /** Folder of everything that it keeps; made with mode 0700. */
  readonly root: string;
  readonly env: Env;
  /** The town's own environment: PATH and a few others are handed on, `env:` references are read from it. */
  readonly environment: Environment;
  readonly heartbeatMs: number;
  /** HOME of the agents, where it is not the town's. */
  readonly home?: string;
  /** Folder of towns that no agent has to see, beside the one that `root` is in; none when absent. */
  readonly hidden?: string;
  /** Values, beside a run's own secrets and token, that its kept output must not hold. */
  readonly secretValues?: readonly string[];
};

type RunName = { readonly agent: string; readonly epoch: number };

export interface LocalContainer extends Container {
  /**
   * Kills all runs and takes a new incarnation, as a container does that was restarted. Their ends are told by the
   * new id alone.
   */
  restart(): Promise<{ incarnation: string }>;
  setHeartbeat(everyMs: number): void;
  isolation(): Promise<IsolationStatus>;
  readiness(profile: RunProfile): Promise<Readiness>;
  /** A piece of a run's output, masked; its end when no offset is given. Null when nothing of the run is kept. */
  readOutput(run: RunName, range: OutputRange): Promise<OutputPiece | null>;
}

/** Makes the container; nothing happens before `provision()` or the first other call. */
export function createLocalContainer(options: LocalContainerOptions): LocalContainer {
  return new Local({ ...options, root: resolve(options.root) });
}

/** What a start came to before its supervisor. */
type Admitted =
  | { readonly running: LiveRun }
  | { readonly unready: Extract<Readiness, { ready: false }> }
  | (Launched & { readonly files: RunFiles });

const newRun = { agent: null, child: null, beat: null, outputEnd: 0, settling: null, quiet: false };

class Local implements LocalContainer {
  readonly id: string;
  readonly #options: LocalContainerOptions;
  readonly #runsFolder: string;
  readonly #fences: Fences;
  readonly #readiness: ReadinessChecks;
  readonly #reports: Reports;
  readonly #live: LiveRuns;
  readonly #place: Omit<LaunchPlace, 'incarnation' | 'shim'>;
  readonly #starting = new Map<Promise<unknown>, RunName>();
  readonly #recovered = new Set<string>();
  #incarnation: Promise<string> | null = null;
  #closed = false;

  constructor(options: LocalContainerOptions) {
    const { id, root, env, environment, heartbeatMs } = options;
    this.id = id;
    this.#options = options;
    this.#runsFolder = join(root, 'runs');
    const git = createGit({ environment });
    const worktrees = new Worktrees({ root, git });
    this.#fences = new Fences(root);
    this.#reports = new Reports(env);
    this.#live = new LiveRuns({ env, runsFolder: this.#runsFolder, worktrees, reports: this.#reports, heartbeatMs });
    const isolator = new Isolator({ root, hidden: options.hidden ?? null, environment });
    this.#readiness = new ReadinessChecks({ env, root, git, isolator });
    const { home, secretValues = [] } = options;
    this.#place = { git, worktrees, environment, home, secretValues, isolator };
  }

  start(run: RunSpec, signal: AbortSignal): Promise<StartOutcome> {
    return toStartOutcome(() => {
      const start = this.#turn(run.agent, () => this.#start(run, signal));
      this.#starting.set(start, run);
      const forget = () => void this.#starting.delete(start);
      start.then(forget, forget);
      return start;
    }, signal);
  }

  async check(plan: RigPlan): Promise<{ path: string }> {
    const { problems, repository } = await inspectRig(plan, this.#options.environment);
    if (problems.length > 0) throw refuseRig(problems);
    return { path: repository?.path ?? plan.path };
  }

  async readiness(profile: RunProfile): Promise<Readiness> {
    const spec = specOf(profile);
    try {
      const place = await this.#launchPlace(await this.#ready());
      const prepared = await prepareRun(spec, this.#files(spec), place);
      return await this.#readiness.of({ ...prepared, spec, shim: place.shim }, { anew: true });
    } catch (thrown) {
      return notReady(thrown);
    }
  }

  async isolation(): Promise<IsolationStatus> {
    await makePrivateFolder(this.#options.root);
    return this.#place.isolator.status();
  }

  setHeartbeat(everyMs: number): void {
    this.#live.setHeartbeat(everyMs);
  }

  async stop(run: RunName & { graceMs: number }): Promise<'stopped' | 'gone'> {
    checkRun(run);
    await this.#ready();
    await this.#fences.markStopped(run.agent, run.epoch);
    return this.#turn(run.agent, async () => {
      const live = this.#live.get(run) ?? (await this.#takeUp(this.#files(run)));
      if (live === null) return 'gone';
      const was = this.#live.isRunning(live);
      await this.#live.end(live, run.graceMs);
      return was ? 'stopped' : 'gone';
    });
  }

  async probe(run: RunName): Promise<RunStatus> {
    try {
      await this.#ready();
    } catch {
      return 'unknown';
    }
    const live = this.#live.get(run);
    // One that has ended says so itself: until that is heard, "absent" would be taken for a loss.
    if (live !== null) return this.#live.isRunning(live) ? 'running' : 'unknown';
    // A start that is on its way may be a process in the next moment.
    const isStarting = [...this.#starting.values()].some(
      ({ agent, epoch }) => agent === run.agent && epoch === run.epoch,
    );
    if (isStarting) return 'unknown';
    const settled = await this.#files(run).settled();
    return settled === null || settled.acknowledged ? 'absent' : 'unknown';
  }

  async list(): Promise<readonly RunName[]> {
    await this.#ready();
    const running = this.#live.all().filter((run) => this.#live.isRunning(run));
    return running.map(({ record }) => ({ agent: record.agent, epoch: record.epoch }));
  }

  async health(): Promise<{ incarnation: string }> {
    return { incarnation: await this.#ready() };
  }

  provision(): Promise<{ incarnation: string }> {
    return this.health();
  }

  async finish(run: RunName & { graceMs: number }): Promise<Evidence | null> {
    checkRun(run);
    await this.#ready();
    const live = this.#live.get(run);
    if (live !== null) {
      await within(this.#options.env, run.graceMs, this.#live.whenSettled(live));
      await this.#turn(run.agent, async () => {
        if (this.#live.get(run) === live) await this.#live.end(live, live.record.graceMs);
      });
    }
    return (await this.#files(run).settled())?.evidence ?? null;
  }

  onReport(listener: (report: RunReport) => Promise<void>): void {
    this.#reports.subscribe(listener);
  }

  async close(runs: 'keep' | 'stop'): Promise<void> {
    this.#closed = true;
    this.#readiness.close();
    await Promise.allSettled(this.#starting.keys());
    if (runs === 'stop') {
      await Promise.all(this.#live.all().map((run) => this.#live.end(run, run.record.graceMs)));
    }
    await this.#live.close();
    this.#reports.close();
  }

  async restart(): Promise<{ incarnation: string }> {
    await this.#ready();
    await Promise.allSettled(this.#starting.keys());
    await Promise.all(
      this.#live.all().map((run) => {
        run.quiet = true;
        return this.#live.end(run, 0);
      }),
    );
    this.#incarnation = renewIncarnation(this.#options.root, this.id, this.#options.env);
    return this.health();
  }

  async readOutput(run: RunName, range: OutputRange): Promise<OutputPiece | null> {
    checkRun(run);
    const files = this.#files(run);
    return (await files.run()) === null ? null : readPiece(files.directory, range);
  }

  async #start(run: RunSpec, signal: AbortSignal): Promise<StartOutcome> {
    const admitted = await beforeStart(() => this.#admit(run, signal));
    if ('running' in admitted) return accepted(admitted.running, true);
    if ('unready' in admitted) return { kind: 'refused', ...admitted.unready, scope: 'rig' };
    const { record, files, answer, process } = admitted;
    if (answer?.kind === 'failed') {
      await this.#undo(files, record);
      return outcomeOfSpawn({ program: run.command.argv[0] ?? '', code: answer.code, message: answer.message });
    }
    await this.#fences.markRan(run.agent, run.epoch);
    if (answer?.kind === 'started') {
      const { supervisor, agent } = answer;
      const started: LiveRun = { ...newRun, record, files, supervisor, agent, child: process };
      this.#live.register(started);
      return accepted(started, false);
    }
    const taken = await this.#takeUp(files);
    if (taken !== null && answer?.kind === 'taken') return accepted(taken, true);
    return { kind: 'unknown', cause: `the supervisor of ${run.agent} epoch ${run.epoch} ended without a word` };
  }

  /**
   * Asks everything that can speak against a start, ends older runs of the agent, and launches. A throw means:
   * nothing was started.
   */
  async #admit(run: RunSpec, signal: AbortSignal): Promise<Admitted> {
    checkRun(run);
    const incarnation = await this.#ready();
    this.#refuseCalledOff(run, signal);
    const files = this.#files(run);
    const running = this.#live.get(run);
    if (running !== null) return { running };
    this.#fences.check(run.agent, run.epoch);
    const place = await this.#launchPlace(incarnation);
    const prepared = await prepareRun(run, files, place);
    const readiness = await this.#readiness.of({ ...prepared, spec: run, shim: place.shim }, { anew: false });
    if (!readiness.ready) return { unready: readiness };
    this.#refuseCalledOff(run, signal);
    for (const older of this.#live.all().filter(({ record }) => record.agent === run.agent)) {
      await this.#live.end(older, run.graceMs);
    }
    const mayStart = () => this.#fences.check(run.agent, run.epoch);
    return { ...(await launchRun(run, probed(run, prepared), { files, place, mayStart })), files };
  }

  #refuseCalledOff({ agent }: RunName, signal: AbortSignal): void {
    if (!this.#closed && !signal.aborted) return;
    const what = `container ${this.id} did not start ${agent}`;
    throw new Refused('unavailable', `${what}: the start was called off, or it is closing`);
  }

  async #launchPlace(incarnation: string): Promise<LaunchPlace> {
    return { ...this.#place, incarnation, shim: await makeShim(this.#options.root) };
  }

  async #undo(files: RunFiles, record: RunRecord): Promise<void> {
    await files.remove();
    await this.#place.worktrees.discard(record);
  }

  /**
   * Takes up a run from its files. Null when there is nothing to end: no such run, an end that is settled, or one
   * that never began, which then never will.
   */
  async #takeUp(files: RunFiles): Promise<LiveRun | null> {
    const record = await files.run();
    if (record === null || (await files.settled()) !== null) return null;
    if (await files.claim()) {
      await this.#undo(files, record);
      return null;
    }
    const supervisor = await files.supervisor();
    return supervisor && this.#adopt(files, record, supervisor);
  }

  async #adopt(files: RunFiles, record: RunRecord, supervisor: ProcessIdentity): Promise<LiveRun> {
    const agent = await files.agent();
    const run: LiveRun = { ...newRun, record, files, supervisor, agent };
    await this.#fences.markRan(record.agent, record.epoch);
    this.#live.register(run);
    return run;
  }

  /**
   * Resolves with the incarnation when what an earlier town left has been taken up. A failure is tried again by the
   * next call.
   */
  #ready(): Promise<string> {
    this.#incarnation ??= this.#load().catch((thrown) => {
      this.#incarnation = null;
      throw thrown;
    });
    return this.#incarnation;
  }

  async #load(): Promise<string> {
    const { root, env } = this.#options;
    await makePrivateFolder(this.#runsFolder);
    await this.#fences.load();
    const incarnation = await loadIncarnation(root, this.id, env);
    for (const files of await listRunFiles(this.#runsFolder)) {
      if (this.#recovered.has(files.directory)) continue;
      await this.#recover(files, incarnation);
      this.#recovered.add(files.directory);
    }
    return incarnation;
  }

  async #recover(files: RunFiles, incarnation: string): Promise<void> {
    const [record, settled, supervisor] = [await files.run(), await files.settled(), await files.supervisor()];
    if (record === null) {
      // A start that was cut short before it had written what it is.
      await rm(files.directory, { recursive: true, force: true });
    } else if (settled !== null) {
      if (!settled.acknowledged) this.#live.report(files, record, settled);
    } else if (supervisor !== null) {
      if (record.incarnation === incarnation) {
        await this.#adopt(files, record, supervisor);
        return;
      }
      const gone: LiveRun = { ...newRun, record, files, supervisor, quiet: true };
      if (isAlive(supervisor)) await this.#live.end(gone, 0);
      else await this.#live.settle(gone);
    }
  }

  #files({ agent, epoch }: RunName): RunFiles {
    return new RunFiles(join(this.#runsFolder, `${agent}-${epoch}`));
  }

  #turn<T>(agent: string, call: () => Promise<T>): Promise<T> {
    return inTurn(`agent:${this.#options.root}:${agent}`, call);
  }
}

/** What was looked at here need not be looked at again by the run itself. */
function probed({ command }: RunSpec, prepared: PreparedRun): PreparedRun {
  if (!command.probe) return prepared;
  return { ...prepared, environment: { ...prepared.environment, YARDMASTER_READY: '1' } };
}

function accepted({ record }: LiveRun, alreadyRunning: boolean): StartOutcome {
  const { incarnation, branch } = record;
  return { kind: 'accepted', incarnation, branch, ...(alreadyRunning ? { alreadyRunning } : {}) };
}
