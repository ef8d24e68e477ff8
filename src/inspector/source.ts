/**
 * The port between the inspector and its host: what it reads, how it changes something, and what the host says of its
 * machines. An engine alone is a host (`engine-source.ts`); whatever it does not describe is read from the chart.
 */
import type { Definition } from '../core/define.ts';
import type { EngineEvent, EntityRef, Envelope, EpochMs, JsonObject, Receipt } from '../core/types.ts';
import type { Idempotency } from '../engine/idempotency.ts';
import type { Preview } from '../engine/preview.ts';
import type { Env } from '../env/env.ts';
import type { Feed } from '../http/event-stream.ts';
import type { LogRow, Reads } from '../store/port.ts';
import type { AttemptLine, Fact, Tone, WhyView } from './contract.ts';

export interface InspectorSource {
  /** What stands at the top of every page. */
  readonly name: string;
  /** The word for the whole: "town", "engine". */
  readonly word: string;
  readonly env: Env;
  readonly reads: Reads;
  /** In the order in which they are shown. */
  readonly machines: readonly string[];
  readonly descriptions: readonly MachineDescription[];
  /** The definition in use. Throws Refused `invalid` for an unknown machine. */
  definition(machine: string): Definition;
  /** The definition behind a row's number; null when it is not known any more. */
  definitionOf(row: number): Definition | null;
  /** Told of the log rows of each commit, after it. Returns the unsubscriber. */
  watch(listener: (rows: readonly LogRow[]) => void): () => void;
  /** Masks secrets in a text before it is shown. */
  mask(text: string): string;
  /** Null: nothing can be changed from here, as in a database that is only read. */
  readonly control: InspectorControl | null;
}

/** In whose name, why, and under which key a repetition gets the same answer. */
export type Order = {
  readonly by: string;
  readonly reason?: string | undefined;
  readonly idempotency?: Idempotency | undefined;
};

/** Every change is an event; all of these reject with Refused. */
export interface InspectorControl {
  preview(envelope: Envelope): Preview;
  send(to: EntityRef, event: EngineEvent, order: Order): Promise<Receipt>;
  fireTimer(entity: EntityRef, id: string, order: Order): Promise<Receipt>;
  retryEffect(key: string, order: Order): Promise<Receipt>;
  /** Keeps an answer under a key: a repetition gets the first one, also when it would be another one by now. */
  once<T extends object>(answer: T, idempotency: Idempotency): Promise<T>;
}

/** One entity as descriptions see it. */
export type Subject<TContext = JsonObject> = {
  readonly ref: EntityRef;
  /** Active leaf states joined by a space. */
  readonly state: string;
  readonly since: EpochMs;
  readonly context: TContext;
};

/** An event that a person may send; offered where the state accepts it. */
export type ActionDescription = {
  readonly event: string;
  readonly label: string;
  /** One sentence: what it does. */
  readonly description: string;
  /** True: asks for confirmation. */
  readonly destroys?: boolean;
  /** JSON Schema of the payload without `type`; absent: it has none. */
  readonly payload?: JsonObject;
  /** The payload's field that takes the person's reason too, for machines that keep it in their context. */
  readonly reasonField?: string;
  /** Leaf or compound states in which it is offered, of those that accept it; all when absent. */
  readonly states?: readonly string[];
};

/** What counts failures in a window and holds work back. */
export type BreakerFacts = {
  readonly closed: boolean;
  readonly reason: string | null;
  readonly failures: readonly { readonly at: EpochMs; readonly ref: string | null; readonly text: string }[];
  readonly max: number;
  readonly windowMs: number;
  /** Where those wait that it holds back: counted by the inspector. */
  readonly holds: { readonly machine: string; readonly state: string } | null;
};

/** A text that is watched: each event holds a piece as `{ text }`, and the last one `{ end }`. */
export type GrowingText = {
  /** The heading of the text that it goes on. */
  readonly label: string;
  /** From a position on, which is the id of an event that was seen; null: from its last part on. */
  open(from: number | null, onNews: () => void): Feed;
};

/** What a host says of one machine. Everything but `machine` may be left out. */
export type MachineDescription = {
  readonly machine: string;
  /** "Light", and "Lights". */
  readonly label?: string;
  readonly plural?: string;
  /** How the overview shows it: as its chart when absent. */
  readonly form?: 'chart' | 'grid' | 'waves' | 'list';
  /** What an entity is called; its id when absent. */
  title?(subject: Subject): string;
  /** Null: as its state and its tags have it. */
  tone?(subject: Subject): Tone | null;
  /** A few words more on its line. */
  note?(subject: Subject): string | null;
  /** Another entity worth a link on its line, as `machine/id`. */
  link?(subject: Subject): string | null;
  /** A counter of attempts with its cap, and the event that resets it. */
  attempts?(subject: Subject): { readonly value: number; readonly max: number } | null;
  readonly resetEvent?: string;
  /** A fact of kind `ref` with an empty title gets the title of its entity. */
  facts?(subject: Subject): readonly Fact[];
  /** Its runs or tries, newest first. Empty titles are filled in. */
  history?(subject: Subject): readonly AttemptLine[];
  why?(subject: Subject): WhyView | null;
  /** Long texts, each with a heading. */
  texts?(subject: Subject): Promise<readonly { readonly label: string; readonly text: string }[]>;
  /** The one of its long texts that grows while somebody watches it; null: none does now. */
  growing?(subject: Subject): GrowingText | null;
  /** Related entities, as `machine/id`. */
  links?(subject: Subject): readonly { readonly label: string; readonly ref: string }[];
  /** What may be sent. Absent: every event that the state accepts. */
  readonly actions?: readonly ActionDescription[];
  /** Why an entity in a state tagged `attention` asks for a person; null: it does not. */
  attention?(subject: Subject): string | null;
  /** The events that help then, the likeliest first; absent: the first that it accepts. */
  remedies?(subject: Subject): readonly string[];
  /** The entity that this one speaks of: when that asks for a person itself, this one is not listed beside it. */
  about?(subject: Subject): string | null;
  /** Absent: it is no breaker. */
  breaker?(subject: Subject): BreakerFacts;
  /** Entities that must be done before this one, as `machine/id`: for waves. */
  dependencies?(subject: Subject): readonly string[];
  /** True for a state that nothing follows: for waves. Absent: final states. */
  settled?(state: string): boolean;
  /** True for a state that is worth a line in the overview's grid or list. Absent: all but final ones. */
  shown?(state: string): boolean;
  /** Takes out what must not be shown. */
  redact?(context: JsonObject): JsonObject;
};
