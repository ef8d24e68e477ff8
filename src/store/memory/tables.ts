/**
 * The tables of the store in memory: plain maps of rows, each change of which can be taken back.
 */
import type { EntityRef, EpochMs, JsonValue, Seq, StateId } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { Journal } from '../journal.ts';
import type { EffectRow, EntityRow, LogRow, RecordRow, TimerRow } from '../port.ts';
import { entryOf, UndoList, UndoMap } from './undo.ts';

export type Place = {
  readonly state: StateId;
  readonly entity: number;
  readonly sinceAt: EpochMs;
  readonly sinceSeq: Seq;
  readonly scope: string | null;
  readonly rank: number;
};
export type Link = { readonly source: number; readonly kind: string; readonly target: number };
export type StoredEffect = EffectRow & { readonly index: number; readonly owner: number };
export type StoredTimer = TimerRow & { readonly owner: number };
export type StoredRecord = RecordRow & { readonly number: number; readonly about: readonly number[] };
export type StoredDefinition = { readonly machine: string; readonly hash: string; readonly settings: JsonValue };
export type StoredRequest = {
  readonly principal: string;
  readonly key: string;
  readonly hash: string;
  readonly response: JsonValue;
  readonly at: EpochMs;
};

export class Tables {
  /** Integer keys of references, in order of their first mention: ties are broken as in SQLite. */
  readonly keys: UndoMap<string, number>;
  readonly names: UndoList<EntityRef>;
  readonly entities: UndoMap<number, EntityRow>;
  readonly log: UndoList<LogRow>;
  readonly effects: UndoMap<string, StoredEffect>;
  /** Positions of the effects that are pending or inflight. */
  readonly live: UndoMap<string, number>;
  readonly records: UndoMap<string, StoredRecord>;
  readonly recordOrder: UndoList<string>;
  readonly definitions: UndoList<StoredDefinition>;
  readonly requests: UndoMap<string, StoredRequest>;
  readonly series: UndoMap<string, number>;
  readonly meta: UndoMap<string, JsonValue>;

  readonly #births = new Map<string, UndoList<number>>();
  readonly #places = new Map<string, UndoMap<number, Place>>();
  readonly #timers = new Map<number, UndoMap<string, StoredTimer>>();
  readonly #logs = new Map<number, UndoList<Seq>>();
  readonly #outboxes = new Map<number, UndoList<string>>();
  readonly #linksOut = new Map<number, UndoMap<string, Link>>();
  readonly #linksIn = new Map<number, UndoMap<string, Link>>();

  constructor(readonly journal: Journal) {
    this.keys = new UndoMap(journal);
    this.names = new UndoList(journal);
    this.entities = new UndoMap(journal);
    this.log = new UndoList(journal);
    this.effects = new UndoMap(journal);
    this.live = new UndoMap(journal);
    this.records = new UndoMap(journal);
    this.recordOrder = new UndoList(journal);
    this.definitions = new UndoList(journal);
    this.requests = new UndoMap(journal);
    this.series = new UndoMap(journal);
    this.meta = new UndoMap(journal);
  }

  keyOf(ref: EntityRef): number | undefined {
    return this.keys.get(refText(ref));
  }

  keyFor(ref: EntityRef): number {
    const known = this.keyOf(ref);
    if (known !== undefined) return known;
    this.names.push({ machine: ref.machine, id: ref.id });
    const key = this.names.items.length;
    this.keys.set(refText(ref), key);
    return key;
  }

  nameOf(key: number): EntityRef {
    return this.names.items[key - 1] as EntityRef;
  }

  entityOf(ref: EntityRef): EntityRow | undefined {
    const key = this.keyOf(ref);
    return key === undefined ? undefined : this.entities.get(key);
  }

  births(machine: string): UndoList<number> {
    return entryOf(this.#births, machine, () => new UndoList(this.journal));
  }

  /** Who is in a leaf state, by key. */
  placesIn(machine: string, state: StateId): UndoMap<number, Place> {
    return entryOf(this.#places, `${machine}/${state}`, () => new UndoMap(this.journal));
  }

  /** All leaf states that were ever entered, as `machine/state`. */
  leaves(): IterableIterator<[string, UndoMap<number, Place>]> {
    return this.#places.entries();
  }

  timersOf(key: number): UndoMap<string, StoredTimer> {
    return entryOf(this.#timers, key, () => new UndoMap(this.journal));
  }

  *allTimers(): IterableIterator<StoredTimer> {
    for (const timers of this.#timers.values()) yield* timers.values();
  }

  logOf(key: number): UndoList<Seq> {
    return entryOf(this.#logs, key, () => new UndoList(this.journal));
  }

  outboxOf(key: number): UndoList<string> {
    return entryOf(this.#outboxes, key, () => new UndoList(this.journal));
  }

  linksOut(key: number): UndoMap<string, Link> {
    return entryOf(this.#linksOut, key, () => new UndoMap(this.journal));
  }

  linksIn(key: number): UndoMap<string, Link> {
    return entryOf(this.#linksIn, key, () => new UndoMap(this.journal));
  }
}

/** A copy that later changes of the original do not reach, as JSON would store it. */
export function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
