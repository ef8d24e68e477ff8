/**
 * What the inspector's server tells its pages: the one set of types that both sides are written against.
 * Times are epoch milliseconds, durations milliseconds, entities `machine/id`. Every answer carries the log position
 * that it is true at. Nothing here knows what a town is: words, titles and facts come from the host's descriptions.
 */
import type { Chart } from '../core/chart.ts';
import type { EpochMs, JsonObject, JsonValue, Seq } from '../core/types.ts';

/** True at this position of the log, read at this time. `partial`: more is still being read; ask again in a moment. */
export type Stamped = { readonly seq: Seq; readonly now: EpochMs; readonly partial?: true };
/** `next` is the cursor of the next page; null at the end. */
export type Paged<T> = { readonly items: readonly T[]; readonly next: string | null };
export type Access = 'none' | 'read' | 'operate';

/** How urgent: colour and shape follow from it, and a word always stands beside. */
export type Tone = 'plain' | 'live' | 'ok' | 'warn' | 'danger' | 'time';

/** A fact on an entity's page. `age` ticks in the page from `at`; `ref` opens the entity. */
export type Fact =
  | { readonly label: string; readonly kind: 'text' | 'code'; readonly value: string; readonly tone?: Tone }
  | { readonly label: string; readonly kind: 'age' | 'until'; readonly at: EpochMs; readonly tone?: Tone }
  | { readonly label: string; readonly kind: 'ref'; readonly ref: string; readonly title: string }
  /** A counter with its cap, and the action that resets it when the state accepts one (S18). */
  | {
      readonly label: string;
      readonly kind: 'counter';
      readonly value: number;
      readonly max: number;
      readonly reset: string | null;
    };

/** An event that a person may send. Offered only where the state accepts it. */
export type ActionView = {
  readonly event: string;
  readonly label: string;
  /** One sentence: what it does. */
  readonly description: string;
  /** True: asks for confirmation. */
  readonly destroys: boolean;
  /** JSON Schema of the payload without `type`; null: it has none. */
  readonly payload: JsonObject | null;
};

/** One row of a list of entities: S1's grids, "who is here", search. */
export type EntityLine = {
  readonly ref: string;
  readonly machine: string;
  readonly id: string;
  readonly title: string;
  /** Active leaf states joined by a space. */
  readonly state: string;
  readonly since: EpochMs;
  readonly tone: Tone;
  /** A few words more, like the last status message or who works on it. */
  readonly note: string | null;
  /** Another entity worth a link: the agent of a bead, the bead of an agent. */
  readonly link: { readonly ref: string; readonly title: string } | null;
  /** What its next timer does and when. */
  readonly next: { readonly name: string; readonly dueAt: EpochMs } | null;
  /** Counter of attempts with its cap, when it has one. */
  readonly attempts: { readonly value: number; readonly max: number } | null;
};

/** Something that asks for a person. `why` is a sentence; `actions` are at most three legal events. */
export type NeedsYou = {
  readonly line: EntityLine;
  readonly why: string;
  readonly actions: readonly ActionView[];
};

export type StateCount = { readonly state: string; readonly count: number; readonly oldestSince: EpochMs };

export type MachineSummary = {
  readonly machine: string;
  readonly label: string;
  readonly plural: string;
  /** How the overview shows it. */
  readonly form: 'chart' | 'grid' | 'waves' | 'list';
  readonly total: number;
  readonly counts: readonly StateCount[];
  /** Leaf states tagged `attention`. */
  readonly attention: readonly string[];
};

/** The state of the whole that is worth a chip in the top bar: a breaker that is not closed. */
export type Chip = { readonly text: string; readonly tone: Tone; readonly ref: string };

export type OverviewView = Stamped & {
  readonly name: string;
  /** The word for the whole: "town". */
  readonly word: string;
  readonly access: Access;
  /** "All moving" or "4 things need you". */
  readonly sentence: string;
  readonly chips: readonly Chip[];
  readonly needsYou: Paged<NeedsYou> & { readonly total: number };
  readonly machines: readonly MachineSummary[];
  /** Lines of the machines of form `grid` and `list` that are worth a look, at most 100 each. */
  readonly grids: readonly { readonly machine: string; readonly lines: readonly EntityLine[]; readonly more: number }[];
  /** Layers by dependency of the machines of form `waves`: what can go now, what comes after it. */
  readonly waves: readonly {
    readonly machine: string;
    readonly waves: readonly { readonly lines: readonly EntityLine[]; readonly more: number }[];
    readonly done: number;
    readonly total: number;
  }[];
  readonly sparks: readonly Series[];
  readonly timersOverdue: number;
  readonly effectsStuck: number;
};

/** A drawn chart: coordinates of the whole picture in px at 100 %. Made by `layout/`, drawn by `draw/`. */
export type Layout = {
  readonly machine: string;
  readonly direction: 'down' | 'right';
  readonly collapsed: readonly string[];
  /** True for the first look at a big machine: names, counts and events; no guards, actions, entries and exits. */
  readonly brief: boolean;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly LayoutBox[];
  readonly lines: readonly LayoutLine[];
  /** The dots of initial states. */
  readonly dots: readonly { readonly parent: string; readonly x: number; readonly y: number }[];
};
export type LayoutBox = {
  readonly state: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** True: what is inside is not drawn, but for its leaf states, which are `rows`. */
  readonly collapsed: boolean;
  /** The leaf states of a collapsed box, in document order. Each has a place of its own for its count. */
  readonly rows: readonly LayoutRow[];
  /** Edge ids that begin and end in this box and are not drawn as lines: a taken one lights the box up. */
  readonly inside: readonly string[];
};
export type LayoutRow = {
  readonly state: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type LayoutLine = {
  /** The boxes that it leads from and to. `from` is null for the line of an initial dot. */
  readonly from: string | null;
  readonly to: string;
  /** Edge ids of the chart that it stands for: edges between two collapsed states share a line. Empty: initial. */
  readonly edges: readonly string[];
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null;
};

export type MachineView = Stamped & {
  readonly summary: MachineSummary;
  readonly chart: Chart;
  /** Null while it is not laid out, or can not be: show the outline. */
  readonly layouts: { readonly down: Layout | null; readonly right: Layout | null };
  /** Every definition that entities still stand on, the newest first. */
  readonly versions: readonly { readonly hash: string; readonly entities: number; readonly current: boolean }[];
};

/** Heat of each state over the last rows that were looked at. */
export type HeatView = Stamped & {
  readonly machine: string;
  readonly rows: number;
  readonly states: readonly {
    readonly state: string;
    readonly visits: number;
    readonly medianMs: number;
    readonly p90Ms: number;
    readonly failures: number;
  }[];
};

/** Who stands in a state (a leaf or a compound one). */
export type HereView = Stamped & {
  readonly machine: string;
  readonly state: string;
  readonly count: number;
  readonly medianMs: number;
  readonly oldestMs: number;
  readonly lines: Paged<EntityLine>;
  /** Events that some entity here accepts: for sending one to many. */
  readonly actions: readonly ActionView[];
};

export type FiringView = {
  readonly row: LogLine;
  readonly effects: readonly { readonly type: string; readonly status: string; readonly note: string | null }[];
};
/** The last times that an edge was taken, newest first, within the rows that were looked at. */
export type EdgeView = Stamped & {
  readonly machine: string;
  readonly edge: string;
  readonly firings: readonly FiringView[];
  readonly lookedBackTo: Seq;
};

export type TimerLine = {
  readonly ref: string;
  readonly title: string;
  readonly id: string;
  readonly name: string;
  readonly event: string;
  readonly dueAt: EpochMs;
  /** A lease moved the deadline here. */
  readonly leaseUntil: EpochMs | null;
  readonly delayMs: number;
  readonly setSeq: Seq;
  readonly overdue: boolean;
};
export type TimersView = Stamped & {
  readonly lines: Paged<TimerLine>;
  readonly overdue: number;
  readonly total: number;
  /** Timers due in each of the next 24 hours. */
  readonly density: readonly number[];
};

export type EffectLine = {
  readonly key: string;
  readonly ref: string;
  readonly title: string;
  readonly type: string;
  readonly status: 'pending' | 'inflight' | 'done' | 'superseded' | 'dead';
  readonly attempt: number;
  readonly dueAt: EpochMs;
  readonly note: string | null;
  readonly params: JsonValue;
};
export type OutboxGroup = 'running' | 'due' | 'waiting' | 'stuck' | 'settled';
export type OutboxView = Stamped & {
  readonly group: OutboxGroup;
  readonly counts: Readonly<Record<OutboxGroup, number>>;
  readonly lines: Paged<EffectLine>;
  /** Entities with attempts used up or cooling down: the reset button stands beside the count (S18). */
  readonly attempts: readonly {
    readonly line: EntityLine;
    readonly reset: ActionView | null;
    readonly reason: string | null;
  }[];
  /** "42 × container is starting": the same failure of many. */
  readonly reasons: readonly { readonly type: string; readonly note: string; readonly count: number }[];
};

export type LogLine = {
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly ref: string;
  readonly title: string;
  readonly event: string;
  readonly payload: JsonObject;
  readonly by: string;
  readonly cause: Seq | null;
  readonly before: string;
  readonly after: string;
  readonly taken: readonly string[];
  readonly rejected: string | null;
  /** The person's reason, when one was given. */
  readonly reason: string | null;
  readonly tone: Tone;
};
export type LogQuery = {
  readonly machine?: string;
  readonly entity?: string;
  readonly event?: string;
  readonly by?: string;
  readonly text?: string;
  readonly rejected?: boolean;
  /** Only rows of this time and before: a peak of the metrics leads here. */
  readonly until?: EpochMs;
};
/** Newest first. `next` goes on below; a search in text may stop early and say how far it looked. */
export type LogView = Stamped & { readonly lines: Paged<LogLine>; readonly lookedBackTo: Seq };
/** What a row set off: its descendants by `cause`, in order of the log. */
export type CauseTree = { readonly row: LogLine; readonly children: readonly CauseTree[] };

export type AttemptLine = {
  readonly number: number;
  readonly about: readonly { readonly ref: string; readonly title: string }[];
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  /** The last lines of output, masked. */
  readonly tail: string | null;
  readonly facts: readonly Fact[];
  readonly tone: Tone;
};

export type WhyView = {
  readonly answer: string;
  readonly conditions: readonly {
    readonly condition: string;
    readonly holds: boolean;
    readonly inputs: JsonObject;
    readonly nextAt: EpochMs | null;
    readonly waitsFor: string | null;
  }[];
};

export type EntityPage = Stamped & {
  readonly line: EntityLine;
  readonly access: Access;
  readonly status: 'active' | 'done' | 'error' | 'quarantined';
  readonly rev: number;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly definition: string;
  /** "AGENT.DONE, PR.CLOSED, or warn in 10 m 03 s": what can bring it on, in words. */
  readonly waitingFor: { readonly events: readonly string[]; readonly timers: readonly TimerLine[] };
  readonly lastTaken: readonly string[];
  readonly lastSeq: Seq;
  readonly context: JsonObject;
  readonly facts: readonly Fact[];
  readonly actions: readonly ActionView[];
  readonly attempts: readonly AttemptLine[];
  readonly why: WhyView | null;
  readonly links: readonly { readonly label: string; readonly line: EntityLine }[];
  readonly timers: readonly TimerLine[];
  readonly effects: readonly EffectLine[];
  /** The whole text of a bead, the output of a run: long texts, each with a heading, masked. Live: it grows. */
  readonly texts: readonly { readonly label: string; readonly text: string; readonly isLive?: boolean }[];
};

/** One row of an entity's timeline, oldest first. */
export type HistoryView = Stamped & {
  readonly ref: string;
  readonly rows: readonly LogLine[];
  /** Rows before the first one given; ask with `before`. */
  readonly earlier: number;
};

/** The entity right after row `at` of the log, by replay; with what was armed and wanted then. */
export type MomentView = {
  readonly ref: string;
  readonly at: Seq;
  readonly time: EpochMs;
  readonly state: string;
  /** False: the machine that wrote the rows is not known any more; the state is the log's, the rest is empty. */
  readonly exact: boolean;
  readonly context: JsonObject;
  readonly accepts: readonly string[];
  readonly taken: readonly string[];
  readonly timers: readonly { readonly name: string; readonly dueAt: EpochMs }[];
  readonly effects: readonly { readonly key: string; readonly type: string; readonly params: JsonValue }[];
};

/** A breaker: an entity that counts failures in a window. */
export type BreakerView = {
  readonly line: EntityLine;
  readonly closed: boolean;
  readonly reason: string | null;
  readonly failures: readonly { readonly at: EpochMs; readonly ref: string | null; readonly text: string }[];
  readonly max: number;
  readonly windowMs: number;
  /** Entities that it holds back now. */
  readonly holding: { readonly count: number; readonly machine: string; readonly state: string } | null;
  readonly actions: readonly ActionView[];
  readonly history: readonly LogLine[];
  readonly facts: readonly Fact[];
};
export type BreakersView = Stamped & { readonly breakers: readonly BreakerView[] };

/** Points of one line of a chart over time: [time, value], oldest first; null is a gap. */
export type Series = {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly (readonly [EpochMs, number | null])[];
};
export type MetricsView = Stamped & {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: number;
  readonly panels: readonly {
    readonly title: string;
    readonly description: string;
    readonly series: readonly Series[];
  }[];
  /** Time in each state: percentiles, by machine. */
  readonly dwell: readonly HeatView[];
};

export type SearchView = Stamped & {
  readonly query: string;
  readonly entities: readonly EntityLine[];
  readonly states: readonly { readonly machine: string; readonly state: string; readonly count: number }[];
  readonly events: readonly { readonly event: string; readonly machines: readonly string[] }[];
};

/** An error as `application/problem+json`. */
export type ProblemView = {
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly code: string;
};
