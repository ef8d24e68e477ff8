/**
 * The vocabulary of the engine: references, envelopes, and the pure result of one step.
 * Nothing here names XState; what is stored or sent is made of these types only.
 */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** Milliseconds since 1970, always an integer. */
export type EpochMs = number;
/** The position of a row in the log: 1, 2, 3, … without gaps, one series for each store. */
export type Seq = number;
/** A dot-joined path of one active leaf state, `in_progress.running`. */
export type StateId = string;
/** One edge of a chart: `source -event[guard]-> target`, as `chart()` names it. */
export type EdgeId = string;

export type EntityRef = { readonly machine: string; readonly id: string };

/** An event as stored and sent: a type and JSON. Types that begin with `xstate.` or `effect.` are the engine's own. */
export type EngineEvent = { readonly type: string; readonly [key: string]: JsonValue | undefined };

/** An event with its address and its sender. */
export type Envelope = {
  readonly to: EntityRef;
  readonly event: EngineEvent;
  /** Who sent it: `operator`, `timer`, `outbox`, `light/kitchen` (a send of that entity). */
  readonly by: string;
  /** The log row that made this one happen. */
  readonly cause?: Seq | null;
  /** Why, in the words of the person who sends it: kept in the log row beside `by`. */
  readonly reason?: string | undefined;
};

/** The birth of an entity. The log row's event is `xstate.init`. */
export type Birth = {
  readonly to: EntityRef;
  readonly input: JsonValue;
  readonly by: string;
  readonly cause?: Seq | null;
};

/** A timer that a step sets. `dueAt = at + delayMs (± jitter)`. */
export type TimerSpec = {
  /** Unique inside the entity: setting it again replaces it. */
  readonly id: string;
  /** The delay's name in the machine, or its number as text. */
  readonly name: string;
  readonly delayMs: number;
  /** Fraction of the delay, 0.2 is ± 20 %: the engine adds it, from its own dice. */
  readonly jitter: number;
  /** True for deadlines that watch for life: granted anew after a clock jump or a restart. */
  readonly liveness: boolean;
  readonly event: EngineEvent;
};

/** Work outside that a step asks for. It becomes an outbox row with the key `machine/id#seq#index`. */
export type EffectSpec = {
  readonly type: string;
  readonly params: JsonValue;
  /** The state whose entry asked for it: left before the work begins, the row is dropped. Null: never dropped. */
  readonly scope: StateId | null;
};

/** A message to another entity, delivered in the same transaction. */
export type SendSpec = {
  readonly to: EntityRef | { readonly linked: string };
  readonly event: EngineEvent;
  /** True: when the receiver does not accept it, the whole transaction is refused. */
  readonly must: boolean;
};

/** A fact row that a step writes beside its snapshot; the same id merges into the row that is there. */
export type RecordSpec = {
  readonly kind: string;
  readonly id: string;
  /** Entities by which the row is found. */
  readonly about: readonly EntityRef[];
  readonly body: JsonObject;
};

/** What makes an entity findable without reading its JSON. */
export type Index = {
  /** A group that lists are filtered by (a rig). */
  readonly scope?: string | null;
  /** Sort key of queues: lower first. */
  readonly rank?: number;
  readonly labels?: readonly string[];
  /** Who this entity listens to: `publish` of the other end reaches it. */
  readonly links?: readonly { readonly kind: string; readonly to: EntityRef }[];
};

/** The pure result of taking one event: what changes, and what is wanted outside. It has run nothing. */
export type Step = {
  /** False: no transition was enabled, nothing below is set. */
  readonly accepted: boolean;
  /** False: accepted, but value and context are what they were (a lease extension, a mere effect). */
  readonly changed: boolean;
  /** Active leaf states before and after, in document order. */
  readonly before: readonly StateId[];
  readonly after: readonly StateId[];
  /** All states left and entered, compound ones too. A re-entered state is in both. */
  readonly left: readonly StateId[];
  readonly entered: readonly StateId[];
  readonly taken: readonly EdgeId[];
  readonly status: 'active' | 'done' | 'error';
  readonly timers: { readonly set: readonly TimerSpec[]; readonly cancel: readonly string[] };
  /** Names of delays whose running timers get a new lease of their full delay from now. */
  readonly extend: readonly string[];
  readonly effects: readonly EffectSpec[];
  /** Scopes whose waiting effects are dropped. */
  readonly supersede: readonly StateId[];
  readonly sends: readonly SendSpec[];
  readonly records: readonly RecordSpec[];
};

/** What a caller gets after the commit. */
export type Receipt = {
  readonly seq: Seq;
  readonly entity: EntityRef;
  readonly at: EpochMs;
  /** Leaf states joined by a space. */
  readonly state: string;
  /** True when an idempotency key was seen before and this is the stored answer. */
  readonly replayed?: boolean;
};

/** How outside work ended. Closed: a handler that returns anything else has not succeeded. */
export type EffectOutcome =
  | { readonly kind: 'succeeded'; readonly result?: JsonValue }
  | { readonly kind: 'refused'; readonly reason: string; readonly permanent: boolean; readonly details?: JsonValue }
  | { readonly kind: 'unanswered'; readonly cause: string };

export function refText(ref: EntityRef): string {
  return `${ref.machine}/${ref.id}`;
}

/** `light/kitchen` → `{ machine: 'light', id: 'kitchen' }`. The id may hold slashes, the machine's name may not. */
export function parseRef(text: string): EntityRef {
  const slash = text.indexOf('/');
  return slash < 0 ? { machine: text, id: '' } : { machine: text.slice(0, slash), id: text.slice(slash + 1) };
}
