/**
 * The vocabulary: every event that the town's charts know, by receiver. Facts are in the past tense or nouns
 * (`EXITED`, `HEARTBEAT`), commands in the imperative (`DISPATCH`). Outcomes of effects are `effect.<type>.<kind>`.
 */
import type { EntityRef, JsonObject, JsonValue } from '../src/core/types.ts';

/** What every event carries when a machine sees it: the engine's time. */
type Stamped = { at: number };

/** Why a failed run or start is charged as it is: `infra` feeds the breaker, `config` is permanent. */
export type FailureClass = 'infra' | 'agent' | 'work' | 'config';

export type Evidence = { branch: string; base: string; head: string; commits: number; checkpointed: boolean };

// Outcomes of effects ---------------------------------------------------------------------------------------------

type Outcome<TType extends string, TResult, TParams> =
  | (Stamped & { type: `effect.${TType}.succeeded`; result: TResult; params: TParams; key: string })
  | (Stamped & {
      type: `effect.${TType}.refused`;
      reason: string;
      permanent: boolean;
      details?: JsonValue;
      params: TParams;
      key: string;
    })
  | (Stamped & { type: `effect.${TType}.unanswered`; cause: string; params: TParams; key: string });

export type RunParams = { agent: string; epoch: number; bead: string; container: string };
export type MergeParams = {
  agent: string;
  bead: string;
  rig: string;
  epoch: number;
  branch: string;
  head: string | null;
};
export type MergeResult =
  | { kind: 'merged'; commit: string }
  | { kind: 'nothing' }
  | { kind: 'conflict'; files: string[] }
  | { kind: 'tests_failed'; code: number | null; tail: string }
  | { kind: 'blocked'; reason: string };

// The agent -------------------------------------------------------------------------------------------------------

export type AgentInput = { id: string; rig: string; role: 'polecat'; container: string };

export type AgentEvent =
  | (Stamped & AgentMessage)
  | Outcome<'startRun', { incarnation: string; branch: string }, RunParams>
  | Outcome<'probeRun', { status: 'running' | 'absent' | 'unknown' }, RunParams>
  | Outcome<'stopRun', { gone: boolean }, RunParams>;

export type AgentMessage =
  | { type: 'ASSIGN'; bead: string; epoch: number; probe: boolean; maxRunMs: number | null }
  | { type: 'HEARTBEAT'; epoch: number; incarnation?: string; active?: boolean }
  | { type: 'PROGRESS'; epoch: number; note?: string }
  | { type: 'USAGE'; epoch: number; tokens: number; costUsd: number }
  | { type: 'DONE'; epoch: number; summary?: string }
  | { type: 'FAILED'; epoch: number; class: 'transient' | 'work' | 'permanent' | 'needs_input'; reason: string }
  | {
      type: 'EXITED';
      epoch: number;
      code: number | null;
      signal: string | null;
      evidence: Evidence | null;
      tail: string;
      incarnation?: string;
    }
  | { type: 'FENCE'; epoch: number; cause: string }
  | { type: 'RELEASE'; bead: string }
  | { type: 'STOP'; reason?: string }
  | { type: 'RESET'; reason?: string }
  | { type: 'PAUSE'; reason?: string }
  | { type: 'RESUME'; reason?: string }
  | { type: 'CONFIG_CHANGED'; reason?: string }
  | { type: 'CONTAINER_DOWN'; container: string }
  | { type: 'CONTAINER_CLOSING'; container: string }
  | { type: 'CONTAINER_RENEWED'; container: string; incarnation: string }
  | { type: 'BREAKER_CLOSED' };

// The bead --------------------------------------------------------------------------------------------------------

export type BeadInput = {
  id: string;
  rig: string;
  title: string;
  body: string;
  priority: number;
  labels: string[];
  dependsOn: string[];
  /** The dependencies that are not closed at birth. */
  waitingFor: string[];
  /** The dependencies that are failed for good at birth. */
  failedDependencies: string[];
  limits: { attemptsMax?: number; runsMax?: number; maxRunMinutes?: number; budgetUsd?: number };
  held: boolean;
  /** False: done is closed, nothing is merged (no repository behind it). */
  merges: boolean;
};

export type BeadEvent =
  | (Stamped & BeadMessage)
  | Outcome<'merge', MergeResult, MergeParams>
  | Outcome<'probeMerge', { commit: string | null }, MergeParams>
  | Outcome<'abortMerge', { commit: string | null }, MergeParams>;

export type BeadMessage =
  | { type: 'DISPATCH'; agent: string; epoch: number; probe: boolean }
  | { type: 'RUN.STARTED'; agent: string; epoch: number }
  | { type: 'RUN.START_FAILED'; agent: string; epoch: number; reason: string; charged: boolean; hooked: boolean }
  | { type: 'RUN.REJECTED'; agent: string; epoch: number; reason: string }
  | { type: 'RUN.FAILED'; agent: string; epoch: number; reason: string; class: FailureClass }
  | { type: 'RUN.EVICTED'; agent: string; epoch: number; reason: string; began: boolean }
  | { type: 'RUN.STOPPED'; agent: string; epoch: number; reason: string }
  | { type: 'RUN.COMPLETED'; agent: string; epoch: number; branch: string; head: string | null; summary: string }
  | { type: 'RUN.IMPOSSIBLE'; agent: string; epoch: number; reason: string }
  | { type: 'RUN.NEEDS_INPUT'; agent: string; epoch: number; reason: string }
  | { type: 'SPENT'; epoch: number; costUsd: number }
  | { type: 'DEPENDENCY.CLOSED'; bead: string }
  | { type: 'DEPENDENCY.FAILED'; bead: string }
  | { type: 'DEPENDENCY.REOPENED'; bead: string }
  | { type: 'HOLD'; reason?: string }
  | { type: 'RELEASE'; reason?: string }
  | { type: 'CANCEL'; reason?: string }
  | { type: 'REOPEN'; reason?: string }
  | { type: 'RESET'; reason?: string }
  | { type: 'CONFIG_CHANGED'; reason?: string }
  | { type: 'CONTAINER_RENEWED'; reason?: string }
  | { type: 'BREAKER_CLOSED'; reason?: string };

// The container ---------------------------------------------------------------------------------------------------

export type ContainerInput = { id: string };

/** Wakes what rests until its cause is gone: beads in `failed.exhausted` and `open.blockedConfig`. */
export type HealParams = { event: 'CONTAINER_RENEWED' | 'BREAKER_CLOSED' | 'CONFIG_CHANGED'; rig: string | null };

export type ContainerEvent =
  | (Stamped & ContainerMessage)
  | Outcome<'provision', { incarnation: string }, { container: string }>
  | Outcome<'checkHealth', { incarnation: string }, { container: string }>
  | Outcome<'closeContainer', JsonObject, { container: string }>;

export type ContainerMessage =
  | { type: 'DEMAND' }
  | { type: 'PLACE'; epoch: number }
  | { type: 'VACATE'; epoch: number }
  | { type: 'REVIVED'; epoch: number }
  | { type: 'SEEN'; incarnation: string }
  | { type: 'DRAIN'; reason?: string }
  | { type: 'RESET'; reason?: string }
  | { type: 'CONFIG_CHANGED'; reason?: string };

// The breaker -----------------------------------------------------------------------------------------------------

export type BreakerInput = { id: string };

export type BreakerEvent = Stamped & BreakerMessage;

export type BreakerMessage =
  | { type: 'DISPATCHED'; epoch: number; probe: boolean }
  | { type: 'SUCCESS'; epoch: number }
  | { type: 'FAILURE'; epoch: number }
  | { type: 'ENDED'; epoch: number }
  | { type: 'SPENT'; costUsd: number }
  | { type: 'PAUSE'; reason?: string }
  | { type: 'RESUME'; reason?: string }
  | { type: 'RESET'; reason?: string };

// The town, the rig and the escalation ------------------------------------------------------------------------------

export type RigConfig = {
  path: string;
  branch: string;
  argv: string[];
  promptBy: 'stdin' | 'argument' | 'file';
  test: string[];
  /** False: the work stays on its branch, and done is closed. */
  merge: boolean;
  env: Record<string, string>;
  /** Environment variable → secret reference; never a value. */
  secrets: Record<string, string>;
  /** Whether runs and tests are kept from the town's folder; `auto` when absent: where the system lets it. */
  isolation?: 'auto' | 'required' | 'off' | undefined;
  /** What each of their processes may use; absent: no bound. */
  limits?: RigLimits | undefined;
};
export type RigLimits = {
  memoryMb?: number | undefined;
  processes?: number | undefined;
  cpuSeconds?: number | undefined;
  openFiles?: number | undefined;
  fileMb?: number | undefined;
};
export type TownInput = { name: string; policy: JsonObject };
export type TownEvent = Stamped & TownMessage;
export type TownMessage = { type: 'CONFIGURE'; policy: JsonObject };

export type RigInput = { id: string; config: RigConfig };

export type RigEvent = Stamped & RigMessage;
export type RigMessage =
  | { type: 'DISPATCHED'; epoch: number }
  | { type: 'CONFIGURE'; config: RigConfig }
  | { type: 'PAUSE'; reason?: string }
  | { type: 'RESUME'; reason?: string };

export type EscalationInput = { id: string };

export type EscalationEvent = Stamped & EscalationMessage;
export type EscalationMessage =
  | { type: 'RAISE'; subject: string; cause: string; message: string }
  | { type: 'ACKNOWLEDGE'; reason?: string }
  | { type: 'RESOLVE'; reason?: string };

/** Everything that one entity of the town may say to another. */
export type Message =
  | { to: EntityRef & { machine: 'agent' }; event: AgentMessage }
  | { to: EntityRef & { machine: 'bead' }; event: BeadMessage }
  | { to: EntityRef & { machine: 'container' }; event: ContainerMessage }
  | { to: EntityRef & { machine: 'breaker' }; event: BreakerMessage }
  | { to: EntityRef & { machine: 'town' }; event: TownMessage }
  | { to: EntityRef & { machine: 'rig' }; event: RigMessage }
  | { to: EntityRef & { machine: 'escalation' }; event: EscalationMessage };
