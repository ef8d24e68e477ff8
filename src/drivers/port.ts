/**
 * The words between a town and the drivers of agent runtimes: how a runtime is used, what a run is asked for, what is
 * seen of it, and how it ends. The driver itself is in `driver.ts`.
 */
import type { EpochMs, JsonObject } from '../core/types.ts';

export type DriverName = 'command' | 'kilo' | 'opencode' | 'acp' | 'claude' | 'codex';

/**
 * Whose fault it is, by what to do next: `transient` tries the same again later, `permanent` needs another
 * configuration, `work` needs another attempt at the task or a person.
 */
export type Failure = 'transient' | 'permanent' | 'work';

export type Ended =
  | { readonly outcome: 'completed'; readonly tail: string }
  /** We were asked to stop. */
  | { readonly outcome: 'stopped'; readonly tail: string }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly reason: string; readonly tail: string };

/** What the charts understand of a runtime. */
export type DriverEvent =
  /** The conversation's id: give it to the next attempt, so that it goes on with what was said. */
  | { readonly kind: 'session'; readonly id: string }
  /** The runtime has taken the prompt. */
  | { readonly kind: 'accepted' }
  /** The agent was told these messages of a person's. */
  | { readonly kind: 'heard'; readonly ids: readonly string[] }
  /** A sign of work, in a few words. */
  | { readonly kind: 'progress'; readonly text: string }
  /** What this run has cost so far. `costUsd` is what the runtime believes. */
  | { readonly kind: 'usage'; readonly tokens: number; readonly costUsd: number }
  /** Nothing goes on until a person answers. */
  | { readonly kind: 'waiting'; readonly id: string; readonly question: string }
  /** The gateway slows us down; null: nobody said for how long. */
  | { readonly kind: 'throttled'; readonly untilMs: EpochMs | null; readonly reason: string }
  /** Whole lines of what the agent said or did. Not masked. */
  | { readonly kind: 'output'; readonly text: string }
  | ({ readonly kind: 'ended' } & Ended);

/** `openai` URLs end before `/chat/completions`, `anthropic` ones before `/v1/messages`, `kilo` ones before `/api`. */
export type GatewayApi = 'openai-chat' | 'openai-responses' | 'anthropic' | 'kilo';

export type Gateway = {
  readonly api: GatewayApi;
  readonly url: string;
  /** Secret. Null: the gateway is asked without one. */
  readonly key: string | null;
};

export type Limits = {
  /** Longest time without a sign of life of the session; then the turn is given up as a transient failure. */
  readonly silenceMs: number;
  /** The same while a tool of the agent's runs: tests and builds say nothing for long. At least `silenceMs`. */
  readonly toolMs: number;
  /** How often an agent that stops without being done is told to go on. */
  readonly continuationsMax: number;
  /** How often the runtime may repeat a call to its model. */
  readonly retriesMax: number;
};

/** How a runtime is used. Secrets are resolved: it lives in memory only, and is given anew for each run. */
export type Profile = {
  readonly driver: DriverName;
  /** The program and its first arguments. The native binary, not a launcher: a killed launcher orphans it. */
  readonly program: readonly string[];
  /** As the gateway names it, or `provider/model` where the runtime brings its own providers. Null: its default. */
  readonly model: string | null;
  readonly gateway: Gateway | null;
  /** The runtime's agent (kilo, opencode) or mode (acp). Null: its default. */
  readonly mode: string | null;
  /** Arguments added at the end. */
  readonly arguments: readonly string[];
  /** What is answered when the runtime asks whether it may. `ask` asks a person, where the runtime can wait. */
  readonly permissions: 'allow' | 'deny' | 'ask';
  /** Added to the runtime's environment; values may be secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Merged over the configuration that the driver renders (kilo, opencode). */
  readonly settings: JsonObject;
  readonly limits: Limits;
};

/** The town's MCP server, with this run's own token. */
export type McpEndpoint = { readonly url: string; readonly token: string };

export type RunRequest = {
  readonly profile: Profile;
  /** The worktree. */
  readonly directory: string;
  /** The agent's own home, absolute; what runtimes keep goes there. Keep it for the next attempt to resume. */
  readonly home: string;
  readonly title: string;
  readonly prompt: string;
  /** What an earlier attempt left: its conversation, and what to tell the agent about why it ended. */
  readonly earlier: {
    readonly session: string | null;
    readonly handover: string;
    /** What a conversation that goes on does not know yet; the handover when absent. */
    readonly news?: string;
  } | null;
  readonly mcp: McpEndpoint | null;
};

export type ReadinessCheck = 'program' | 'version' | 'gateway' | 'credential' | 'model' | 'settings';

export type Readiness =
  | { readonly ready: true; readonly version: string; readonly notes: readonly string[] }
  | {
      readonly ready: false;
      readonly check: ReadinessCheck;
      readonly failure: 'transient' | 'permanent';
      readonly reason: string;
      readonly remedy: string;
    };
