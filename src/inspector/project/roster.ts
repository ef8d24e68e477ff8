/**
 * Titles and other keys that no index serves, in memory: what searching, sorting and layering go by. A machine's part
 * is read when it is asked for the first time, in slices between which the process does its work, and is kept current
 * by what is told after each commit.
 */

import { RecentMap } from '../../core/recent-map.ts';
import { type EntityRef, type EpochMs, parseRef, refText, type Seq, type StateId } from '../../core/types.ts';
import type { EntityRow } from '../../store/port.ts';
import type { InspectorSource } from '../source.ts';
import type { Machines } from './machine.ts';
import { paused, staysIn } from './stays.ts';
import { contextIn, said, sinceOf } from './subject.ts';

export type Entry = {
  readonly ref: EntityRef;
  readonly born: Seq;
  /** Row of the definition that wrote it last. */
  readonly definition: number;
  readonly states: readonly StateId[];
  readonly since: EpochMs;
  readonly title: string;
  readonly attempts: number;
  /** `machine/id` of what must be done before it. */
  readonly dependsOn: readonly string[];
};

/** Rows that are read before others get their turn: some milliseconds. */
const SLICE = 100;
/** Entities of one machine that are kept; those that are born later come on top. */
const ENTRIES_MAX = 100_000;
const TITLES_MAX = 5_000;

type Part = {
  readonly entries: Map<string, Entry>;
  readonly dirty: Set<string>;
  ready: Promise<void> | null;
  isRead: boolean;
};

export class Roster {
  readonly #source: InspectorSource;
  readonly #machines: Machines;
  readonly #parts = new Map<string, Part>();
  readonly #titles = new RecentMap<string>(TITLES_MAX);

  constructor(source: InspectorSource, machines: Machines) {
    this.#source = source;
    this.#machines = machines;
    source.watch((rows) => {
      for (const { entity, rejected } of rows) {
        if (rejected !== null) continue;
        this.#parts.get(entity.machine)?.dirty.add(entity.id);
        this.#titles.delete(entity.machine, entity.id);
      }
    });
  }

  /** All of a machine, by id, as they are now. */
  async of(machine: string): Promise<ReadonlyMap<string, Entry>> {
    const part = this.#partOf(machine);
    part.ready ??= this.#fill(machine, part);
    await part.ready;
    await this.#refresh(machine, part);
    return part.entries;
  }

  /** What is read so far; `isWhole` when that is all of it. Sets the reading going. */
  soFar(machine: string): { readonly entries: ReadonlyMap<string, Entry>; readonly isWhole: boolean } {
    const isWhole = this.peek(machine) !== null;
    const part = this.#partOf(machine);
    return { entries: part.entries, isWhole: isWhole && part.dirty.size === 0 };
  }

  /** The same without waiting; null while it is being read, which this sets going. */
  peek(machine: string): ReadonlyMap<string, Entry> | null {
    const part = this.#partOf(machine);
    // What could not be read is asked for again at the next look.
    if (!part.isRead || part.dirty.size > 0) void this.of(machine).catch(() => undefined);
    return part.isRead ? part.entries : null;
  }

  /** What the entity is called; its id when it was never born. */
  title(ref: EntityRef): string {
    const known = this.#titles.get(ref.machine, ref.id);
    if (known !== undefined) return known;
    const row = this.#source.reads.entity(ref);
    const title = row ? this.#entryOf(row).title : ref.id;
    this.#titles.set(ref.machine, ref.id, title);
    return title;
  }

  titleOf(ref: string): string {
    return this.title(parseRef(ref));
  }

  #partOf(machine: string): Part {
    const known = this.#parts.get(machine);
    if (known) return known;
    const part: Part = { entries: new Map(), dirty: new Set(), ready: null, isRead: false };
    this.#parts.set(machine, part);
    return part;
  }

  async #fill(machine: string, part: Part): Promise<void> {
    const { reads } = this.#source;
    try {
      const since = await this.#sinceOf(machine);
      for (let after: string | null | undefined; after !== null && part.entries.size < ENTRIES_MAX; ) {
        const page = reads.entities({ machine }, { limit: SLICE, ...(after !== undefined && { after }) });
        for (const row of page.items) part.entries.set(row.ref.id, this.#entryOf(row, since.get(row.ref.id)));
        after = page.next;
        await this.#pause();
      }
      part.isRead = true;
    } catch (thrown) {
      part.ready = null;
      throw thrown;
    }
  }

  /** The latest entry of each into one of its states: walked state by state, which costs less than one by one. */
  async #sinceOf(machine: string): Promise<ReadonlyMap<string, EpochMs>> {
    const { reads } = this.#source;
    const since = new Map<string, EpochMs>();
    for (const { state } of reads.census(machine)) {
      for await (const stays of staysIn(this.#source, { machine, state })) {
        for (const { ref, sinceAt } of stays) since.set(ref.id, Math.max(sinceAt, since.get(ref.id) ?? 0));
      }
    }
    return since;
  }

  async #refresh(machine: string, part: Part): Promise<void> {
    while (part.dirty.size > 0) {
      const ids = [...part.dirty].slice(0, SLICE);
      for (const id of ids) {
        part.dirty.delete(id);
        const row = this.#source.reads.entity({ machine, id });
        if (row) part.entries.set(id, this.#entryOf(row));
      }
      if (part.dirty.size > 0) await this.#pause();
    }
  }

  #entryOf(row: EntityRow, since: EpochMs = sinceOf(this.#source.reads, row)): Entry {
    const { description } = this.#machines.get(row.ref.machine);
    const subject = { ref: row.ref, state: row.state, since, context: contextIn(row) };
    return {
      ...{ ref: row.ref, born: row.createdSeq, definition: row.definition, states: row.state.split(' ') },
      since: subject.since,
      title: this.#source.mask(said(() => description.title?.(subject), undefined) || row.ref.id),
      attempts: said(() => description.attempts?.(subject)?.value, 0) ?? 0,
      dependsOn: said(() => description.dependencies?.(subject), []) ?? [],
    };
  }

  #pause(): Promise<void> {
    return paused(this.#source);
  }
}

/** `machine/id` of an entry. */
export function refOf(entry: Entry): string {
  return refText(entry.ref);
}
