/**
 * The port to a container: what hosts agents' processes. `local` runs them on this machine; a runner
 * speaks the same verbs over HTTP (src/runners). The only place where exceptions of a start are interpreted is
 * `outcome.ts`.
 *
 * Invariants
 * - C1 `start(run)` means "exactly this epoch of this agent runs": the same epoch again is `accepted` without a second
 *   process; a lower epoch is refused as stale; older epochs of the agent are stopped first.
 * - C2 `stop` leaves a tombstone: an epoch that was stopped never starts.
 * - C3 runs outlive the process that started them; `list` tells the truth after a restart of ours.
 * - C4 whatever ends a run is reported as one `exited` report, again and again until it is acknowledged.
 */
import type { EpochMs } from '../core/types.ts';
import type { IsolationMode } from './isolation-mode.ts';
import type { RunLimits } from './limits.ts';

/** Tri-state: "unknown" is not "no". */
export type StartOutcome =
  | {
      readonly kind: 'accepted';
      readonly incarnation: string;
      readonly branch: string;
      readonly alreadyRunning?: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly permanent: boolean;
      /** `rig`: what every run of the rig needs is not there; nobody is charged for it. */
      readonly scope?: 'rig' | undefined;
    }
  | { readonly kind: 'unknown'; readonly cause: string };

/** What a run is told. Secrets are references here; the driver resolves them at the last moment. */
export type RunSpec = {
  readonly town: string;
  readonly agent: string;
  readonly bead: string;
  readonly epoch: number;
  readonly rig: string;
  readonly title: string;
  /** The whole prompt. Goes by stdin, file or argument, as the command says; never through a shell. */
  readonly prompt: string;
  readonly repository: { readonly path: string; readonly targetBranch: string };
  readonly command: AgentCommand;
  /** Extra environment, plain values. */
  readonly env: Readonly<Record<string, string>>;
  /** Environment variable → secret reference, `env:NAME` or `file:path`. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly api: { readonly url: string; readonly token: string } | null;
  /** Branch of the previous attempt, where there is one. */
  readonly previousBranch: string | null;
  /** What it is told of the attempts before: the end of the prompt, and a file of its own. Null: nothing. */
  readonly handover?: string | null;
  readonly graceMs: number;
  /** Whether it runs in a box of its own; `auto` when absent. */
  readonly isolation?: IsolationMode | undefined;
  readonly limits?: RunLimits | undefined;
};

/** What has to be there before any run of a rig can start: its command, its secrets, its repository. */
export type RunProfile = Pick<
  RunSpec,
  'town' | 'rig' | 'repository' | 'command' | 'env' | 'secrets' | 'isolation' | 'limits'
>;

/** `permanent`: not before something is mended, which the reason says. */
export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly permanent: boolean; readonly reason: string };

/** Whether runs can be kept from the town's folder here, and why not. */
export type IsolationStatus = { readonly available: boolean; readonly reason: string | null };

export type AgentCommand = {
  /** Program and arguments; `{prompt}`, `{promptFile}`, `{bead}`, `{title}` are replaced inside an argument. */
  readonly argv: readonly string[];
  /** How the prompt gets there when no argument names it. */
  readonly promptBy: 'stdin' | 'argument' | 'file';
  /** Says by its exit code whether a run could begin: 0, 75 (later) or 78 (not as it is configured). */
  readonly probe?: readonly string[] | undefined;
  /** The program that `argv` drives: another file there is another profile. */
  readonly drives?: string | undefined;
};

/** What the orchestrator can find out by itself after a run: no claim of the agent's. */
export type Evidence = {
  readonly branch: string;
  readonly base: string;
  readonly head: string;
  /** Commits that this run added to the branch, a checkpoint of ours included. */
  readonly commits: number;
  /** Commits beyond the base that it began with, because it went on from an earlier attempt; absent: none. */
  readonly inherited?: number;
  /** True when the container committed what the agent left uncommitted. */
  readonly checkpointed: boolean;
};

export type RunReport =
  | {
      readonly kind: 'heartbeat';
      /** True when its output grew since the heartbeat before: a sign of progress. */
      readonly active?: boolean;
      readonly agent: string;
      readonly epoch: number;
      readonly incarnation: string;
      readonly at: EpochMs;
    }
  | {
      readonly kind: 'exited';
      readonly agent: string;
      readonly epoch: number;
      readonly incarnation: string;
      /** Null when it was ended by a signal or its exit was not seen. */
      readonly code: number | null;
      readonly signal: string | null;
      readonly evidence: Evidence | null;
      /** The end of its output, masked, at most 4 KiB. */
      readonly tail: string;
    };

export type RunStatus = 'running' | 'absent' | 'unknown';

/** What a rig names that has to be there before a run of it can start. */
export type RigPlan = {
  readonly path: string;
  readonly branch?: string;
  readonly argv: readonly string[];
  readonly test: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
};

export interface Container {
  readonly id: string;
  /**
   * Looks whether runs of a rig could start here; resolves with the plan, its path as it really is.
   * Rejects with Refused `invalid` and `details.problems`. Without it, the first start tells.
   */
  check?(plan: RigPlan): Promise<{ path: string }>;
  /**
   * Looks anew whether a run of a profile could begin, whatever was found before. Without it, the next start tells.
   * Never rejects but when it can not look.
   */
  readiness?(profile: RunProfile): Promise<Readiness>;
  /** Whether runs are kept from the town's folder; without it, nobody knows. */
  isolation?(): Promise<IsolationStatus>;
  /** Whether it can be reached now: nothing is placed where it can not. Without it, it always can. */
  isConnected?(): boolean;
  /** How often heartbeats are sent from now on, for runs that are under way too. */
  setHeartbeat?(everyMs: number): void;
  /** Never rejects past the adapter, never hangs past the signal. */
  start(run: RunSpec, signal: AbortSignal): Promise<StartOutcome>;
  /** TERM to all of the run, KILL after `graceMs`; resolves when nothing of it is left. */
  stop(run: { agent: string; epoch: number; graceMs: number }): Promise<'stopped' | 'gone'>;
  probe(run: { agent: string; epoch: number }): Promise<RunStatus>;
  /** Live runs. */
  list(): Promise<readonly { agent: string; epoch: number }[]>;
  /** Resolves with the incarnation: another id than before means that all runs of the earlier one are gone. */
  health(): Promise<{ incarnation: string }>;
  /** Makes it ready (again); resolves with its incarnation. */
  provision(): Promise<{ incarnation: string }>;
  /** Lets go of what it holds; `provision` makes it anew. Without it there is nothing to let go of. */
  release?(): Promise<void>;
  /** Waits for the run's end (at most `graceMs`, then ends it), saves what it left, and tells what there is. */
  finish(run: { agent: string; epoch: number; graceMs: number }): Promise<Evidence | null>;
  /** A piece of a run's output, masked: its end, or from an offset on. Null when nothing of the run is kept. */
  readOutput(
    run: { agent: string; epoch: number },
    range: { fromByte?: number; maxBytes: number },
  ): Promise<{ text: string; fromByte: number; nextByte: number; endByte: number } | null>;
  /** Subscribes the town. A report is repeated until the listener resolves. */
  onReport(listener: (report: RunReport) => Promise<void>): void;
  /** Stops reporting. Runs go on (`keep`) or end with their grace (`stop`). */
  close(runs: 'keep' | 'stop'): Promise<void>;
}

/**
 * The port to a repository's integration: one merge at a time, tests on the merge result, compare-and-set on the
 * branch.
 */
export type MergeOutcome =
  | { readonly kind: 'merged'; readonly commit: string }
  | { readonly kind: 'nothing' } // the branch adds no commit to the target
  | { readonly kind: 'conflict'; readonly files: readonly string[] }
  | { readonly kind: 'tests_failed'; readonly code: number | null; readonly tail: string }
  | { readonly kind: 'blocked'; readonly reason: string }; // a person's checkout is in the way: try again later

export type MergeRequest = {
  readonly rig: string;
  readonly bead: string;
  readonly title: string;
  readonly epoch: number;
  readonly repository: { readonly path: string; readonly targetBranch: string };
  readonly branch: string;
  /** The head that was seen when the run ended; another head is not merged. */
  readonly head: string;
  /** Test command run on the merge result; empty: none. */
  readonly test: readonly string[];
  readonly testTimeoutMs: number;
  /** As for runs: the tests run what agents wrote. */
  readonly isolation?: IsolationMode | undefined;
  readonly limits?: RunLimits | undefined;
};

/** What an attempt left in the repository of its rig. */
export type AttemptBranch = {
  readonly bead: string;
  readonly epoch: number;
  readonly branch: string;
  /** True when the target branch has all of it, or when there is nothing of it. */
  readonly isMerged: boolean;
  /** When its newest commit was made. */
  readonly at: EpochMs;
};

/** What the attempts before one left, for its agent to read. */
export type EarlierWork = {
  readonly branch: string;
  readonly head: string;
  /** Commits that the target branch does not have. */
  readonly commits: number;
  /** Commits of the target branch that it does not have. */
  readonly behind: number;
  /** As `git diff --stat` says it. */
  readonly stat: string;
  /** What was changed since it left the target branch, of text files, at most 6,000 characters. */
  readonly diff: string;
  /** There is more than `diff` shows. */
  readonly isCut: boolean;
  /** A commit with what its agent had not committed; null: none. */
  readonly uncommitted: string | null;
};

export type ForgottenAttempt = {
  readonly bead: string;
  readonly epoch: number;
  /** True: also what its agent left uncommitted beside its commits. */
  readonly withCheckpoint: boolean;
};

export interface Integrator {
  merge(request: MergeRequest, signal: AbortSignal): Promise<MergeOutcome>;
  /** After an unanswered merge: is the work in the target branch already? */
  merged(request: Omit<MergeRequest, 'test' | 'testTimeoutMs'>): Promise<{ commit: string } | null>;
  /**
   * Of the attempts before this one, what the newest left that left anything: the next one goes on from there. Null:
   * nothing that the target branch does not have.
   */
  earlier?(
    repository: MergeRequest['repository'],
    attempt: { readonly bead: string; readonly epoch: number },
  ): Promise<EarlierWork | null>;
  /** What attempts left in a repository; without it, nothing is ever removed there. */
  attempts?(repository: MergeRequest['repository']): Promise<readonly AttemptBranch[]>;
  /** Removes the branches of attempts. */
  forget?(repository: MergeRequest['repository'], attempts: readonly ForgottenAttempt[]): Promise<void>;
}
