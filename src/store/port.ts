/**
 * The port to the one writer's database. Two implementations, one contract suite: `sqlite` and `memory`.
 * What does not leak: SQL, prepared statements, connections, integer keys (an entity is named by its reference).
 *
 * Invariants
 * - ST1 `commit` is synchronous and all-or-nothing; work that returns a promise throws and changes nothing.
 * - ST2 `savepoint` undoes its own work alone when it throws.
 * - ST3 log rows are numbered 1, 2, 3, … without gaps, also after a rolled-back savepoint.
 * - ST4 a commit of a process that does not own the store throws and changes nothing.
 */
import type {
  EdgeId,
  EngineEvent,
  EntityRef,
  EpochMs,
  Index,
  JsonObject,
  JsonValue,
  Seq,
  StateId,
} from '../core/types.ts';

export type EntityRow = {
  readonly ref: EntityRef;
  /** Row of the definition (structure and settings) that wrote the snapshot. */
  readonly definition: number;
  readonly status: 'active' | 'done' | 'error' | 'quarantined';
  /** Leaf states joined by a space. */
  readonly state: string;
  /** The persisted snapshot, JSON text. */
  readonly snapshot: string;
  /** Number of accepted events, the birth included. */
  readonly rev: number;
  readonly scope: string | null;
  readonly rank: number;
  readonly labels: readonly string[];
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly createdSeq: Seq;
};

export type LogRow = {
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly entity: EntityRef;
  readonly event: EngineEvent;
  readonly by: string;
  readonly cause: Seq | null;
  /** Leaf states joined by a space; empty before the birth. */
  readonly before: string;
  readonly after: string;
  readonly taken: readonly string[];
  readonly definition: number;
  /** Why nothing happened; null when it did. */
  readonly rejected: string | null;
  /** What the person who sent it gave as the reason; absent without one. */
  readonly reason?: string;
};
export type NewLogRow = Omit<LogRow, 'seq'>;

export type TimerRow = {
  readonly entity: EntityRef;
  readonly id: string;
  readonly name: string;
  readonly dueAt: EpochMs;
  /** A later deadline that a lease extension promised; the timer is re-armed for it instead of firing. */
  readonly leaseUntil: EpochMs | null;
  readonly delayMs: number;
  readonly liveness: boolean;
  readonly event: EngineEvent;
  readonly setSeq: Seq;
};

export type EffectStatus = 'pending' | 'inflight' | 'done' | 'superseded' | 'dead';
export type EffectRow = {
  /** `machine/id#seq#index`: the idempotency key of the outside work. */
  readonly key: string;
  readonly entity: EntityRef;
  readonly seq: Seq;
  readonly type: string;
  readonly params: JsonValue;
  readonly scope: StateId | null;
  readonly status: EffectStatus;
  readonly attempt: number;
  readonly dueAt: EpochMs;
  /** The outcome's kind, or why it was superseded or died. */
  readonly note: string | null;
};

export type RecordRow = {
  readonly kind: string;
  readonly id: string;
  readonly at: EpochMs;
  readonly seq: Seq;
  readonly body: JsonObject;
};

/** All that one accepted event writes. The store numbers it and derives keys and `since` from the number. */
export type Change = {
  readonly entity: {
    readonly ref: EntityRef;
    /** 1 makes the row; otherwise the row must have `rev - 1`. */
    readonly rev: number;
    readonly definition: number;
    readonly status: EntityRow['status'];
    /** Null: the state did not change. */
    readonly state: string | null;
    /** Null: the snapshot did not change. */
    readonly snapshot: string | null;
    /** Undefined: not changed. */
    readonly index?: Index;
  };
  /** Leaf states. A re-entered leaf is in both. */
  readonly places: { readonly left: readonly StateId[]; readonly entered: readonly StateId[] };
  readonly timers: {
    /** True: all timers of the entity go first (it ended). */
    readonly clear: boolean;
    readonly cancel: readonly string[];
    readonly set: readonly Omit<TimerRow, 'entity' | 'leaseUntil' | 'setSeq'>[];
  };
  readonly effects: readonly { readonly type: string; readonly params: JsonValue; readonly scope: StateId | null }[];
  /** Pending and inflight effects of the entity with these scopes become superseded. */
  readonly supersede: readonly StateId[];
  readonly records: readonly {
    readonly kind: string;
    readonly id: string;
    readonly about: readonly EntityRef[];
    readonly body: JsonObject;
  }[];
  readonly log: NewLogRow;
};

export type Page = { readonly limit: number; readonly after?: string };
export type Paged<T> = {
  readonly items: readonly T[] /** The cursor of the next page; null at the end. */;
  readonly next: string | null;
};

export type EntityFilter = {
  readonly machine: string;
  /** A leaf state, or a compound one with everything below it. */
  readonly state?: string;
  readonly scope?: string;
  readonly label?: string;
};

export type LogFilter = {
  readonly entity?: EntityRef;
  readonly machine?: string;
  readonly rejected?: boolean;
  readonly type?: string;
  /** A part of who sent it. */
  readonly by?: string;
  /** A part of the entity's id, the event with its payload, the states, the reason or the rejection. */
  readonly text?: string;
  /** An edge that was taken. */
  readonly taken?: EdgeId;
};

/** `from` is exclusive in both directions; the default is the start (`asc`) or the end (`desc`). */
export type LogRange = {
  readonly from?: Seq;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** Positions that are looked at, from `from` on; all, or a bound of the store's own, when absent. */
  readonly window?: number;
};

/** One stay in a leaf state. */
export type Stay = { readonly ref: EntityRef; readonly sinceAt: EpochMs };

/** Rows of the log that are alike, counted: of one span of time, one machine, one event, one sender and one step. */
export type LogFigure = {
  /** The span's beginning: a multiple of its length. */
  readonly at: EpochMs;
  readonly machine: string;
  readonly type: string;
  readonly by: string;
  readonly isRejected: boolean;
  readonly before: string;
  readonly after: string;
  readonly count: number;
  /** How many of them name a cause, and how long after their causes they came, in sum. */
  readonly caused: number;
  readonly afterCauseMs: number;
};

/** Reads see the last commit, and inside a transaction its own writes. All lists are bounded and ordered. */
export interface Reads {
  entity(ref: EntityRef): EntityRow | null;
  /** Keyset pages in order of birth. */
  entities(filter: EntityFilter, page: Page): Paged<EntityRow>;
  /** Who is in a leaf state, by (rank, since): the order of a queue. Served by one index. */
  queue(query: { machine: string; state: StateId; scope?: string; limit: number }): readonly EntityRef[];
  /** How many are in each leaf state. */
  census(machine?: string): readonly { machine: string; state: StateId; count: number; oldestSince: EpochMs }[];
  /** Who is in a leaf state since when, in order of birth, without their rows. */
  stays(leaf: { machine: string; state: StateId }, page: Page): Paged<Stay>;
  places(ref: EntityRef): readonly { state: StateId; sinceAt: EpochMs; sinceSeq: Seq }[];
  /** Who links to the entity (`in`) or to whom it links (`out`). */
  links(ref: EntityRef, kind: string, direction: 'in' | 'out'): readonly EntityRef[];
  timers(filter: { entity?: EntityRef }, page: Page): Paged<TimerRow>;
  timersDue(now: EpochMs, limit: number): readonly TimerRow[];
  /** How many timers have a deadline from `from` (inclusive) to `to` (exclusive). */
  timerCount(from: EpochMs, to: EpochMs): number;
  /** One effect; null when there is none of that key, or it was pruned. */
  effect(key: string): EffectRow | null;
  /** How many effects have the status and are due up to `dueTo`, counted no further than `most`. */
  effectCount(status: EffectStatus, dueTo: EpochMs, most: number): number;
  /** `dueAfter`: of a status alone, those that are due later than that. */
  effects(filter: { entity?: EntityRef; status?: EffectStatus; dueAfter?: EpochMs }, page: Page): Paged<EffectRow>;
  effectsDue(now: EpochMs, limit: number): readonly EffectRow[];
  /**
   * The next instant at which a timer or a pending effect is due; null when nothing waits.
   * Effects that are due at `effectsAfter` or earlier do not count.
   */
  nextDueAt(effectsAfter?: EpochMs): EpochMs | null;
  log(filter: LogFilter, range: LogRange): readonly LogRow[];
  /** What the rows between two positions (exclusive) say, counted by spans of time. At most 100,000 positions. */
  logFigures(range: { above: Seq; below: Seq; spanMs: number }): readonly LogFigure[];
  /** How many rows of the entity lie below a position, counted no further than `most`. */
  logCount(entity: EntityRef, below: Seq, most: number): number;
  /** The rows that this row caused, in order of the log. */
  caused(seq: Seq, limit: number): readonly LogRow[];
  lastSeq(): Seq;
  /** The seals after `from`, in order: each closes the rows of one commit. A store in memory has none. */
  seals(from: Seq, limit: number): readonly { readonly seq: Seq; readonly seal: string }[];
  records(query: {
    kind: string;
    about?: EntityRef;
    id?: string;
    limit: number;
    order?: 'asc' | 'desc';
  }): readonly RecordRow[];
  definition(row: number): { readonly machine: string; readonly hash: string; readonly settings: JsonValue } | null;
  request(principal: string, key: string): { readonly hash: string; readonly response: JsonValue } | null;
  meta(name: string): JsonValue | null;
}

export interface Transaction extends Reads {
  savepoint<T>(work: () => T): T;
  /** How many writes were called so far: as long as it stays the same there is nothing to undo. */
  writes(): number;
  apply(change: Change): Seq;
  /** A log row alone: a rejected event, a sampled heartbeat. */
  note(row: NewLogRow): Seq;
  /** Lease: running timers of that name get `leaseUntil = at + delayMs`. No log row. Returns how many. */
  extend(ref: EntityRef, name: string, at: EpochMs): number;
  /** Moves a due timer to its lease instead of firing it. */
  rearm(ref: EntityRef, id: string, dueAt: EpochMs): void;
  /** Deletes the timer; false when it is not there any more (it was cancelled). */
  takeTimer(ref: EntityRef, id: string): boolean;
  /** Liveness timers due before `at + delayMs` are due then; for a restart or a clock jump. Returns how many. */
  regrant(at: EpochMs): number;
  /** pending → inflight; false when it is not pending any more. */
  claimEffect(key: string, attempt: number): boolean;
  settleEffect(key: string, status: 'done' | 'dead' | 'superseded', note: string | null): void;
  postponeEffect(key: string, dueAt: EpochMs): void;
  /** A pending or dead effect is due at that instant; false when it is neither any more. */
  retryEffect(key: string, dueAt: EpochMs): boolean;
  /** inflight → pending: after a crash, all of them. Returns how many. */
  reclaimEffects(): number;
  quarantine(ref: EntityRef, reason: string): void;
  /** The row of a definition, made when it is new. */
  defineMachine(definition: { machine: string; hash: string; settings: JsonValue }): number;
  /** The next number of a named series: 1, 2, 3, … never reused. */
  next(series: string): number;
  saveRequest(request: { principal: string; key: string; hash: string; response: JsonValue; at: EpochMs }): void;
  /** Deletes requests and settled effects older than `before`; bounded. Returns how many rows. */
  prune(before: EpochMs, limit: number): number;
  setMeta(name: string, value: JsonValue): void;
}

export interface Store {
  readonly read: Reads;
  commit<T>(work: (tx: Transaction) => T): T;
  /** Writes a consistent copy to a new file (0600); refuses an existing one. */
  backup(file: string): Promise<void>;
  /** Housekeeping when idle: checkpoint of the write-ahead log. */
  rest(): void;
  close(): void;
}
