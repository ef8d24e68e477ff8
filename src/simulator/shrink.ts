/**
 * Makes a failing seed small: fewer beads and agents, then whole kinds of faults, then single faults (ddmin), as
 * long as the same property is violated. What is left is a short list of events that can be read, saved and
 * replayed.
 */

import type { Size } from './scenario.ts';
import type { Outcome } from './simulate.ts';

export type Candidate = { readonly size: Size; readonly allowed: ReadonlySet<string> };
export type Shrunk = { readonly candidate: Candidate; readonly outcome: Outcome; readonly tries: number };

/** `untilMs`: a violation that comes much later is another one. */
type Play = (candidate: Candidate, untilMs: number) => Promise<Outcome>;

/** Simulations that one shrinking may take. */
const TRIES_MAX = 300;
const LATER_MS = 600_000;

/** The smallest form that was found; the outcome itself when nothing can be left out. */
export async function shrink(failed: Outcome, play: Play): Promise<Shrunk> {
  const search = new Search(failed, play);
  await search.dimensions();
  await search.kinds();
  await search.faults();
  return search.result;
}

class Search {
  #best: Outcome;
  #candidate: Candidate;
  #tries = 0;
  readonly #property: string;
  readonly #play: Play;
  readonly #untilMs: number;

  constructor(failed: Outcome, play: Play) {
    this.#best = failed;
    this.#candidate = { size: failed.size, allowed: new Set(failed.faults) };
    this.#untilMs = (failed.violations[0]?.atMs ?? 0) + LATER_MS;
    this.#property = failed.violations[0]?.property ?? '';
    this.#play = play;
  }

  get result(): Shrunk {
    return { candidate: this.#candidate, outcome: this.#best, tries: this.#tries };
  }

  async dimensions(): Promise<void> {
    const { beads, agents, containers } = this.#best.scenario;
    for (let most = 1; most < containers.length; most += 1) {
      if (await this.#resize({ containersMax: most })) break;
    }
    for (let most = Math.floor(beads.length / 2); most >= 1; most = Math.floor(most / 2)) {
      if (!(await this.#resize({ beadsMax: most }))) break;
    }
    for (let most = agents.length - 1; most >= 1; most -= 1) {
      if (!(await this.#resize({ agentsMax: most }))) break;
    }
  }

  async kinds(): Promise<void> {
    const kindOf = (id: string) => id.slice(0, id.indexOf(':'));
    for (const kind of new Set([...this.#candidate.allowed].map(kindOf))) {
      await this.#keep([...this.#candidate.allowed].filter((id) => kindOf(id) !== kind));
    }
  }

  /** Leaves out ever smaller parts of the list. */
  async faults(): Promise<void> {
    let parts = 2;
    for (;;) {
      const ids = [...this.#candidate.allowed];
      if (ids.length === 0 || this.#tries >= TRIES_MAX) return;
      const length = Math.ceil(ids.length / parts);
      const starts = Array.from({ length: Math.ceil(ids.length / length) }, (_, index) => index * length);
      let smaller = false;
      for (const start of starts) {
        smaller = await this.#keep(ids.filter((_, index) => index < start || index >= start + length));
        if (smaller) break;
      }
      if (!smaller && length === 1) return;
      parts = smaller ? Math.max(parts - 1, 2) : Math.min(parts * 2, ids.length);
    }
  }

  #resize(change: Partial<Size>): Promise<boolean> {
    return this.#try({ ...this.#candidate, size: { ...this.#candidate.size, ...change } });
  }

  #keep(ids: readonly string[]): Promise<boolean> {
    return this.#try({ ...this.#candidate, allowed: new Set(ids) });
  }

  async #try(candidate: Candidate): Promise<boolean> {
    if (this.#tries >= TRIES_MAX) return false;
    this.#tries += 1;
    const outcome = await this.#play(candidate, this.#untilMs);
    if (outcome.violations[0]?.property !== this.#property) return false;
    this.#best = outcome;
    // What did not strike any more needs no permission.
    this.#candidate = { size: candidate.size, allowed: new Set(outcome.faults) };
    return true;
  }
}
