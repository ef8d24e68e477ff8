/**
 * Says what a whole town waits for, and until when: a pause, a spent budget, a spent rate, agents that all rest. Once
 * for each change of the cause.
 */
import { BREAKER } from '../../machines/wiring.ts';
import type { EntityRef, EpochMs } from '../core/types.ts';
import type { Clock } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import type { Board } from './board.ts';
import { duration, instant, plain } from './text.ts';

type Cause = { readonly key: string; readonly sentence: string };
type Watched = Pick<Town, 'get' | 'timers' | 'policy' | 'why'>;

const breaker = { machine: 'breaker', id: BREAKER };
/** A spent rate comes back with each token: it is not told of each time. */
const RATE_AGAIN_MS = 3_600_000;
const LOOK_MAX = 50;

/** When the first timer of an entity rings; null when it has none. */
export function nextTimer(town: Pick<Town, 'timers'>, entity: EntityRef): EpochMs | null {
  const due = town.timers({ entity }).items.map(({ dueAt }) => dueAt);
  return due.length === 0 ? null : Math.min(...due);
}

export class Waiting {
  readonly #town: Watched;
  readonly #board: Board;
  readonly #clock: Clock;
  #breaker: string;
  #told: { readonly key: string; readonly at: EpochMs } | null = null;

  constructor(town: Watched, board: Board, clock: Clock) {
    this.#town = town;
    this.#board = board;
    this.#clock = clock;
    this.#breaker = town.get(breaker)?.substate ?? '';
  }

  /** Takes the rows of a commit; the sentence to show when the cause is another one than before. */
  take(rows: readonly LogRow[]): string | null {
    const moved = rows.filter(({ rejected, before, after }) => rejected === null && before !== after);
    for (const { entity, after } of moved) if (entity.machine === 'breaker') this.#breaker = after;
    return moved.length === 0 ? null : this.look();
  }

  look(): string | null {
    const now = this.#clock.now();
    const cause =
      this.#board.tally().waiting === 0
        ? null
        : (this.#ofBreaker() ?? this.#ofRigs() ?? this.#ofAgents() ?? this.#ofPlace() ?? this.#ofBeads());
    const told = this.#told;
    if (cause === null) {
      if (told?.key !== 'rate') this.#told = null;
      return null;
    }
    if (told?.key === cause.key && (cause.key !== 'rate' || now < told.at + RATE_AGAIN_MS)) return null;
    this.#told = { key: cause.key, at: now };
    return cause.sentence;
  }

  #ofBreaker(): Cause | null {
    const until = () => this.#until([breaker]);
    if (this.#breaker === 'paused.overBudget') {
      return { key: 'budget', sentence: `The budget of the day is spent: nothing is started ${until()}.` };
    }
    if (this.#breaker.startsWith('paused')) {
      const reason = this.#town.get(breaker)?.context.reason;
      const why = typeof reason === 'string' ? plain(reason) : 'no reason';
      return { key: 'pause', sentence: `The town is paused (${why}): \`yardmaster resume\` lets it go on.` };
    }
    if (this.#breaker !== 'closed.throttled') return null;
    const { townDispatchesPerHour, townDispatchesPerDay } = this.#town.policy();
    const rate = `${townDispatchesPerHour} runs an hour, ${townDispatchesPerDay} a day`;
    return { key: 'rate', sentence: `The town started as many runs as it may (${rate}): the next waits ${until()}.` };
  }

  /** What agents need is away for now, all over the town. */
  #ofRigs(): Cause | null {
    const rigs = this.#board.rigs();
    const [first] = rigs;
    if (!first || !this.#isStill() || !rigs.every(({ state }) => state.startsWith('unready.'))) return null;
    const reason = this.#town.get({ machine: 'rig', id: first.id })?.context.reason;
    const until = this.#until(rigs.map(({ id }) => ({ machine: 'rig', id })));
    const why = typeof reason === 'string' ? plain(reason) : 'no reason';
    return { key: `rigs ${why}`, sentence: `No run could begin (${why}): nothing is started ${until}.` };
  }

  #ofAgents(): Cause | null {
    const agents = this.#board.agents();
    const isIdle = this.#isStill() && agents.length > 0 && this.#board.beadsIn(isReady, 1).length > 0;
    if (!isIdle) return null;
    if (agents.every(({ state }) => state === 'idle.paused'))
      return {
        key: 'agents paused',
        sentence: 'All agents are paused: `yardmaster resume agent/<id>` lets one go on.',
      };
    const resting = agents.filter(({ state }) => isResting(state));
    const rests = (state: string) => isResting(state) || state === 'idle.paused' || state === 'idle.quarantined';
    if (resting.length === 0 || !agents.every(({ state }) => rests(state))) return null;
    const until = this.#until(resting.map(({ id }) => ({ machine: 'agent', id })));
    return { key: 'agents rest', sentence: `All agents rest after failed starts: nothing is started ${until}.` };
  }

  /** No container offers what the next bead needs: only a person brings one. */
  #ofPlace(): Cause | null {
    const [bead] = this.#isStill() ? this.#board.beadsIn(isReady, 1) : [];
    if (bead === undefined) return null;
    const held = this.#town.why({ machine: 'bead', id: bead }).conditions.find(({ holds }) => !holds);
    if (!held || !/^(a container has the labels|the town has a container)/.test(held.condition)) return null;
    const sentence = `Nothing can run yet: what is missing is ${held.waitsFor ?? 'a runner'}.`;
    return { key: `place ${sentence}`, sentence };
  }

  #ofBeads(): Cause | null {
    const spent = this.#board.beadsIn((state) => state === 'open.throttled', LOOK_MAX);
    if (!this.#isStill() || spent.length === 0 || this.#board.beadsIn(isElsewhere, 1).length > 0) return null;
    const until = this.#until(spent.map((id) => ({ machine: 'bead', id })));
    const rate = `${this.#town.policy().dispatchesPerHour} runs of a bead an hour`;
    return { key: 'beads', sentence: `What is left was started as often as it may be (${rate}): it waits ${until}.` };
  }

  #isStill(): boolean {
    const { running, merging } = this.#board.tally();
    return running + merging === 0;
  }

  #until(refs: readonly EntityRef[]): string {
    const due = refs.slice(0, LOOK_MAX).flatMap((ref) => nextTimer(this.#town, ref) ?? []);
    if (due.length === 0) return 'until a person acts';
    const at = Math.min(...due);
    return `until ${instant(at)} UTC (${duration(at - this.#clock.now())})`;
  }
}

const isResting = (state: string) => state === 'idle.cooldown' || state === 'idle.exhausted';
const isReady = (state: string) => state === 'open.ready' || state === 'in_progress.retryDue';
/** Waits for something else than its own rate, and will move by itself. */
const isElsewhere = (state: string) =>
  isReady(state) || /^(open\.backoff|in_progress\.retryWait|in_progress\.inReview|failed\.exhausted)/.test(state);
