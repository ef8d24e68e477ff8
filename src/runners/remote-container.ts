/**
 * A container on another machine, or in another process: the port of containers, spoken over the line to a runner.
 *
 * Invariants
 * - C1 to C4 of the port, kept by the runner, which hosts the same container that a town embeds.
 * - C5 A start that the runner never fetched is refused; one that it fetched and did not answer is unknown.
 * - C6 What a run left is on the branch of its own attempt: of another branch, whatever it is, nothing is believed.
 */
import type { z } from 'zod';
import { checkIdentifier } from '../agents/git.ts';
import { checkRun } from '../agents/launch.ts';
import { beforeStart, toStartOutcome } from '../agents/outcome.ts';
import type {
  Container,
  Evidence,
  IsolationStatus,
  Readiness,
  RunProfile,
  RunReport,
  RunSpec,
  RunStatus,
  StartOutcome,
} from '../agents/port.ts';
import { attemptBranch } from '../agents/worktrees.ts';
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import type { Depot, DepotPlace } from './depot.ts';
import { type Line, Unfetched } from './line.ts';
import { type Order, type ResultOf, results } from './protocol.ts';

type RunName = { readonly agent: string; readonly epoch: number };

export type RemoteParts = {
  readonly env: Env;
  readonly line: Line;
  readonly depot: Depot;
  /** The repository that the runs of an agent work on; null when nobody knows. */
  readonly placeOf: (agent: string) => DepotPlace | null;
};

const againMs = 5_000;
const askMs = 10_000;
/** Beside its grace: for the runner to save what a run left, and to bring it home. */
const endMs = 60_000;
/** A runner may have to copy the repository first, and a probe has its own patience. */
const readinessMs = 2 * 60_000;
const startMs = 10 * 60_000;
const arrivalMs = 10 * 60_000;
/** So many ends are remembered: a merge asks after one right away. */
const endsMax = 1_000;
/** In its worst disguise it fits into the body of a request. */
const outputBytesMax = 128 * 1024;
const never = new AbortController().signal;

export class RemoteContainer implements Container {
  readonly id: string;
  readonly #parts: RemoteParts;
  readonly #ends = new Map<string, Evidence | null>();
  /** Its runner takes no more runs. */
  isDraining = false;
  #heartbeatMs = 30_000;
  #listener: ((report: RunReport) => Promise<void>) | null = null;

  constructor(parts: RemoteParts) {
    this.id = parts.line.id;
    this.#parts = parts;
  }

  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  isConnected(): boolean {
    return this.#parts.line.isConnected && !this.isDraining;
  }

  start(run: RunSpec, signal: AbortSignal): Promise<StartOutcome> {
    // What is known of an aborted start is known here: whether it was fetched.
    return toStartOutcome(() => this.#start(run, signal), never);
  }

  stop({ agent, epoch, graceMs }: RunName & { graceMs: number }): Promise<'stopped' | 'gone'> {
    return this.#ask({ kind: 'stop', agent, epoch, graceMs }, graceMs + endMs);
  }

  probe({ agent, epoch }: RunName): Promise<RunStatus> {
    return this.#ask({ kind: 'probe', agent, epoch });
  }

  list(): Promise<readonly RunName[]> {
    return this.#ask({ kind: 'list' });
  }

  health(): Promise<{ incarnation: string }> {
    return this.#ask({ kind: 'health' });
  }

  /** It can not be made from here: somebody starts it, and it comes. */
  async provision(): Promise<{ incarnation: string }> {
    if (this.isDraining) throw new Retryable(`runner ${this.id} takes no more runs: it ends`, againMs);
    await this.#parts.line.arrival(arrivalMs);
    return this.health();
  }

  async readiness(profile: RunProfile): Promise<Readiness> {
    const source = await this.#parts.depot.source(profile.repository, { bead: 'readiness', epoch: 1 });
    const away = { ...profile, repository: { ...profile.repository, path: '' } };
    return this.#ask({ kind: 'readiness', profile: away, source }, readinessMs);
  }

  isolation(): Promise<IsolationStatus> {
    return this.#ask({ kind: 'isolation' });
  }

  /** A runner that is away has let go already. */
  async release(): Promise<void> {
    if (this.#parts.line.isConnected) await this.#ask({ kind: 'release' });
  }

  setHeartbeat(everyMs: number): void {
    this.#heartbeatMs = everyMs;
    if (!this.#parts.line.isConnected) return;
    this.#ask({ kind: 'setHeartbeat', everyMs }).catch((thrown) => {
      this.#parts.env.log('debug', `runner ${this.id} keeps its heartbeat: ${coerceError(thrown).message}`);
    });
  }

  /** What came home speaks for itself: a merge waits for no runner that has done its part. */
  async finish({ agent, epoch, graceMs }: RunName & { graceMs: number }): Promise<Evidence | null> {
    const known = this.#ends.get(keyOf({ agent, epoch }));
    if (known !== undefined) return known;
    try {
      const left = await this.#ask({ kind: 'finish', agent, epoch, graceMs }, 2 * graceMs + endMs);
      return this.#believed({ agent, epoch }, left);
    } catch (thrown) {
      const home = await this.#atHome({ agent, epoch });
      if (home === null) throw thrown;
      return home;
    }
  }

  async readOutput({ agent, epoch }: RunName, range: { fromByte?: number; maxBytes: number }) {
    const { fromByte } = range;
    const maxBytes = Math.min(range.maxBytes, outputBytesMax);
    return this.#ask({ kind: 'readOutput', agent, epoch, maxBytes, ...(fromByte !== undefined && { fromByte }) });
  }

  onReport(listener: (report: RunReport) => Promise<void>): void {
    this.#listener = listener;
  }

  /** A report of the runner, told to the town; resolves when the town has it. */
  async report(report: RunReport): Promise<void> {
    if (this.#listener === null) throw new Retryable('the town does not listen yet', 0);
    if (report.kind !== 'exited') return this.#listener(report);
    const evidence = this.#believed(report, report.evidence);
    this.#remember(report, evidence);
    await this.#listener({ ...report, evidence });
  }

  async close(runs: 'keep' | 'stop'): Promise<void> {
    if (runs === 'stop' && this.#parts.line.isConnected) await this.#stopAll();
    this.#parts.line.close();
  }

  async #start(run: RunSpec, signal: AbortSignal): Promise<ResultOf<'start'>> {
    const { line, depot } = this.#parts;
    if (this.isDraining) throw new Refused('unavailable', `runner ${this.id} takes no more runs: it ends`);
    if (!line.isConnected) throw new Refused('unavailable', `runner ${this.id} is not connected`);
    checkRun(run);
    checkIdentifier(run.bead, 'bead');
    checkIdentifier(run.rig, 'rig');
    const source = await beforeStart(() => depot.source(run.repository, run));
    try {
      const away = { ...run, repository: { ...run.repository, path: '' } };
      const answer = await this.#ask({ kind: 'start', run: away, source }, startMs, signal);
      return answer.kind === 'accepted' ? { ...answer, branch: attemptBranch(run) } : answer;
    } catch (thrown) {
      if (thrown instanceof Unfetched || thrown instanceof Refused) throw thrown;
      // It was given out: nobody can say that it did not happen.
      return { kind: 'unknown', cause: coerceError(thrown).message };
    }
  }

  /** A runner that names the branch of somebody else would have that merged in the place of its own. */
  #believed({ agent, epoch }: RunName, evidence: Evidence | null): Evidence | null {
    if (evidence === null || isAttempt(evidence.branch, epoch)) return evidence;
    const what = `runner ${this.id} says that run ${epoch} of ${agent} left ${evidence.branch}`;
    this.#parts.env.log('warn', `${what}, which is no branch of that run: it counts as nothing`);
    return null;
  }

  async #atHome({ agent, epoch }: RunName): Promise<Evidence | null> {
    const { depot, placeOf } = this.#parts;
    const place = placeOf(agent);
    const found = place && (await depot.found(place, epoch));
    if (!place || !found) return null;
    return { ...found, commits: await depot.count(place, found), checkpointed: false };
  }

  async #stopAll(): Promise<void> {
    try {
      const runs = await this.list();
      await Promise.all(runs.map((run) => this.stop({ ...run, graceMs: askMs })));
    } catch (thrown) {
      this.#parts.env.log('warn', `runs of runner ${this.id} go on: ${coerceError(thrown).message}`);
    }
  }

  #remember(run: RunName, evidence: Evidence | null): void {
    this.#ends.set(keyOf(run), evidence);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > endsMax && oldest !== undefined) this.#ends.delete(oldest);
  }

  #ask<O extends Order>(order: O, withinMs = askMs, signal?: AbortSignal): Promise<ResultOf<O['kind']>> {
    const schema = results[order.kind] as unknown as z.ZodType<ResultOf<O['kind']>>;
    return this.#parts.line.ask({ order, schema, withinMs, signal });
  }
}

/** Epochs are unique in a town, so the name tells whose it is. */
function isAttempt(branch: string, epoch: number): boolean {
  const [kind, bead = '', number, ...rest] = branch.split('/');
  return kind === 'attempt' && bead !== '' && number === String(epoch) && rest.length === 0;
}

function keyOf({ agent, epoch }: RunName): string {
  return `${agent}#${epoch}`;
}
