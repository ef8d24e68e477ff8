/**
 * The outside as a container: processes that live on when the town dies, and answers that a script decides.
 * What ends is reported until somebody takes it; heartbeats are lost when nobody listens.
 */
import type { Container, Evidence, Readiness, RunReport, RunSpec, RunStatus, StartOutcome } from '../agents/port.ts';
import { Refused, Retryable, Terminal } from '../core/errors.ts';
import type { EngineEvent } from '../core/types.ts';
import type { Clock } from '../env/env.ts';
import type { RunRule, Said, StartRule } from './format.ts';
import type { History, LifeOfRun } from './history.ts';
import { Rules } from './rules.ts';

const FIRST_BEAT_MS = 1_000;
const REPORT_AGAIN_MS = 1_000;
const RETRY_MS = 1_000;

export type Run = {
  readonly agent: string;
  readonly bead: string;
  readonly epoch: number;
  readonly begun: number;
  readonly incarnation: string;
  readonly rule: RunRule;
  commits: number;
  ended: number | null;
  isMuted: boolean;
};
type Epoch = { readonly agent: string; readonly epoch: number };

export type HostParts = {
  readonly clock: Clock;
  readonly history: History;
  /** Since the incident began. */
  readonly now: () => number;
  readonly heartbeatMs: () => number;
  /** Delivers each report twice. */
  readonly twice: boolean;
  /** What arrives at one instant arrives in the other order. */
  readonly reversed: boolean;
  /** What a process says by itself, through the API. */
  readonly say: (run: Run, event: EngineEvent) => void;
};

const never = () => new Promise<never>(() => undefined);
const lives: RunRule = { beats: true, active: false, stubborn: false };

export class Host implements Container {
  readonly id = 'local';
  readonly runs: Run[] = [];
  readonly startRules = new Rules<StartRule>({ answer: 'accepted', after: 0 });
  readonly runRules = new Rules<RunRule>(lives);
  healthAnswer: Said<'health'> = 'ok';
  provisionAnswer: Said<'provision'> = 'ok';
  releaseAnswer: Said<'release'> = 'ok';
  readinessAnswer: Said<'readiness'> = 'nobody';
  probeAnswer: Said<'probe'> = 'truth';
  stopAnswer: Said<'stops'> = 'ok';
  readonly #parts: HostParts;
  readonly #specs = new Map<number, RunSpec>();
  readonly #tombstones = new Set<number>();
  /** Starts that nobody has answered yet and that may begin: nobody can say whether they run. */
  readonly #onItsWay = new Set<number>();
  readonly #unheard: RunReport[] = [];
  #waiting: RunReport[] = [];
  #listener: ((report: RunReport) => Promise<void>) | null = null;
  #incarnation = 1;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  get incarnation(): string {
    return `incarnation-${this.#incarnation}`;
  }

  // The port --------------------------------------------------------------------------------------------------------

  async start(spec: RunSpec): Promise<StartOutcome> {
    const { agent, bead, epoch } = spec;
    if (!this.#specs.has(epoch)) {
      this.#specs.set(epoch, spec);
      this.#parts.history.starts.push({ at: this.#parts.now(), bead, agent, epoch, prompt: spec.prompt });
    }
    const accepted = { kind: 'accepted', incarnation: this.incarnation, branch: branchOf(spec) } as const;
    if (this.#find(spec)?.ended === null) return { ...accepted, alreadyRunning: true };
    if (this.#tombstones.has(epoch)) return { kind: 'refused', reason: `epoch ${epoch} was stopped`, permanent: false };
    const rule = this.startRules.answer(spec);
    if (rule.takes !== undefined) {
      this.#onItsWay.add(epoch);
      await this.#passes(rule.takes);
      this.#onItsWay.delete(epoch);
    }
    const reason = rule.reason ?? 'scripted';
    switch (rule.answer) {
      case 'accepted':
        this.#begin(spec);
        return accepted;
      case 'hollow':
        return accepted;
      case 'refused':
      case 'permanent':
        return { kind: 'refused', reason, permanent: rule.answer === 'permanent' };
      case 'unready':
        return { kind: 'refused', reason, permanent: false, scope: 'rig' };
      case 'false':
        return false as unknown as StartOutcome;
      case 'throws':
        throw Object.assign(new Refused('unavailable', reason), { code: 'ECONNREFUSED' });
      case 'unknown':
        return { kind: 'unknown', cause: reason };
      case 'late':
        this.#beginLate(spec, rule.after);
        return never();
      case 'never':
        return never();
    }
  }

  async readiness(): Promise<Readiness> {
    const answer = this.readinessAnswer;
    if (answer === 'never') return never();
    if (answer === 'nobody') throw new Refused('unavailable', 'nobody can look');
    if (answer === 'throws') throw new Retryable('nobody answers at the container', RETRY_MS);
    if (answer === 'ready') return { ready: true };
    return { ready: false, permanent: answer === 'permanent', reason: 'scripted' };
  }

  async stop(run: Epoch): Promise<'stopped' | 'gone'> {
    const { history, now } = this.#parts;
    const bead = this.#specs.get(run.epoch)?.bead ?? '';
    history.stops.push({ at: now(), bead, agent: run.agent, epoch: run.epoch });
    if (this.stopAnswer === 'never') return never();
    if (this.stopAnswer === 'throws') throw new Refused('unavailable', 'nobody answers at the container');
    this.#tombstones.add(run.epoch);
    const found = this.#find(run);
    if (found?.ended !== null) return 'gone';
    if (found.rule.stubborn) return never();
    this.exit(found, { code: null, signal: 'SIGTERM' });
    return 'stopped';
  }

  async probe(run: Epoch): Promise<RunStatus> {
    if (this.probeAnswer === 'throws') throw new Refused('unavailable', 'nobody answers at the container');
    if (this.probeAnswer === 'never') return never();
    if (this.probeAnswer !== 'truth') return this.probeAnswer;
    if (this.#onItsWay.has(run.epoch)) return 'unknown';
    return this.#find(run)?.ended === null ? 'running' : 'absent';
  }

  list = async () => this.runs.filter(({ ended }) => ended === null);

  async health(): Promise<{ incarnation: string }> {
    if (this.healthAnswer === 'never') return never();
    if (this.healthAnswer === 'miss') throw new Refused('unavailable', 'nobody answers at the container');
    return { incarnation: this.incarnation };
  }

  async provision(): Promise<{ incarnation: string }> {
    if (this.provisionAnswer === 'never') return never();
    if (this.provisionAnswer === 'ok') return { incarnation: this.incarnation };
    if (this.provisionAnswer === 'permanent') throw new Terminal('there is no such image');
    throw new Refused('unavailable', 'the container can not be made');
  }

  async release(): Promise<void> {
    if (this.releaseAnswer === 'never') return never();
    if (this.releaseAnswer === 'refused') throw new Refused('unavailable', 'nobody answers where the container was');
  }

  async finish(run: Epoch): Promise<Evidence | null> {
    const found = this.#find(run);
    if (!found) return null;
    this.exit(found, { code: 0, signal: null });
    return evidenceOf(found);
  }

  readOutput = async () => null;
  close = async () => undefined;

  onReport(listener: (report: RunReport) => Promise<void>): void {
    this.#listener = listener;
    for (const report of this.#unheard.splice(0)) this.#emit(report);
  }

  // What a script does ----------------------------------------------------------------------------------------------

  /** The town died: nobody listens. */
  unheard(): void {
    this.#listener = null;
  }

  /** Another incarnation: whatever ran in the one before is gone, without a word. */
  renew(): void {
    this.#incarnation += 1;
    for (const run of this.runs) run.ended ??= this.#parts.now();
  }

  beat({ agent, epoch }: Epoch, active = false): void {
    const incarnation = this.#find({ agent, epoch })?.incarnation ?? this.incarnation;
    const at = this.#parts.clock.now();
    this.#emit({ kind: 'heartbeat', agent, epoch, incarnation, at, ...(active && { active: true }) });
  }

  /** It ends, and says so. */
  exit(run: Run, ending: { code: number | null; signal: string | null }): void {
    if (run.ended !== null) return;
    run.ended = this.#parts.now();
    const { agent, epoch, incarnation } = run;
    this.#emit({ kind: 'exited', agent, epoch, incarnation, ...ending, evidence: evidenceOf(run), tail: '' });
  }

  vanish(run: Run): void {
    run.ended ??= this.#parts.now();
  }

  /** The run that a script means: `b1` is the latest of bead b1, `b1#2` the second. Null: it was never begun. */
  named(text: string): { agent: string; bead: string; epoch: number; run: Run | null } | null {
    const [bead = '', nth] = text.split('#');
    const of = [...this.#specs.values()].filter((spec) => spec.bead === bead);
    const spec = nth === undefined ? of.at(-1) : of[Number(nth) - 1];
    return spec ? { agent: spec.agent, bead, epoch: spec.epoch, run: this.#find(spec) ?? null } : null;
  }

  lives(): readonly LifeOfRun[] {
    return this.runs.map(({ agent, bead, epoch, begun, ended }) => ({ agent, bead, epoch, at: begun, ended }));
  }

  #find({ agent, epoch }: Epoch): Run | undefined {
    return this.runs.find((run) => run.agent === agent && run.epoch === epoch);
  }

  #passes(ms: number): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => void clock.at(clock.now() + ms, resolve));
  }

  #beginLate(spec: RunSpec, afterMs: number): void {
    if (this.#onItsWay.has(spec.epoch)) return;
    this.#onItsWay.add(spec.epoch);
    const { clock } = this.#parts;
    clock.at(clock.now() + afterMs, () => {
      this.#onItsWay.delete(spec.epoch);
      this.#begin(spec);
    });
  }

  #begin(spec: RunSpec): void {
    const { agent, bead, epoch } = spec;
    if (this.#tombstones.has(epoch) || this.#find(spec)) return;
    // An older run of the same agent is ended first.
    for (const older of this.runs) {
      if (older.agent === agent && older.ended === null) this.exit(older, { code: null, signal: 'SIGTERM' });
    }
    const { now } = this.#parts;
    const rule = this.runRules.answer(spec);
    const { incarnation } = this;
    const run: Run = { agent, bead, epoch, begun: now(), incarnation, rule, commits: 0, ended: null, isMuted: false };
    this.runs.push(run);
    const wakesMs = rule.wakes ?? FIRST_BEAT_MS;
    if (rule.beats) this.#beatAfter(run, wakesMs);
    this.#live(run, rule.wakes ?? 0);
  }

  /** What its rule says that it does, counted from `fromMs` on. */
  #live(run: Run, fromMs: number): void {
    const { clock, say } = this.#parts;
    const { exits, done, fails, mutes, costs } = run.rule;
    const later = (ms: number, then: () => void) =>
      clock.at(clock.now() + fromMs + ms, () => run.ended === null && then());
    const pay = () => {
      if (costs) say(run, { type: 'USAGE', costUsd: costs.usd, tokens: costs.tokens });
    };
    if (mutes) {
      later(mutes.after, () => {
        run.isMuted = true;
      });
    }
    if (exits) {
      later(exits.after, () => {
        pay();
        this.#leave(run, exits);
      });
    }
    if (done) {
      later(done.after, () => {
        pay();
        run.commits = done.commits;
        say(run, { type: 'DONE' });
      });
    }
    if (fails) {
      later(fails.after, () => {
        pay();
        say(run, { type: 'FAILED', class: fails.class, reason: fails.reason });
        this.#leave(run, { code: 1, commits: 0 });
      });
    }
  }

  #leave(run: Run, { code, commits }: { code: number; commits: number }): void {
    run.commits = commits;
    this.exit(run, { code, signal: null });
  }

  #beatAfter(run: Run, ms: number): void {
    const { clock, heartbeatMs } = this.#parts;
    clock.at(clock.now() + ms, () => {
      if (run.ended !== null) return;
      if (!run.isMuted) this.beat(run, run.rule.active);
      this.#beatAfter(run, heartbeatMs());
    });
  }

  #emit(report: RunReport): void {
    this.#waiting.push(report);
    if (this.#waiting.length === 1) this.#parts.clock.soon(() => this.#flush());
  }

  #flush(): void {
    const reports = this.#parts.reversed ? this.#waiting.reverse() : this.#waiting;
    this.#waiting = [];
    for (const report of reports) {
      this.#deliver(report);
      if (this.#parts.twice) this.#deliver(report);
    }
  }

  #deliver(report: RunReport): void {
    const listener = this.#listener;
    const keeps = report.kind === 'exited';
    if (keeps) this.#unheard.push(report);
    if (!listener) return;
    const forget = () => {
      const index = this.#unheard.indexOf(report);
      if (index >= 0) this.#unheard.splice(index, 1);
    };
    const { clock } = this.#parts;
    const again = () => {
      if (!keeps || this.#listener !== listener) return;
      forget();
      clock.at(clock.now() + REPORT_AGAIN_MS, () => this.#emit(report));
    };
    listener(report).then(forget, again);
  }
}

const branchOf = ({ bead, epoch }: { bead: string; epoch: number }) => `attempt/${bead}/${epoch}`;

/** A commit of an epoch, as an id. */
const commitOf = (epoch: number) => epoch.toString(16).padStart(40, '0');

function evidenceOf(run: Run): Evidence {
  const { epoch, commits } = run;
  return {
    branch: branchOf(run),
    base: commitOf(0),
    head: commitOf(commits > 0 ? epoch : 0),
    commits,
    checkpointed: false,
  };
}
