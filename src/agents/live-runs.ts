/**
 * The runs that are alive, and the one way in which each of them comes to its end.
 *
 * Invariants
 * - R1 A run is here from its supervisor's claim until its end is settled on disk.
 * - R2 A run is settled once: what it left is killed, its files are committed, its end is written down, and only then
 *   reported.
 * - R3 Nothing ticks for a run but its heartbeat; only for runs that are not our children (a town before us started
 *   them) the end is looked for, once a second.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { coerceError } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import { awaitSupervisor, endProcesses } from './ending.ts';
import { outputEnd, readPiece } from './output.ts';
import type { Evidence, RunReport } from './port.ts';
import { isAlive, type ProcessIdentity } from './processes.ts';
import type { Reports } from './reports.ts';
import { listRunFiles, type RunFiles, type RunRecord, type SettledRecord } from './run-files.ts';
import type { Worktrees } from './worktrees.ts';

export type LiveRun = {
  readonly record: RunRecord;
  readonly files: RunFiles;
  readonly supervisor: ProcessIdentity;
  /** The supervisor, when it is our child. */
  readonly child: ChildProcess | null;
  agent: ProcessIdentity | null;
  beat: Alarm | null;
  /** How much output there was at its last heartbeat, bytes. */
  outputEnd: number;
  settling: Promise<SettledRecord> | null;
  /** True: its end is not reported, because a new incarnation tells it. */
  quiet: boolean;
};

export type LiveRunsOptions = {
  readonly env: Env;
  readonly runsFolder: string;
  readonly worktrees: Worktrees;
  readonly reports: Reports;
  readonly heartbeatMs: number;
};

const lookEveryMs = 1_000;
const settleAgainMs = 5_000;
const tailBytesMax = 4_096;
/** Ended runs whose output is kept for people to read. */
const endedRunsKept = 100;

export class LiveRuns {
  readonly #runs = new Map<string, LiveRun>();
  readonly #options: LiveRunsOptions;
  readonly #alarms = new Set<Alarm>();
  readonly #waiting = new Map<LiveRun, (() => void)[]>();
  #heartbeatMs: number;
  #look: Alarm | null = null;
  #closed = false;

  constructor(options: LiveRunsOptions) {
    this.#options = options;
    this.#heartbeatMs = options.heartbeatMs;
  }

  get(run: { agent: string; epoch: number }): LiveRun | null {
    return this.#runs.get(keyOf(run)) ?? null;
  }

  all(): readonly LiveRun[] {
    return [...this.#runs.values()];
  }

  isRunning(run: LiveRun): boolean {
    return run.settling === null && isAlive(run.supervisor) && !existsSync(run.files.path('exit'));
  }

  /** Takes up a run: says at once that it is alive, or settles it when it has ended already. */
  register(run: LiveRun): void {
    this.#runs.set(keyOf(run.record), run);
    const hasEnded = run.child
      ? run.child.exitCode !== null || run.child.signalCode !== null
      : !isAlive(run.supervisor);
    if (hasEnded) {
      this.#settleSoon(run);
      return;
    }
    run.child?.on('exit', () => this.#settleSoon(run));
    if (run.child === null) this.#lookLater();
    this.#beat(run);
  }

  /** Each run says at once that it lives, and then as often as asked: a lease that is shorter now is not missed. */
  setHeartbeat(everyMs: number): void {
    if (everyMs === this.#heartbeatMs) return;
    this.#heartbeatMs = everyMs;
    for (const run of this.all()) {
      run.beat?.cancel();
      this.#beat(run);
    }
  }

  /** Ends a run with its grace, and resolves when its end is settled. */
  async end(run: LiveRun, graceMs: number): Promise<SettledRecord> {
    if (run.settling) return run.settling;
    const { env } = this.#options;
    run.agent ??= await run.files.agent();
    await endProcesses(env, { marker: run.record.marker, leader: run.agent }, graceMs);
    await awaitSupervisor(env, run.supervisor);
    return this.settle(run);
  }

  /** Resolves when the run has come to its end and it is settled; at once when it is not here. */
  whenSettled(run: LiveRun): Promise<void> {
    if (this.get(run.record) !== run) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(run, [...(this.#waiting.get(run) ?? []), resolve]);
    });
  }

  /** Settles a run whose processes have ended. */
  settle(run: LiveRun): Promise<SettledRecord> {
    run.settling ??= this.#settle(run).catch((thrown) => {
      run.settling = null;
      throw thrown;
    });
    return run.settling;
  }

  /** Reports a settled end until it is acknowledged; then what is no longer needed is removed. */
  report(files: RunFiles, record: RunRecord, settled: SettledRecord): void {
    const { agent, epoch, incarnation } = record;
    const { code, signal, evidence, tail } = settled;
    const report: RunReport = { kind: 'exited', agent, epoch, incarnation, code, signal, evidence, tail };
    this.#options.reports.ended(report, async () => {
      await files.write('settled', { ...settled, acknowledged: true });
      await this.#tidy(record, evidence);
    });
  }

  /** Stops heartbeats and looking; resolves when no end is being settled any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const alarm of this.#alarms) alarm.cancel();
    this.#look?.cancel();
    for (const run of this.all()) run.beat?.cancel();
    await Promise.allSettled(this.all().map((run) => run.settling));
  }

  async #settle(run: LiveRun): Promise<SettledRecord> {
    const { record, files } = run;
    run.beat?.cancel();
    run.agent ??= await files.agent();
    await endProcesses(this.#options.env, { marker: record.marker, leader: run.agent }, 0);
    const { code, signal, failure } = (await files.exit()) ?? { code: null, signal: null, failure: undefined };
    const evidence = await this.#collect(record);
    const tail = failure ?? (await readPiece(files.directory, { maxBytes: tailBytesMax })).text;
    const settled: SettledRecord = { code, signal, evidence, tail, acknowledged: run.quiet };
    for (const name of ['prompt', 'handover'] as const) await rm(files.path(name), { force: true });
    await files.write('settled', settled);
    this.#runs.delete(keyOf(record));
    if (run.quiet) await this.#tidy(record, evidence);
    else this.report(files, record, settled);
    for (const resolve of this.#waiting.get(run) ?? []) resolve();
    this.#waiting.delete(run);
    return settled;
  }

  async #collect(record: RunRecord): Promise<Evidence | null> {
    try {
      return await this.#options.worktrees.collect(record);
    } catch (thrown) {
      const { agent, epoch, worktree } = record;
      const error = coerceError(thrown).message;
      this.#options.env.log('error', 'what a run left could not be saved; its worktree stays', {
        agent,
        epoch,
        worktree,
        error,
      });
      return null;
    }
  }

  /** Nobody waits for this settling: when it fails (a full disk), it is tried again. */
  #settleSoon(run: LiveRun): void {
    if (this.#closed) return;
    this.settle(run).catch((thrown) => {
      const { agent, epoch } = run.record;
      const error = coerceError(thrown).message;
      this.#options.env.log('error', 'the end of a run could not be settled; it is tried again', {
        agent,
        epoch,
        error,
      });
      this.#later(settleAgainMs, () => this.#settleSoon(run));
    });
  }

  #beat(run: LiveRun): void {
    const { env, reports } = this.#options;
    if (this.#closed || run.settling) return;
    const { agent, epoch, incarnation } = run.record;
    const at = env.clock.now();
    const end = outputEnd(run.files.directory);
    const active = end > run.outputEnd;
    run.outputEnd = end;
    if (this.isRunning(run)) reports.heartbeat({ kind: 'heartbeat', agent, epoch, incarnation, at, active });
    run.beat = env.clock.at(at + this.#heartbeatMs, () => this.#beat(run), { background: true });
  }

  #lookLater(): void {
    const { clock } = this.#options.env;
    if (this.#closed || this.#look !== null) return;
    this.#look = clock.at(clock.now() + lookEveryMs, () => this.#lookForEnds(), { background: true });
  }

  #lookForEnds(): void {
    this.#look = null;
    const adopted = this.all().filter((run) => run.child === null && run.settling === null);
    const ended = adopted.filter((run) => !isAlive(run.supervisor));
    for (const run of ended) this.#settleSoon(run);
    if (adopted.length > ended.length) this.#lookLater();
  }

  #later(afterMs: number, call: () => void): void {
    const { clock } = this.#options.env;
    const alarm = clock.at(
      clock.now() + afterMs,
      () => {
        this.#alarms.delete(alarm);
        call();
      },
      { background: true },
    );
    this.#alarms.add(alarm);
  }

  /** The worktree goes when its content is on the branch; the output of the newest runs stays. */
  async #tidy(record: RunRecord, evidence: Evidence | null): Promise<void> {
    if (evidence !== null) await this.#options.worktrees.remove(record);
    const all = await listRunFiles(this.#options.runsFolder);
    if (all.length <= endedRunsKept) return;
    const ended: { epoch: number; files: RunFiles }[] = [];
    for (const files of all) {
      const [run, settled] = [await files.run(), await files.settled()];
      if (run && settled?.acknowledged) ended.push({ epoch: run.epoch, files });
    }
    ended.sort((a, b) => b.epoch - a.epoch);
    for (const { files } of ended.slice(endedRunsKept)) await files.remove();
  }
}

function keyOf({ agent, epoch }: { agent: string; epoch: number }): string {
  return `${agent}-${epoch}`;
}
