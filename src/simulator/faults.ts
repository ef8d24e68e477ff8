/**
 * The faults of a run: which kinds a seed switches on, how often each strikes, and the id of every one that did.
 * Swarm testing: each kind is on in half of the seeds, at a rate of its own, so that kinds do not hide one another.
 */
import type { Dice } from './dice.ts';

/** Asked for where they may strike: at a start, a heartbeat, a report, a run, a merge. */
export const chances = [
  ...[
    'start.lost',
    'start.replyLost',
    'start.late',
    'start.refused',
    'start.permanent',
    'start.unready',
    'start.slow',
    'start.garbled',
    'start.undecided',
  ],
  ...['heartbeat.dropped', 'heartbeat.delayed', 'heartbeat.doubled', 'heartbeat.stale'],
  ...['report.dropped', 'report.delayed', 'report.doubled', 'report.contradicted'],
  ...['run.crash', 'run.nothing', 'run.wedge', 'run.thaw', 'run.stall', 'run.loop', 'run.poison', 'run.costly'],
  ...['run.impossible', 'run.input', 'run.work', 'run.claims', 'run.sleepy', 'run.wakes'],
  ...['probe.lies', 'probe.silent', 'stop.lost', 'health.missed', 'health.lies'],
  ...['provision.refused', 'provision.permanent', 'provision.unanswered', 'look.unready'],
  ...['merge.conflict', 'merge.tests', 'merge.refused', 'merge.blocked', 'merge.nothing', 'merge.lost', 'merge.unseen'],
  ...['merged.silent', 'merged.refused', 'store.hiccup', 'town.killedAtBoot', 'clock.skew', 'operator.nosy'],
] as const;
export type Chance = (typeof chances)[number];

/** Planned ahead for an instant. The number is how many there may be in an hour of chaos. */
export const strokes = {
  'container.dies': 0.5,
  'container.restarts': 1.5,
  'runner.leaves': 2,
  'network.toContainer': 0.5,
  'network.toTown': 0.5,
  'network.both': 0.5,
  'town.killed': 3,
  'store.fails': 0.7,
  'clock.jumps': 0.4,
  'operator.acts': 20,
} as const;
export type Stroke = keyof typeof strokes;
export const strokeKinds = Object.keys(strokes) as readonly Stroke[];

export type Phase = 'calm' | 'chaos' | 'quiet';
export type PlannedStroke = {
  readonly id: string;
  readonly kind: Stroke;
  readonly at: number;
  readonly number: number;
};
export type Span = { readonly from: number; readonly to: number };

/** What is left of the faults when a failing seed is made smaller; null means all of them. */
export type Allowed = ReadonlySet<string> | null;

const RATE_MAX = 0.4;
const HOUR_MS = 3_600_000;
const BURST_MS = 120_000;

export class Faults {
  phase: Phase = 'calm';
  /** Ids of the faults that struck, in order. */
  readonly struck: string[] = [];
  readonly #dice: Dice;
  readonly #allowed: Allowed;
  readonly #rates = new Map<string, number>();
  readonly #asked = new Map<string, number>();

  constructor(dice: Dice, allowed: Allowed = null) {
    this.#dice = dice;
    this.#allowed = allowed;
    // One seed of four is a bad day.
    const most = dice.u('bad day') < 0.25 ? 2 * RATE_MAX : RATE_MAX;
    for (const kind of [...chances, ...strokeKinds]) {
      const on = dice.u('fault.on', kind) < 0.5;
      this.#rates.set(kind, on ? most * dice.u('fault.rate', kind) ** 2 : 0);
    }
  }

  /** Whether the fault strikes here. `weight` makes what is asked for very often rarer. */
  strikes(kind: Chance, key: string, weight = 1): boolean {
    const place = `${kind}:${key}`;
    const occurrence = (this.#asked.get(place) ?? 0) + 1;
    this.#asked.set(place, occurrence);
    const rate = (this.#rates.get(kind) ?? 0) * weight;
    if (this.phase !== 'chaos' || rate === 0 || this.#dice.u(kind, key, occurrence) >= rate) return false;
    return this.admit(`${place}:${occurrence}`);
  }

  /** True when one of these kinds may strike in this run at all. */
  has(...kinds: readonly Chance[]): boolean {
    return kinds.some((kind) => (this.#rates.get(kind) ?? 0) > 0);
  }

  /** Notes a fault as struck, unless it was taken out of this run. */
  admit(id: string): boolean {
    if (this.#allowed !== null && !this.#allowed.has(id)) return false;
    this.struck.push(id);
    return true;
  }

  /** The strokes of a span, by time; in one seed of five all of them fall into the same two minutes. */
  plan(span: Span): readonly PlannedStroke[] {
    const length = span.to - span.from;
    const together = this.#dice.u('burst') < 0.2;
    const burstAt = span.from + this.#dice.u('burst.at') * Math.max(0, length - BURST_MS);
    return strokeKinds
      .flatMap((kind) => {
        const share = (this.#rates.get(kind) ?? 0) / RATE_MAX;
        const count = Math.ceil(share * strokes[kind] * (length / HOUR_MS));
        return Array.from({ length: count }, (_, number): PlannedStroke => {
          const place = this.#dice.u(kind, 'at', number);
          const at = together ? burstAt + place * BURST_MS : span.from + place * length;
          return { id: `${kind}:at:${number}`, kind, at: Math.round(at), number };
        });
      })
      .sort((a, b) => a.at - b.at);
  }
}
