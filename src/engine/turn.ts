/**
 * One piece of work inside an open commit: what it reads and writes with, and what it leaves for after the commit.
 *
 * Invariants
 * - N1 what `undo` takes back is gone from memory too: rows that were to be told, entities that were cached.
 * - N2 rejections outlive `undo`: they are noted although the work was refused.
 */

import type { RecentMap } from '../core/recent-map.ts';
import { contextOf } from '../core/snapshot.ts';
import type { EngineEvent, EpochMs, JsonObject, Seq } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { Change, LogRow, NewLogRow, Transaction } from '../store/port.ts';
import type { Definitions } from './definitions.ts';
import { type Entity, findEntity } from './entity.ts';
import type { Limits } from './limits.ts';
import type { Sampled, Sampler } from './sampler.ts';

/** An entity that a piece of work changed, for invariants that are checked before the commit. */
export type Touched = {
  readonly ref: Entity['ref'];
  /** Leaf states joined by a space; empty: it was born. */
  readonly before: string;
  readonly after: string;
  readonly context: JsonObject;
};

/** What all turns share. */
export type Shared = {
  readonly env: Env;
  readonly limits: Limits;
  readonly definitions: Definitions;
  readonly cache: RecentMap<Entity>;
  /** Which rejections were noted lately. */
  readonly rejected: Sampler;
  /** Which lease extensions were noted lately. */
  readonly leases: Sampler;
};

/** An event that changed nothing: who sent it, what it came from, and why it was turned away. */
export type Rejection = {
  readonly by: string;
  readonly cause: Seq | null;
  readonly rejected: string;
  /** What the person who sent it gave as the reason. */
  readonly reason?: string | undefined;
};

type Trace = { readonly before: string; readonly entity: Entity };
type Sample = { readonly sampler: Sampler; readonly sampled: Sampled };

export class Turn {
  readonly rows: LogRow[] = [];
  readonly rejections: NewLogRow[] = [];
  /** The earliest instant at which something that was written is due. */
  dueAt: EpochMs | null = null;
  readonly #traces: Trace[] = [];
  readonly #samples: Sample[] = [];

  constructor(
    readonly shared: Shared,
    readonly tx: Transaction,
    readonly at: EpochMs,
  ) {}

  find(ref: Entity['ref']): Entity | null {
    const { definitions, cache } = this.shared;
    return findEntity({ reads: this.tx, definitions, cache }, ref);
  }

  /** Writes the change. When the row is not what memory says, memory is wrong: the entity is read anew next time. */
  apply(change: Change): Seq {
    try {
      return this.tx.apply(change);
    } catch (thrown) {
      const { machine, id } = change.entity.ref;
      this.shared.cache.delete(machine, id);
      throw thrown;
    }
  }

  /** Remembers an entity as it is after a write; one that has ended seldom hears of anything again. */
  keep(entity: Entity, before: string): void {
    const { machine, id } = entity.ref;
    if (entity.status === 'active') this.shared.cache.set(machine, id, entity);
    else this.shared.cache.delete(machine, id);
    this.#traces.push({ before, entity });
  }

  wake(dueAt: EpochMs): void {
    if (this.dueAt === null || dueAt < this.dueAt) this.dueAt = dueAt;
  }

  /** A log row alone, told of after the commit. */
  note(row: NewLogRow): Seq {
    const seq = this.tx.note(row);
    this.rows.push({ ...row, seq });
    return seq;
  }

  /** Work that is undone by itself when it throws. */
  nested<T>(work: () => T): T {
    const traces = this.#traces.length;
    const rows = this.rows.length;
    try {
      return this.tx.savepoint(work);
    } catch (thrown) {
      this.#forget(traces);
      this.rows.length = rows;
      throw thrown;
    }
  }

  /** The whole turn did not happen. */
  undo(): void {
    this.#forget(0);
    this.rows.length = 0;
  }

  /** An event that changed nothing, for the log: at most one a while for each entity and type of event. */
  reject(entity: Entity, event: EngineEvent, row: Rejection): void {
    const { rejected, limits } = this.shared;
    if (!this.samples(rejected, { event: event.type, entity: entity.text }, limits.rejectedSampleMs)) return;
    this.rejections.push({
      at: this.at,
      entity: entity.ref,
      event,
      by: row.by,
      cause: row.cause,
      before: entity.state,
      after: entity.state,
      taken: [],
      definition: entity.known.row,
      rejected: row.rejected,
      ...(row.reason !== undefined && { reason: row.reason }),
    });
  }

  /** Notes what was rejected, after the work is done or undone. */
  noteRejections(): void {
    for (const row of this.rejections) this.note(row);
  }

  /** True when it is to be said this time. */
  samples(sampler: Sampler, sampled: Sampled, everyMs: number): boolean {
    if (!sampler.due(sampled, this.at, everyMs)) return false;
    this.#samples.push({ sampler, sampled });
    return true;
  }

  /** What this turn was to say was not said: it is due again. */
  forgetSamples(): void {
    for (const { sampler, sampled } of this.#samples) sampler.forget(sampled);
  }

  get hasTouched(): boolean {
    return this.#traces.length > 0;
  }

  /** Each changed entity once, as it was before the turn and is now. */
  touched(): readonly Touched[] {
    const byText = new Map<string, Trace>();
    for (const { before, entity } of this.#traces) {
      byText.set(entity.text, { before: byText.get(entity.text)?.before ?? before, entity });
    }
    return [...byText.values()].map(({ before, entity }) => ({
      ref: entity.ref,
      before,
      after: entity.state,
      context: contextOf(entity.snapshot),
    }));
  }

  #forget(from: number): void {
    for (const { entity } of this.#traces.splice(from)) {
      this.shared.cache.delete(entity.ref.machine, entity.ref.id);
    }
  }
}
