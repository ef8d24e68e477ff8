/**
 * Whose a run's token is. Tokens name nobody, so candidates are tried, each in constant time; how many is bounded.
 */
import type { EntityView, Town } from '../town/api.ts';

export type Run = { readonly agent: string; readonly epoch: number };

/** How many agents are asked about a token that is shown at the wrong door: only the answer's wording depends on it. */
const AGENTS_MAX = 50;
const PAST_MAX = 20;

export class Runs {
  readonly #town: Town;

  constructor(town: Town) {
    this.#town = town;
  }

  /** The candidate whose token it is. */
  matching(token: string, candidates: Iterable<Run>): Run | null {
    for (const run of candidates) {
      if (run.epoch > 0 && this.#town.isCapability(run.agent, run.epoch, token)) return run;
    }
    return null;
  }

  /** The current run of an agent and its latest ones before. */
  *pastOf(agent: string): Iterable<Run> {
    const ref = { machine: 'agent', id: agent };
    const view = this.#town.get(ref);
    if (view === null) return;
    yield currentOf(view);
    for (const { epoch } of this.#town.attempts(ref, PAST_MAX)) yield { agent, epoch };
  }

  /** The current run, of any of the first agents of the town, whose token it is. */
  find(token: string): Run | null {
    return this.matching(token, this.#town.list('agent', { limit: AGENTS_MAX }).items.map(currentOf));
  }
}

function currentOf(view: EntityView): Run {
  const { epoch } = view.context;
  return { agent: view.id, epoch: typeof epoch === 'number' ? epoch : 0 };
}
