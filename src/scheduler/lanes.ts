/** Who may run now: at most so many of a type, and one at a time in each lane. */

const CONCURRENCY = 16;

/** What an effect occupies while it runs. */
export type Slot = { readonly type: string; readonly lane: string | null; readonly concurrency?: number | undefined };

export class Lanes {
  readonly #types = new Map<string, number>();
  readonly #lanes = new Set<string>();

  /** Takes the slot; false when it is not free. */
  enter({ type, lane, concurrency = CONCURRENCY }: Slot): boolean {
    const running = this.#types.get(type) ?? 0;
    if (running >= concurrency || (lane !== null && this.#lanes.has(lane))) return false;
    this.#types.set(type, running + 1);
    if (lane !== null) this.#lanes.add(lane);
    return true;
  }

  leave({ type, lane }: Slot): void {
    this.#types.set(type, (this.#types.get(type) ?? 1) - 1);
    if (lane !== null) this.#lanes.delete(lane);
  }
}
