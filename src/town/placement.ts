/**
 * Where a run may go: the containers that have the labels of its rig, with room for one more. Like matching it only
 * proposes; the chart of the container decides.
 */
import type { Reads } from '../store/port.ts';
import { LOCAL } from './options.ts';
import type { Parties, Party } from './parties.ts';

const CONTAINERS_MAX = 500;

/** A run that is to be placed. */
export type Wanted = {
  /** The labels of its rig. */
  readonly needs: readonly string[];
  /** The one container that its agent runs in; null: any. */
  readonly pinned: string | null;
  /** Where the bead was before: its conversation is there. */
  readonly previous: string | null;
  /** It could not be started there: another container is tried first. */
  readonly failed: boolean;
};

/** What is known of a container, and how many runs are proposed for it. */
export type Spot = {
  readonly id: string;
  readonly state: string;
  readonly labels: readonly string[];
  readonly slots: number | null;
  readonly reason: string | null;
  readonly connected: boolean;
  readonly probation: boolean;
  /** How many runs it hosts, those that are proposed included. */
  taken: number;
};

/** Where a run goes; null: nowhere yet. And the container that is wanted awake, now or for the next one. */
export type Choice = { readonly container: string | null; readonly wake: string | null };

export type PlacementParts = {
  readonly reads: Reads;
  readonly parties: Parties;
  /** Whether somebody who can be reached stands for a container; taken for so where nobody can say. */
  readonly isConnected?: (container: string) => boolean;
};

/** The containers of a town as they are. */
export function spotsOf({ reads, parties, isConnected = () => true }: PlacementParts): readonly Spot[] {
  const { items } = reads.entities({ machine: 'container' }, { limit: CONTAINERS_MAX });
  return items.flatMap(({ ref: { id } }) => {
    const party = parties.find('container', id);
    return party ? [spotOf(party, isConnected(id))] : [];
  });
}

export function spotOf({ state, context }: Pick<Party<'container'>, 'state' | 'context'>, connected = true): Spot {
  const { id, labels, slots, runs, probation, reason } = context;
  return { id, state, labels, slots, reason, connected, probation, taken: runs.length };
}

export class Placement {
  readonly #spots: readonly Spot[];

  constructor(spots: readonly Spot[]) {
    this.#spots = spots;
  }

  /** Takes a slot of the best container for a run, or says which one is to be woken for it. */
  choose(wanted: Wanted): Choice {
    const open = this.#take(wanted, isOpen);
    if (open) return { container: open.id, wake: this.#preferred(wanted, open) };
    // One that is being made ready is waited for, before another one is woken.
    if (this.#take(wanted, isComing)) return { container: null, wake: null };
    return { container: null, wake: this.#take(wanted, isAsleep)?.id ?? null };
  }

  #take(wanted: Wanted, isAt: (spot: Spot) => boolean): Spot | null {
    const best = this.#best(wanted, isAt);
    if (best) best.taken += 1;
    return best;
  }

  /** The town's own machine is preferred, and costs nothing to wake: the next run finds it up. */
  #preferred(wanted: Wanted, taken: Spot): string | null {
    const own = this.#best(wanted, (spot) => spot.id === LOCAL && isAsleep(spot));
    return own && preferring(wanted)(own, taken) < 0 ? own.id : null;
  }

  /** All that have the labels of the run, whatever they are at. */
  suiting({ needs, pinned }: Pick<Wanted, 'needs' | 'pinned'>): readonly Spot[] {
    return this.#spots.filter(
      ({ id, labels }) => (pinned === null || id === pinned) && needs.every((label) => labels.includes(label)),
    );
  }

  #best(wanted: Wanted, isAt: (spot: Spot) => boolean): Spot | null {
    const fitting = this.suiting(wanted).filter((spot) => isAt(spot) && hasRoom(spot));
    return fitting.sort(preferring(wanted))[0] ?? null;
  }
}

export const isOpen = ({ state, connected }: Spot) => connected && state.startsWith('up.');
const isAsleep = ({ state, connected }: Spot) => connected && state === 'absent';
const isComing = ({ state, connected }: Spot) => connected && state === 'provisioning';

export function hasRoom({ slots, taken, probation }: Spot): boolean {
  return (slots === null || taken < slots) && (!probation || taken === 0);
}

/** Where the bead was, unless it could not start there; then the town's own machine; then where most is free. */
function preferring({ previous, failed }: Wanted): (one: Spot, other: Spot) => number {
  const rank = ({ id }: Spot) => (id !== previous ? 1 : failed ? 2 : 0);
  const away = ({ id }: Spot) => (id === LOCAL ? 0 : 1);
  const free = ({ slots, taken }: Spot) => (slots ?? Number.MAX_SAFE_INTEGER) - taken;
  return (one, other) =>
    rank(one) - rank(other) ||
    away(one) - away(other) ||
    free(other) - free(one) ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}
