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
  /** Where the run was; null or absent: where its agent is. */
  container?: string | null;
};
export type MergeResult =
  | { kind: 'merged'; commit: string }
  | { kind: 'nothing' }
  | { kind: 'conflict'; files: string[] }
  | { kind: 'tests_failed'; code: number | null; tail: string }
  | { kind: 'blocked'; reason: string };

// The agent -------------------------------------------------------------------------------------------------------

export type AgentInput = {
  id: string;
  rig: string;
  role: 'polecat';
  /** Where its first run is looked for; empty: nowhere yet. */
  container: string;
  /** The one container that it runs in; null or absent: any. */
  pinned?: string | null;
};

export type AgentEvent =
  | (Stamped & AgentMessage)
  | Outcome<'startRun', { incarnation: string; branch: string }, RunParams>
  | Outcome<'probeRun', { status: 'running' | 'absent' | 'unknown' }, RunParams>
  | Outcome<'stopRun', { gone: boolean }, RunParams>;

export type AgentMessage =
  | {
      type: 'ASSIGN';
      bead: string;
      epoch: number;
      probe: boolean;
      maxRunMs: number | null;
      /** Where it is to run; absent in old logs: where its last run was. */
      container?: string;
      /** The labels of its rig: the container must have them all. */
      needs?: string[];
    }
  | { type: 'HEARTBEAT'; epoch: number; incarnation?: string; active?: boolean }
  | { type: 'PROGRESS'; epoch: number; note?: string }
  | { type: 'USAGE'; epoch: number; tokens: number; costUsd: number }
  | { type: 'DONE'; epoch: number; summary?: string }
  // `permanent`: the work can not be done as it is written; `config`: nothing can, as the rig is configured.
  | {
      type: 'FAILED';
      epoch: number;
      class: 'transient' | 'work' | 'permanent' | 'config' | 'needs_input';
      reason: string;
    }
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
  // What a person says to the run, and that it took it.
  | { type: 'MESSAGE'; text: string; id?: string; by?: string }
  | { type: 'MESSAGE_TAKEN'; epoch: number; id: string }
  // A person has the conversation, and gives it back.
  | { type: 'TAKE_OVER'; reason?: string }
  | { type: 'GIVE_BACK'; reason?: string }
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
  | {
      type: 'DISPATCH';
      agent: string;
      epoch: number;
      probe: boolean;
      container?: string;
      needs?: string[];
    }
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

/** Its place; before there was one, the embedded container's. */
export type ContainerInput = { id: string; labels?: string[]; slots?: number | null };

/** Wakes what rests until its cause is gone: beads in `failed.exhausted` and `open.blockedConfig`. */
export type HealParams = { event: 'CONTAINER_RENEWED' | 'BREAKER_CLOSED' | 'CONFIG_CHANGED'; rig: string | null };

export type ContainerEvent =
  | (Stamped & ContainerMessage)
  | Outcome<'provision', { incarnation: string }, { container: string }>
  | Outcome<'checkHealth', { incarnation: string }, { container: string }>
  | Outcome<'closeContainer', JsonObject, { container: string }>;

export type ContainerMessage =
  | { type: 'DEMAND' }
  /** `needs`: labels that the container must have; none when absent. */
  | { type: 'PLACE'; epoch: number; needs?: string[] }
  | { type: 'VACATE'; epoch: number }
  | { type: 'REVIVED'; epoch: number }
  | { type: 'SEEN'; incarnation: string }
  | { type: 'CONFIGURE'; labels: string[]; slots: number | null }
  | { type: 'DRAIN'; reason?: string }
  | { type: 'CLOSE'; reason?: string }
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
  /** A container must have all of them to host its runs; absent: any container may. */
  labels?: string[] | undefined;
  /** The agent runtime that is driven, in place of `argv`; what it does not say, the town's own does. */
  runtime?: RigRuntime | undefined;
};
/** How an agent runtime is used. No secret is in it: `key` says where it is kept, `env:NAME` or `file:/path`. */
export type RigRuntime = {
  driver?: 'kilo' | 'opencode' | 'acp' | 'claude' | 'codex' | undefined;
  /** The program and its first arguments, where it is not found by its name. */
  program?: string | undefined;
  /** As the gateway or the runtime names it. */
  model?: string | undefined;
  gateway?: { api?: 'openai-chat' | 'openai-responses' | 'anthropic' | 'kilo' | undefined; url: string } | undefined;
  key?: string | undefined;
  /** The runtime's own agent or mode. */
  mode?: string | undefined;
  permissions?: 'allow' | 'deny' | 'ask' | undefined;
  /** The longest time without a sign of life, and the same while a tool runs. */
  silenceMs?: number | undefined;
  toolMs?: number | undefined;
  continuations?: number | undefined;
  retries?: number | undefined;
  /** Merged over the configuration that is rendered for it. */
  settings?: JsonObject | undefined;
  /** Arguments added at the end. */
  args?: string[] | undefined;
};
export type RigLimits = {
  memoryMb?: number | undefined;
  processes?: number | undefined;
  cpuSeconds?: number | undefined;
  openFiles?: number | undefined;
  fileMb?: number | undefined;
};
export type TownInput = { name: string; policy: JsonObject; runtime?: RigRuntime | null };
export type TownEvent = Stamped & TownMessage;
/** `runtime`: for all rigs that drive one; null takes it away, absent leaves it as it is. */
export type TownMessage = { type: 'CONFIGURE'; policy: JsonObject; runtime?: RigRuntime | null };

export type RigInput = { id: string; config: RigConfig };

export type LookParams = { rig: string; container: string };
/** Whether a run could begin; `permanent`: not before something is mended. */
export type LookResult = { ready: true } | { ready: false; permanent: boolean; reason: string };

export type RigEvent = (Stamped & RigMessage) | Outcome<'lookAtRig', LookResult, LookParams>;
export type RigMessage =
  | { type: 'DISPATCHED'; epoch: number }
  /** A start was refused, by no fault of its bead and for every agent alike. */
  | { type: 'START_REFUSED'; epoch: number; container: string; reason: string; permanent: boolean }
  | { type: 'CONFIGURE'; config: RigConfig }
  | { type: 'CONFIG_CHANGED'; reason?: string }
  | { type: 'RESET'; reason?: string }
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
