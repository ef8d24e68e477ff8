/**
 * What a watcher knows of the beads and agents of a town: their states, kept from the log, and whether anything moves.
 */
import type { LogRow } from '../store/port.ts';

export type Tally = {
  readonly total: number;
  readonly closed: number;
  /** Failed for good; what is exhausted heals and counts as waiting. */
  readonly failed: number;
  readonly running: number;
  readonly merging: number;
  /** Will move by themselves. */
  readonly waiting: number;
  /** A person has to act, or what they depend on has not moved. */
  readonly blocked: number;
};

type Lot = Exclude<keyof Tally, 'total'>;

/** An entity as a view or a log row tells of it. */
type Seen = { readonly id: string; readonly state: string };

const needsPerson = ['open.held', 'open.blockedFailedDependency', 'open.awaitingInput', 'open.blockedConfig'];

/** The lot of a bead in a leaf state. */
export function lotOf(state: string): Lot {
  if (state.startsWith('closed.')) return 'closed';
  if (state.startsWith('failed.')) return state === 'failed.exhausted' ? 'waiting' : 'failed';
  // Something is in the way of its merge, which is tried again: nothing of it is under way until then.
  if (state === 'in_progress.inReview.blocked') return 'waiting';
  if (state.startsWith('in_progress.inReview')) return 'merging';
  if (/^in_progress\.(starting|running|stopping)/.test(state)) return 'running';
  return needsPerson.includes(state) ? 'blocked' : 'waiting';
}

export class Board {
  readonly #beads = new Map<string, string>();
  /** How many beads are in each leaf state: a large backlog is not counted again for each commit. */
  readonly #census = new Map<string, number>();
  readonly #agents = new Map<string, { state: string; bead: string | null }>();
  readonly #rigs = new Map<string, string>();

  putBead({ id, state }: Seen): void {
    const before = this.#beads.get(id);
    if (before !== undefined) this.#census.set(before, (this.#census.get(before) ?? 0) - 1);
    this.#beads.set(id, state);
    this.#census.set(state, (this.#census.get(state) ?? 0) + 1);
  }

  putRig({ id, state }: Seen): void {
    this.#rigs.set(id, state);
  }

  rigs(): readonly Seen[] {
    return [...this.#rigs].map(([id, state]) => ({ id, state }));
  }

  putAgent({ id, state, bead }: Seen & { bead: string | null }): void {
    this.#agents.set(id, { state, bead });
  }

  /** Takes the rows of a commit. */
  take(rows: readonly LogRow[]): void {
    for (const row of rows) if (row.rejected === null) this.#takeRow(row);
  }

  #takeRow({ entity, event, after }: LogRow): void {
    if (entity.machine === 'bead') this.putBead({ id: entity.id, state: after });
    if (entity.machine === 'rig') this.putRig({ id: entity.id, state: after });
    if (entity.machine !== 'agent') return;
    const known = this.#agents.get(entity.id)?.bead ?? null;
    const bead = event.type === 'ASSIGN' && typeof event.bead === 'string' ? event.bead : known;
    this.#agents.set(entity.id, { state: after, bead });
  }

  bead(id: string): string | null {
    return this.#beads.get(id) ?? null;
  }

  /** The bead of an agent's latest dispatch. */
  beadOf(agent: string): string | null {
    return this.#agents.get(agent)?.bead ?? null;
  }

  agents(): readonly { readonly id: string; readonly state: string }[] {
    return [...this.#agents].map(([id, { state }]) => ({ id, state }));
  }

  /** At most `most` beads whose leaf state is one of those meant. */
  beadsIn(meant: (state: string) => boolean, most: number): readonly string[] {
    const isThere = [...this.#census].some(([state, count]) => count > 0 && meant(state));
    const found: string[] = [];
    for (const [id, state] of isThere ? this.#beads : []) {
      if (found.length === most) break;
      if (meant(state)) found.push(id);
    }
    return found;
  }

  /** Who works on what, in order of their names. */
  working(): readonly { agent: string; bead: string }[] {
    return [...this.#agents]
      .filter(([, { state }]) => state.startsWith('working.'))
      .map(([agent, { bead }]) => ({ agent, bead: bead ?? '' }))
      .sort((left, right) => left.agent.localeCompare(right.agent));
  }

  tally(): Tally {
    const lots = { closed: 0, failed: 0, running: 0, merging: 0, waiting: 0, blocked: 0 };
    for (const [state, count] of this.#census) lots[lotOf(state)] += count;
    return { total: this.#beads.size, ...lots };
  }

  /** True when no bead moves without a person: all are closed, failed for good, or wait for one. */
  isOver(): boolean {
    const states = [...this.#census].flatMap(([state, count]) => (count > 0 ? [state] : []));
    const moves = (state: string) => ['running', 'merging', 'waiting'].includes(lotOf(state));
    const moving = states.filter((state) => moves(state) && state !== 'open.blockedDeps');
    if (moving.length === 0) return true;
    // What can not start as it is configured leaves ready work behind.
    const isStuck = (all: readonly { state: string }[], is: RegExp) =>
      all.length > 0 && all.every(({ state }) => is.test(state));
    const nobodyStarts =
      isStuck(this.rigs(), /^blocked\./) || isStuck([...this.#agents.values()], /^idle\.quarantined$/);
    return nobodyStarts && moving.every((state) => state === 'open.ready');
  }
}
