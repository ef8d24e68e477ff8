/**
 * The feed for inspectors of other makers: which entities there are, and what each commit did to them.
 *
 * Invariants
 * - An entity is opened before its first step is told and closed after its last; steps come in the order of the log.
 * - At most `ACTORS_MAX` entities are open at a time: a large engine must not flood a viewer.
 * - What is told was committed; contexts are redacted and masked.
 */
import { type EngineEvent, type EntityRef, type JsonObject, type JsonValue, refText } from '../../core/types.ts';
import { xstateConfig } from '../../core/xstate-config.ts';
import type { EntityRow, LogRow } from '../../store/port.ts';
import { contextIn, said } from '../project/subject.ts';
import type { InspectorSource } from '../source.ts';
import { stateValue } from './state-value.ts';

/** Absent: every machine. `entity` alone decides when it is there. */
export type FeedFilter = { readonly machine?: string; readonly entity?: EntityRef };

/** An entity right after a commit. `config` is for XState 5's `createMachine`. */
export type FeedActor = {
  /** `machine/id`. */
  readonly ref: string;
  readonly machine: string;
  readonly id: string;
  readonly config: JsonObject;
  readonly rev: number;
  readonly value: JsonValue;
  readonly context: JsonObject;
  readonly status: 'active' | 'done' | 'error';
};
export type FeedEvent = { readonly event: EngineEvent; readonly by: string; readonly at: number };

export interface FeedListener {
  open(actor: FeedActor): void;
  step(actor: FeedActor, happened: FeedEvent): void;
  /** The event changed nothing. */
  refuse(actor: FeedActor, happened: FeedEvent): void;
  close(actor: FeedActor): void;
}

const ACTORS_MAX = 200;
/** How far back in the log the most recently active ones are looked for. */
const ROWS_MAX = 5_000;

/**
 * Opens the entities that were active last, at most 200, and tells of every commit to them. Those that are born later
 * are opened as long as there is room. Returns the end of it.
 */
export function startFeed(source: InspectorSource, filter: FeedFilter, listener: FeedListener): () => void {
  const feed = new Feed(source, filter, listener);
  const stop = source.watch((rows) => feed.tell(rows));
  feed.begin();
  return stop;
}

class Feed {
  private readonly opened = new Set<string>();
  private readonly configs = new Map<number, JsonObject>();

  constructor(
    private readonly source: InspectorSource,
    private readonly filter: FeedFilter,
    private readonly listener: FeedListener,
  ) {}

  begin(): void {
    for (const row of this.found().toReversed()) this.open(row);
  }

  tell(rows: readonly LogRow[]): void {
    rows.forEach((row, index) => {
      if (!this.wants(row.entity)) return;
      const entity = this.source.reads.entity(row.entity);
      if (entity === null) return;
      const later = rows
        .slice(index + 1)
        .filter((other) => isStep(other) && refText(other.entity) === refText(row.entity));
      this.tellRow(row, entity, later.length);
    });
  }

  private tellRow(row: LogRow, entity: EntityRow, later: number): void {
    const ref = refText(row.entity);
    const then = { ...entity, state: row.after, rev: entity.rev - later };
    if (!this.opened.has(ref)) {
      if (isBirth(row) && this.opened.size < ACTORS_MAX) this.open(then);
      return;
    }
    const status = later === 0 ? entity.status : 'active';
    const actor = this.actorOf({ ...then, status });
    const happened = { event: this.masked(row.event), by: row.by, at: row.at };
    if (isStep(row)) this.listener.step(actor, happened);
    else this.listener.refuse(actor, happened);
    if (status === 'active') return;
    this.opened.delete(ref);
    this.listener.close(actor);
  }

  /** The most recently active first. */
  private found(): readonly EntityRow[] {
    const { reads, machines } = this.source;
    const { entity, machine } = this.filter;
    const found = new Map<string, EntityRow>();
    const add = (row: EntityRow | null) => {
      if (row?.status === 'active' && this.wants(row.ref) && found.size < ACTORS_MAX) found.set(refText(row.ref), row);
    };
    if (entity !== undefined) {
      add(reads.entity(entity));
      return [...found.values()];
    }
    const filter = machine === undefined ? {} : { machine };
    for (const row of reads.log(filter, { limit: ROWS_MAX, order: 'desc' })) {
      if (!found.has(refText(row.entity))) add(reads.entity(row.entity));
    }
    for (const name of machine === undefined ? machines : [machine]) {
      for (const row of reads.entities({ machine: name }, { limit: ACTORS_MAX }).items) add(row);
    }
    return [...found.values()];
  }

  private wants({ machine, id }: EntityRef): boolean {
    const { entity } = this.filter;
    if (entity !== undefined) return entity.machine === machine && entity.id === id;
    return this.filter.machine === undefined || this.filter.machine === machine;
  }

  private open(row: EntityRow): void {
    this.opened.add(refText(row.ref));
    this.listener.open(this.actorOf(row));
  }

  private actorOf(row: EntityRow): FeedActor {
    const { machine, id } = row.ref;
    const description = this.source.descriptions.find((described) => described.machine === machine);
    const context = contextIn(row);
    const redacted = said(() => description?.redact?.(context) ?? context, {});
    return {
      ref: refText(row.ref),
      machine,
      id,
      config: this.configOf(row),
      rev: row.rev,
      value: stateValue(row.state),
      context: this.masked(redacted),
      status: row.status === 'quarantined' ? 'error' : row.status,
    };
  }

  /** Of the definition that wrote the entity, when it is still known. */
  private configOf({ definition, ref }: EntityRow): JsonObject {
    const known = this.configs.get(definition);
    if (known !== undefined) return known;
    const config = xstateConfig(this.source.definitionOf(definition) ?? this.source.definition(ref.machine));
    this.configs.set(definition, config);
    return config;
  }

  private masked<T extends object>(value: T): T {
    return JSON.parse(this.source.mask(JSON.stringify(value))) as T;
  }
}

function isBirth(row: LogRow): boolean {
  return row.before === '' && isStep(row);
}

function isStep(row: LogRow): boolean {
  return row.rejected === null;
}
