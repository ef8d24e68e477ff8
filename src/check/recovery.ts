/**
 * How long a town may take to recover: from every state of a search, with each timer at its longest, the shortest
 * first.
 *
 * The world is calm but silent: what is asked for works, nobody who was silent speaks again. It is over when the bead
 * runs, is closed, or waits for a person. The hour of a bead, or of a town, that has spent its dispatches comes on top.
 */
import type { Policy } from '../../machines/policy.ts';
import { Bug } from '../core/errors.ts';
import { HOUR_MS } from './abstraction.ts';
import { hopsOf, type Row } from './composition.ts';
import type { Move } from './moves.ts';
import { hostsIn, isMatched, movesFrom, proposalsIn, type Search } from './search.ts';
import { waitsForPerson } from './state-rules.ts';

export type Recovery = {
  /** Milliseconds from the worst state. */
  readonly longestMs: number;
  readonly states: number;
  /** Leaf states of the worst state, by entity. */
  readonly from: readonly string[];
};

/** More steps than any recovery takes. */
const STEPS_MAX = 2_000;

export function recoveryOf(search: Search, policy: Policy): Recovery {
  const { states, composition, locals } = search;
  const delays = longestDelays(policy);
  let worst = { longestMs: -1, state: 0 };
  for (let state = 0; state < states.size; state += 1) {
    if (isThrottled(search, states.row(state))) continue;
    const longestMs = new Run(search, delays, states.row(state).slice()).untilGoal();
    if (longestMs > worst.longestMs) worst = { longestMs, state };
  }
  const from = [...states.row(worst.state)].map((id, column) => {
    const { machine, id: name } = composition.roles[column]?.ref ?? { machine: '', id: '' };
    return `${machine} ${name}: ${locals.get(id).state}`;
  });
  return { longestMs: worst.longestMs, states: states.size, from };
}

/** Who was dispatched as often as it may be waits out its hour, and that is all there is to say. */
function isThrottled({ composition, locals }: Search, row: Row): boolean {
  const at = (column: number) => locals.get(row[column] as number).state;
  return at(0) === 'closed.throttled' || composition.beads.some((column) => at(column) === 'open.throttled');
}

type Delays = Readonly<Record<string, number>>;

class Run {
  readonly #search: Search;
  readonly #delays: Delays;
  #row: Row;
  /** What is left of each timer, by column and id. */
  #left = new Map<string, number>();
  /** Columns of agents that were dispatched since: they speak. */
  readonly #fresh = new Set<number>();

  constructor(search: Search, delays: Delays, row: Row) {
    this.#search = search;
    this.#delays = delays;
    this.#row = row;
    this.#arm();
  }

  untilGoal(): number {
    let elapsed = 0;
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (this.#isOver()) return elapsed;
      const move = this.#atOnce();
      if (move) this.#take(move);
      else elapsed += this.#wait();
    }
    throw new Bug(`no end of a recovery after ${STEPS_MAX} steps`);
  }

  #isOver(): boolean {
    const { composition, locals } = this.#search;
    const at = (column: number) => locals.get(this.#row[column] as number);
    const isSettled = (column: number) =>
      /^(closed\.|in_progress\.running)/.test(at(column).state) || waitsForPerson(at(column));
    const isBarred =
      [0, 2].some((column) => waitsForPerson(at(column))) || hostsIn(this.#search, this.#row).every(waitsForPerson);
    return (
      composition.beads.every(isSettled) || composition.agents.every((column) => waitsForPerson(at(column))) || isBarred
    );
  }

  #atOnce(): Move | undefined {
    const { locals } = this.#search;
    const proposed = proposalsIn(this.#search, this.#row);
    return movesFrom(this.#search, this.#row).find((move) => {
      if (!move.calm || move.kind === 'timer') return false;
      if (move.kind === 'report')
        return this.#fresh.has(move.column) && locals.events[move.event]?.type === 'HEARTBEAT';
      return isMatched(move, proposed);
    });
  }

  #wait(): number {
    const timers = movesFrom(this.#search, this.#row).filter(({ kind }) => kind === 'timer');
    const left = ({ column, about }: Move) => this.#left.get(`${column} ${about}`) ?? 0;
    const [first] = timers.sort((one, other) => left(one) - left(other));
    if (!first) throw new Bug('a state of a recovery has nothing to wait for');
    const waited = left(first);
    for (const [key, rest] of this.#left) this.#left.set(key, Math.max(0, rest - waited));
    this.#left.delete(`${first.column} ${first.about}`);
    this.#take(first);
    return waited;
  }

  #take(move: Move): void {
    const [outcome] = this.#search.composition.outcomes(this.#row, move);
    if (!outcome) throw new Bug(`${move.about} of a recovery was not taken`);
    for (const { column, event } of hopsOf(outcome)) {
      if (this.#search.locals.events[event]?.type === 'ASSIGN') this.#fresh.add(column);
    }
    this.#row = outcome.row;
    this.#arm();
  }

  /** Timers that are new have all of their time, those that are gone have none. */
  #arm(): void {
    const { locals } = this.#search;
    const left = new Map<string, number>();
    this.#row.forEach((id, column) => {
      const { machine, timers } = locals.get(id);
      for (const timer of timers) {
        const name = locals.timers.get(timer)?.name ?? timer;
        const key = `${column} ${name}`;
        left.set(key, this.#left.get(key) ?? longest(this.#delays, machine, name));
      }
    });
    this.#left = left;
  }
}

function longest(delays: Delays, machine: string, name: string): number {
  const delay = delays[`${machine}.${name}`] ?? delays[name];
  if (delay === undefined)
    throw new Bug(`src/check/recovery.ts does not know how long the timer ${machine}.${name} is`);
  return delay;
}

/** Each delay at its longest, jitter and doubling included. */
function longestDelays(policy: Policy): Delays {
  const spread = 1 + policy.jitter;
  const backoff = Math.max(...policy.backoffMs) * spread;
  const { startTimeoutMs, unconfirmedMs, firstHeartbeatMs, probeMs, leaseMs, suspectMs, wedgeMs } = policy;
  const { nudgeMs, escalateMs, stallMs, maxRunMs, stopMs, recycleMs } = policy;
  return {
    ...{ startTimeout: startTimeoutMs, unconfirmed: unconfirmedMs, firstHeartbeat: firstHeartbeatMs, probe: probeMs },
    ...{ lease: leaseMs, suspect: suspectMs, wedge: wedgeMs, nudge: nudgeMs, escalate: escalateMs, stall: stallMs },
    ...{ maxRun: maxRunMs, stop: stopMs, recycle: recycleMs, backoff, cooldown: policy.cooldownMs * spread },
    ...{ staleWork: policy.staleWorkMs, 'bead.refill': HOUR_MS, mergePoll: policy.mergeBlockedMs },
    ...{ mergeBlocked: policy.mergeBlockedMs, cool: policy.breakerCoolMaxMs * spread, ramp: policy.rampMs },
    ...{ probeResult: policy.breakerProbeMs, dayEnd: 24 * HOUR_MS, provision: policy.provisionMs },
    'breaker.refill': Math.max(HOUR_MS, (24 * HOUR_MS) / policy.townDispatchesPerDay),
    ...{ health: policy.healthMs, healthSuspect: policy.healthSuspectMs, idle: policy.containerIdleMs },
    ...{ look: policy.rigLookMaxMs * spread, unreadyLook: policy.rigLookMaxMs * spread },
    lookTimeout: policy.rigLookTimeoutMs,
    ...{ drain: policy.drainMs, 'container.backoff': policy.containerBackoffMaxMs * spread },
  };
}
