/**
 * What a town offers to its callers: HTTP, the command line and embedding programs all speak to this one surface.
 * Every change is an event to an entity; every view is a projection of the store.
 */

import type { Policy, PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import type { OutputPiece, OutputRange } from '../agents/output.ts';
import type { Container } from '../agents/port.ts';
import type { EngineEvent, EntityRef, EpochMs, JsonObject, JsonValue, Receipt, Seq } from '../core/types.ts';
import type { InspectorSource } from '../inspector/source.ts';
import type { EffectStatus, LogFilter, LogRow, Paged, TimerRow } from '../store/port.ts';
import type { Place } from './options.ts';

/** Who asks: shown in the log. `operator`, `operator:<name>`, or `agent/<id>#<epoch>`. */
export type Principal = string;

export type Idempotency = { readonly principal: Principal; readonly key: string; readonly hash: string };
export type SendOptions = {
  readonly by?: Principal;
  readonly idempotency?: Idempotency;
  /** Why, in a person's words: kept in the log row. */
  readonly reason?: string | undefined;
};

export type BeadInput = {
  readonly id?: string;
  readonly rig?: string;
  readonly title: string;
  readonly body?: string;
  readonly priority?: number;
  readonly labels?: readonly string[];
  readonly dependsOn?: readonly string[];
  readonly policy?: { attemptsMax?: number; runsMax?: number; maxRunMinutes?: number; budgetUsd?: number };
  readonly held?: boolean;
};

/** What every view of an entity has. `state` is the top-level state, `substate` the whole path of the active leaf. */
export type EntityView = {
  readonly ref: string;
  readonly machine: string;
  readonly id: string;
  readonly state: string;
  readonly substate: string;
  readonly since: EpochMs;
  readonly status: 'active' | 'done' | 'error' | 'quarantined';
  readonly rev: number;
  /** Event types that its state has transitions for; guards may still refuse. */
  readonly accepts: readonly string[];
  readonly context: JsonObject;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

export type AttemptView = {
  readonly epoch: number;
  readonly agent: string;
  readonly bead: string;
  readonly dispatchedAt: EpochMs | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly tail: string | null;
  readonly branch: string | null;
  /** Where it was placed. */
  readonly container: string | null;
  readonly tokens: number;
  readonly costUsd: number;
};

/**
 * `waiting`: its run has not taken it yet. `delivered`: the run took it. `undelivered`: the run ended before it did,
 * and the next run of the bead is told. `handed over`: a later run was told with its prompt.
 */
export type MessageState = 'waiting' | 'delivered' | 'undelivered' | 'handed over';

export type MessageView = {
  /** Of one agent's messages, this one. */
  readonly id: string;
  readonly agent: string;
  readonly bead: string;
  /** The run that it was said to. */
  readonly epoch: number;
  readonly text: string;
  readonly by: string;
  readonly at: EpochMs;
  readonly takenAt: EpochMs | null;
  readonly state: MessageState;
};

/** One condition between an entity and its next step. */
export type WhyCondition = {
  readonly condition: string;
  readonly holds: boolean;
  /** The facts that decide it. */
  readonly inputs: JsonObject;
  /** When it can change by itself; null: only by an event. */
  readonly nextAt: EpochMs | null;
  /** Who or what must act when it can not change by itself. */
  readonly waitsFor: string | null;
};
export type Why = {
  readonly entity: string;
  readonly state: string;
  readonly since: EpochMs;
  /** One sentence. */
  readonly answer: string;
  readonly conditions: readonly WhyCondition[];
};

export type EffectView = {
  readonly key: string;
  readonly entity: string;
  readonly type: string;
  readonly params: JsonValue;
  readonly status: EffectStatus;
  readonly attempt: number;
  readonly dueAt: EpochMs;
  readonly note: string | null;
};

export type ListQuery = {
  readonly state?: string;
  readonly rig?: string;
  readonly label?: string;
  readonly limit?: number;
  readonly after?: string;
};

/** What a container offers, and what it hosts. */
export type ContainerStatus = {
  readonly id: string;
  readonly state: string;
  readonly since: EpochMs;
  readonly labels: readonly string[];
  /** How many runs it hosts at a time; null: any number. */
  readonly slots: number | null;
  readonly runs: number;
  /** Whose runs. */
  readonly agents: readonly string[];
  readonly incarnation: string | null;
  /** Whether somebody who can be reached stands for it; null: nobody can say, because the town is closed. */
  readonly connected: boolean | null;
  readonly reason: string | null;
};

/** Whether the agents of a rig can start. */
export type RigStatus = {
  readonly id: string;
  readonly state: string;
  readonly since: EpochMs;
  /** Why not; null while they can. */
  readonly reason: string | null;
  /** What is driven, in a few words; null: a command of the rig's own. */
  readonly runtime: string | null;
  /** When it is looked at again by itself. */
  readonly nextLookAt: EpochMs | null;
};

export type TownStatus = {
  readonly name: string;
  readonly now: EpochMs;
  readonly seq: Seq;
  readonly breaker: { state: string; reason: string | null };
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly working: readonly { agent: string; bead: string; epoch: number; substate: string; since: EpochMs }[];
  readonly containers: readonly ContainerStatus[];
  readonly rigs: readonly RigStatus[];
  readonly escalations: readonly { id: string; subject: string; cause: string; message: string; since: EpochMs }[];
  readonly health: { ok: boolean; degraded: string | null };
  /** Whether runs are kept from the town's folder, and why not; null: their container does not say. */
  readonly isolation: { available: boolean; reason: string | null } | null;
};

/** A policy as a change made it; `replayed`: the answer to a request that was seen before. */
export type PolicyReceipt = { readonly policy: Policy; readonly replayed?: boolean };

export type VerifyReport = {
  readonly ok: boolean;
  readonly rows: number;
  readonly entities: number;
  /** Rows whose machine is not the one of this program: not judged. */
  readonly skipped: number;
  readonly problems: readonly { entity: string; seq: Seq | null; problem: string }[];
};

export type RunName = { readonly agent: string; readonly epoch: number };

export interface Town extends AsyncDisposable {
  readonly name: string;
  /** State directory: database, keys, runs, worktrees. */
  readonly directory: string;

  /** Sends an event to an entity. Refused: unknown_entity, not_accepted, stale_epoch, invalid, idempotency_mismatch. */
  send(ref: EntityRef, event: EngineEvent, options?: SendOptions): Promise<Receipt>;
  /**
   * Creates all beads or none, in one commit. Refused 'invalid' with the cycle or the unknown dependency;
   * 'already_exists'.
   */
  createBeads(beads: readonly BeadInput[], options?: SendOptions): Promise<readonly Receipt[]>;
  /** Refused `invalid`, with all that its container finds missing: the repository, a program, a secret. */
  addRig(id: string, config: RigConfig, options?: SendOptions): Promise<Receipt>;
  /** `container`: the one that it runs in; any that suits when absent. */
  addAgent(agent: { id: string; rig: string; container?: string }, options?: SendOptions): Promise<Receipt>;
  /**
   * Brings a container to the town, or brings it back: its entity is born, or told of another place, and runs are
   * placed there from now on. Who is there with the same id stands for it no more. Resolves when that is committed.
   * Refused `invalid` for an id, a label or slots that can not be.
   */
  host(container: Container, place: Place): Promise<void>;

  get(ref: EntityRef): EntityView | null;
  list(machine: string, query?: ListQuery): Paged<EntityView>;
  /** The bead's text. */
  brief(bead: string): string;
  attempts(about: EntityRef, limit?: number): readonly AttemptView[];
  /** The state right after the log row `seq`, by replay; null when it did not exist yet. */
  stateAt(ref: EntityRef, seq: Seq): { state: string; context: JsonObject } | null;
  why(ref: EntityRef): Why;
  status(): TownStatus;
  log(filter?: LogFilter, range?: { from?: Seq; limit?: number; order?: 'asc' | 'desc' }): readonly LogRow[];
  timers(query?: { entity?: EntityRef; limit?: number; after?: string }): Paged<TimerRow>;
  outbox(query?: { entity?: EntityRef; status?: EffectStatus; limit?: number; after?: string }): Paged<EffectView>;
  /** Calls after each commit with its log rows, in order. Returns the unsubscriber. */
  watch(listener: (rows: readonly LogRow[]) => void): () => void;

  policy(): Policy;
  /**
   * Validated as a whole; attempts are reset, because a setting changed (S14). Resolves after the commit with the
   * policy that it led to. Refused `invalid`, `idempotency_mismatch`.
   */
  patchPolicy(patch: PolicyPatch, options?: SendOptions): Promise<PolicyReceipt>;

  /** What rigs that drive an agent runtime have in common; null: nothing. */
  runtime(): RigRuntime | null;
  /** Replaces it as a whole; what waited for another setting goes on (S14). */
  setRuntime(runtime: RigRuntime | null, options?: SendOptions): Promise<Receipt>;

  /** The end of a run's output, masked. */
  output(agent: string, epoch: number, maxBytes?: number): Promise<string>;
  /**
   * A piece of a run's output, masked: its end, or from a byte on. Null when nothing of it is kept, or not yet.
   * Rejects when its container does not answer.
   */
  outputPiece(run: RunName, range: OutputRange): Promise<OutputPiece | null>;
  /** One run of an agent; null when there was none of that epoch. */
  run(run: RunName): AttemptView | null;
  /** What people said to an agent, or to the runs of a bead, newest first. */
  messages(about: EntityRef, limit?: number): readonly MessageView[];
  /** What a run was told and has not taken, oldest first. */
  inbox(run: RunName): readonly MessageView[];
  /** True when the token is the capability of that agent's epoch; compared in constant time. */
  isCapability(agent: string, epoch: number, token: string): boolean;
  /** True when the token is that of the runner with this id; compared in constant time. */
  isRunner(id: string, token: string): boolean;
  /** The town as a host of the inspector, to be mounted by whoever serves it. */
  inspection(): InspectorSource;
  /** Where agents reach the API; set by whoever serves it. */
  setApiUrl(url: string | null): void;

  verify(): VerifyReport;
  backup(file: string): Promise<void>;
  /** Resolves when nothing is open or in progress (all beads closed or failed for good); a test and CLI signal. */
  settled(): Promise<void>;
  /** Masks every known secret in a text. */
  mask(text: string): string;
}
