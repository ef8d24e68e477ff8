/**
 * The composition of the real machines: one event from outside and all that it makes entities say to one another,
 * first in, first out, in one step, exactly as `src/engine/deliver.ts` does it.
 *
 * A product state is a row of local states, one column for each entity of the scene.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { ContainerContext } from '../../machines/container.ts';
import { Bug } from '../core/errors.ts';
import { contextOf } from '../core/snapshot.ts';
import { type EntityRef, refText } from '../core/types.ts';
import type { EventId, LocalId, Locals, Stepped } from './locals.ts';
import type { Move } from './moves.ts';
import {
  ANOTHER,
  agentEpoch,
  beadEpoch,
  CURRENT,
  EARLIER,
  epochsIn,
  LEAKED_EPOCH,
  NEW_EPOCH,
  type Renaming,
} from './renaming.ts';
import { agentId, beadId, type Role, rolesOf, type Scene } from './scene.ts';

export type Row = Int32Array;

/** One entity's part of a step, for stories; the one before it is part of the same step. */
export type Hop = {
  readonly column: number;
  readonly event: EventId;
  readonly from: LocalId;
  readonly to: LocalId;
  readonly before: Hop | null;
};

/** What may come of one move. */
export type Outcome = {
  readonly row: Row;
  readonly marks: number;
  readonly flaw: string | null;
  /** The last of its hops; null when nobody heard anything. */
  readonly last: Hop | null;
};

/** The hops of an outcome, first to last. */
export function hopsOf({ last }: Outcome): readonly Hop[] {
  const hops: Hop[] = [];
  for (let hop = last; hop; hop = hop.before) hops.unshift(hop);
  return hops;
}

type Message = { readonly column: number; readonly event: EventId; readonly must: boolean };
type Walk = {
  readonly row: Row;
  readonly queue: readonly Message[];
  readonly position: number;
  readonly marks: number;
  readonly flaw: string | null;
  readonly last: Hop | null;
};

/** More messages than any transaction of the town has. */
const MESSAGES_MAX = 200;

export class Composition {
  readonly roles: readonly Role[];
  readonly agents: readonly number[];
  readonly beads: readonly number[];
  readonly containers: readonly number[];
  readonly #locals: Locals;
  readonly #columns: ReadonlyMap<string, number>;
  /** The links of local states, as `kind machine/id`. */
  readonly #links = new Map<LocalId, readonly string[]>();
  readonly #messages = new Map<Stepped, readonly Message[]>();
  readonly #permutations: readonly Permutation[];
  readonly #renamings = new Map<string, Renaming>();

  constructor(locals: Locals, scene: Scene) {
    this.#locals = locals;
    this.roles = rolesOf(scene);
    this.#columns = new Map(this.roles.map(({ ref }, column) => [refText(ref), column]));
    const columnsOf = (machine: string) =>
      this.roles.flatMap(({ ref }, column) => (ref.machine === machine ? [column] : []));
    this.agents = columnsOf('agent');
    this.beads = columnsOf('bead');
    this.containers = columnsOf('container');
    this.#permutations = permutationsOf(scene, this.agents, this.beads);
  }

  first(): Row {
    const row = Int32Array.from(this.roles.map(({ ref, input }) => this.#locals.born(ref.machine, ref.id, input)));
    return this.canonical(row);
  }

  /** Who hears what is published there: links move with what they are about. */
  #linked(row: Row, link: string): readonly number[] {
    const columns: number[] = [];
    for (let column = 0; column < row.length; column += 1) {
      if (this.#linksOf(row[column] as LocalId).includes(link)) columns.push(column);
    }
    return columns;
  }

  #linksOf(id: LocalId): readonly string[] {
    const known = this.#links.get(id);
    if (known) return known;
    const local = this.#locals.get(id);
    const { links = [] } = this.#locals.definitionOf(local.machine).options.index?.(contextOf(local.snapshot)) ?? {};
    const told = links.map(({ kind, to }) => `${kind} ${refText(to)}`);
    this.#links.set(id, told);
    return told;
  }

  /** All that one move may lead to; none when it is refused. */
  outcomes(row: Row, { column, base, event }: Move): readonly Outcome[] {
    const found: Outcome[] = [];
    let isHeard = false;
    for (const stepped of this.#locals.step(base, event)) {
      if (!stepped) continue;
      isHeard = true;
      const next = row.slice();
      next[column] = stepped.next;
      const { marks, flaw, sends } = stepped;
      const last = { column, event, from: base, to: stepped.next, before: null };
      if (sends.length === 0) found.push({ row: this.#tidied(next), marks, flaw, last });
      else
        this.#walk({ row: next, queue: this.#addressed(next, column, stepped), position: 0, marks, flaw, last }, found);
    }
    // A timer has fired and an effect was answered, whether or not anybody cares.
    if (!isHeard && row[column] !== base) {
      const next = row.slice();
      next[column] = base;
      found.push({ row: this.#tidied(next), marks: 0, flaw: null, last: null });
    }
    return found;
  }

  /** Walks the queue to its end. The row is the walk's own; where there are several answers, each goes on alone. */
  #walk(walk: Walk, found: Outcome[]): void {
    const { row } = walk;
    let { queue, marks, flaw, last } = walk;
    for (let { position } = walk; position < queue.length; position += 1) {
      const { column, event, must } = queue[position] as Message;
      const from = row[column] as LocalId;
      const answers = this.#locals.step(from, event);
      if (answers.length > 1) {
        this.#fork({ row, queue, position, marks, flaw, last }, answers, found);
        return;
      }
      const stepped = answers[0];
      // What must arrive and does not undoes all of it.
      if (!stepped && must) return;
      if (!stepped) continue;
      row[column] = stepped.next;
      marks |= stepped.marks;
      flaw ??= stepped.flaw;
      last = { column, event, from, to: stepped.next, before: last };
      if (stepped.sends.length > 0) queue = queue.concat(this.#addressed(row, column, stepped));
      if (queue.length > MESSAGES_MAX) throw new Bug('one event causes messages without end');
    }
    found.push({ row: this.#tidied(row), marks, flaw, last });
  }

  /** One walk for each answer to the message that is next. */
  #fork(walk: Walk, answers: readonly (Stepped | null)[], found: Outcome[]): void {
    const { queue, position, marks, flaw, last } = walk;
    const { column, event, must } = queue[position] as Message;
    for (const stepped of answers) {
      const row = walk.row.slice();
      if (!stepped) {
        if (!must) this.#walk({ ...walk, row, position: position + 1 }, found);
        continue;
      }
      const from = row[column] as LocalId;
      row[column] = stepped.next;
      this.#walk(
        {
          ...{ row, queue: queue.concat(this.#addressed(row, column, stepped)), position: position + 1 },
          ...{ marks: marks | stepped.marks, flaw: flaw ?? stepped.flaw },
          last: { column, event, from, to: stepped.next, before: last },
        },
        found,
      );
    }
  }

  #addressed(row: Row, sender: number, stepped: Stepped): readonly Message[] {
    const known = this.#messages.get(stepped);
    if (known) return known;
    let isPublished = false;
    const messages = stepped.sends.flatMap(({ to, event, must }) => {
      const ref = this.roles[sender]?.ref as EntityRef;
      if ('linked' in to) {
        isPublished = true;
        return this.#linked(row, `${to.linked} ${refText(ref)}`).map((column) => ({ column, event, must }));
      }
      const column = this.#columns.get(refText(to));
      return column === undefined ? [] : [{ column, event, must }];
    });
    // Who hears what is published depends on who is linked then.
    if (!isPublished) this.#messages.set(stepped, messages);
    return messages;
  }

  /** The same state under its smallest names. */
  #tidied(row: Row): Row {
    if (this.#isTidy(row)) return row;
    const renaming = this.#renamingOf(row);
    return row.map((id) => this.#locals.renamed(id, renaming));
  }

  #isTidy(row: Row): boolean {
    for (let column = 0; column < row.length; column += 1) {
      if (!this.#locals.isTidy(row[column] as LocalId)) return false;
    }
    return true;
  }

  #renamingOf(row: Row): Renaming {
    const epochs = new Map<number, number>();
    this.agents.forEach((column, place) => {
      const { epoch } = this.#context<AgentContext>(row, column);
      if (epoch !== 0 && epoch !== agentEpoch(place)) epochs.set(epoch, agentEpoch(place));
    });
    const renewed = this.containers.flatMap((column) => {
      const { id, incarnation } = this.#context<ContainerContext>(row, column);
      return incarnation === ANOTHER ? [id] : [];
    });
    if (epochs.size > 0) this.#nameTheRest(row, epochs);
    const key = `${[...epochs].join(';')} ${renewed.join(';')}`;
    const known = this.#renamings.get(key);
    if (known) return known;
    const made: Renaming = {
      epoch: (name) => epochs.get(name) ?? name,
      incarnation: (name, container) => (renewed.includes(container) ? RENEWED : SAME)[name] ?? name,
      id: (id) => id,
    };
    this.#renamings.set(key, made);
    return made;
  }

  /** Epochs that are no agent's any more: those that a bead remembers, and those that only others do. */
  #nameTheRest(row: Row, epochs: Map<number, number>): void {
    const current = new Set(this.agents.map((column) => this.#context<AgentContext>(row, column).epoch));
    this.beads.forEach((column, place) => {
      const { epoch } = this.#context<{ epoch: number }>(row, column);
      if (epoch !== 0 && !current.has(epoch)) epochs.set(epoch, beadEpoch(place));
    });
    let leaked = LEAKED_EPOCH;
    for (const id of row) {
      const { machine, context } = this.#locals.get(id);
      for (const epoch of epochsIn(machine, context)) {
        if (epoch !== 0 && !current.has(epoch) && !epochs.has(epoch)) {
          epochs.set(epoch, leaked);
          leaked += 1;
        }
      }
    }
    if (epochs.has(0) || [...epochs.values()].includes(NEW_EPOCH)) throw new Bug('an epoch was named wrongly');
  }

  #context<T>(row: Row, column: number): T {
    return this.#locals.get(row[column] as LocalId).context as unknown as T;
  }

  /** The least of the rows that differ only in who is called the first agent, the first bead. */
  canonical(row: Row): Row {
    let least = row;
    for (const permutation of this.#permutations) least = this.#lesser(row, permutation, least);
    return least;
  }

  /** The permuted row when it is less than `least`; it is left at the first column that tells. */
  #lesser(row: Row, permutation: Permutation, least: Row): Row {
    for (let column = 0; column < row.length; column += 1) {
      const other = this.#called(row[permutation.origins[column] as number] as LocalId, permutation);
      const difference = other - (least[column] as number);
      if (difference > 0) return least;
      if (difference < 0) {
        return row.map((_, place) => this.#called(row[permutation.origins[place] as number] as LocalId, permutation));
      }
    }
    return least;
  }

  #called(id: LocalId, { renaming, known }: Permutation): LocalId {
    const other = known[id] ?? this.#locals.renamed(id, renaming);
    known[id] = other;
    return other;
  }
}

/** What incarnations are called when another one took the place of the current, and when none did. */
const RENEWED: Readonly<Record<string, string>> = { [ANOTHER]: CURRENT, [CURRENT]: EARLIER };
const SAME: Readonly<Record<string, string>> = { [ANOTHER]: EARLIER };

type Permutation = {
  /** Which column each column comes from. */
  readonly origins: readonly number[];
  readonly renaming: Renaming;
  /** Local states under their other names, by their numbers. */
  readonly known: LocalId[];
};

/** Every way but the trivial one to call agents and beads by each other's names. */
function permutationsOf(scene: Scene, agents: readonly number[], beads: readonly number[]): Permutation[] {
  const width = rolesOf(scene).length;
  const orders = (count: number) => permutations(Array.from({ length: count }, (_, place) => place));
  const beadOrders = scene.chained ? [beads.map((_, place) => place)] : orders(beads.length);
  return orders(agents.length)
    .flatMap((agentOrder) => beadOrders.map((beadOrder) => ({ agentOrder, beadOrder })))
    .filter(({ agentOrder, beadOrder }) =>
      [agentOrder, beadOrder].some((order) => order.some((to, from) => to !== from)),
    )
    .map(({ agentOrder, beadOrder }) => {
      const origins = Array.from({ length: width }, (_, column) => column);
      const ids = new Map<string, string>();
      const epochs = new Map<number, number>();
      agentOrder.forEach((to, from) => {
        origins[agents[to] as number] = agents[from] as number;
        ids.set(agentId(from), agentId(to));
        epochs.set(agentEpoch(from), agentEpoch(to));
      });
      beadOrder.forEach((to, from) => {
        origins[beads[to] as number] = beads[from] as number;
        ids.set(beadId(from), beadId(to));
        epochs.set(beadEpoch(from), beadEpoch(to));
      });
      const renaming = {
        epoch: (name: number) => epochs.get(name) ?? name,
        incarnation: (name: string) => name,
        id: (id: string) => ids.get(id) ?? id,
      };
      return { origins, renaming, known: [] };
    });
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
