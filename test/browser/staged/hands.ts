/** A container and an integrator that play their parts: what each run of a bead does is written down beforehand. */
import type { MergeOutcome, RunSpec, StartOutcome } from '../../../src/agents/port.ts';
import type { Alarm, Env } from '../../../src/env/env.ts';
import { MINUTE, ScriptedContainer, ScriptedIntegrator } from '../../town/world.ts';

/** What one run of a bead does. `minutes`: until it ends; without an `end` it goes on. */
export type Turn =
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'runs';
      readonly minutes?: number;
      readonly end?: 'done' | 'crash' | 'nothing' | 'impossible' | 'asks';
      readonly says?: string;
      /** Lives, and shows no progress. */
      readonly quiet?: boolean;
    };

export type Part = { readonly turns: readonly Turn[]; readonly merges?: readonly (MergeOutcome | 'never')[] };
export type Parts = Readonly<Record<string, Part>>;

/** Tells the town what a run says. */
export type Tell = (run: RunSpec, event: { readonly type: string } & Record<string, unknown>) => Promise<void>;

export const BEAT_MS = 2 * MINUTE;
const PLAIN: Turn = { kind: 'runs', minutes: 12, end: 'done' };
const LAST_WORDS = [
  "TypeError: Cannot read properties of undefined (reading 'lines')",
  '    at total (src/cart/total.js:41:18)',
  '    at checkout (src/cart/checkout.js:88:22)',
  '',
  '1 of 214 tests failed.',
].join('\n');

type Live = { readonly spec: RunSpec; readonly turn: Turn; alarm: Alarm | null };

export class StagedContainer extends ScriptedContainer {
  tell: Tell = async () => undefined;
  env: Env;
  beatMs = BEAT_MS;
  readonly #parts: Parts;
  readonly #turns = new Map<string, number>();
  readonly #live = new Map<string, Live>();
  #isResting = false;

  constructor(env: Env, parts: Parts) {
    super();
    this.env = env;
    this.#parts = parts;
    this.onStart = (spec) => this.#begin(spec);
    this.onProbe = ({ agent }) => (this.#live.get(agent)?.turn.kind === 'silent' ? 'unknown' : 'running');
  }

  override list = async () => [...this.#live.values()].map(({ spec: { agent, epoch } }) => ({ agent, epoch }));

  /** Goes on in another process's time, with heartbeats as often as given. */
  async takeUp(env: Env, beatMs: number): Promise<void> {
    this.env = env;
    this.beatMs = beatMs;
    this.#isResting = false;
    for (const live of this.#live.values()) await this.#beat(live);
  }

  /** Nothing is said until it is taken up. */
  rest(): void {
    this.#isResting = true;
  }

  async #begin(spec: RunSpec): Promise<StartOutcome> {
    const taken = this.#turns.get(spec.bead) ?? 0;
    this.#turns.set(spec.bead, taken + 1);
    const turns = this.#parts[spec.bead]?.turns ?? [];
    const turn = turns[Math.min(taken, turns.length - 1)] ?? PLAIN;
    if (turn.kind === 'refused') return { kind: 'refused', reason: turn.reason, permanent: false };
    if (turn.kind === 'unanswered') return { kind: 'unknown', cause: 'the start did not answer before its deadline' };
    const live: Live = { spec, turn, alarm: null };
    this.#live.set(spec.agent, live);
    this.#after(3_000, () => this.#beat(live));
    const accepted = { ...this.accepts(), branch: `attempt/${spec.bead}/${spec.epoch}` } as StartOutcome;
    if (turn.kind === 'silent') return accepted;
    if (turn.says) this.#after(40_000, () => this.tell(spec, { type: 'PROGRESS', epoch: spec.epoch, note: turn.says }));
    if (turn.end) this.#after((turn.minutes ?? 10) * MINUTE, () => this.#end(live));
    return accepted;
  }

  #after(ms: number, call: () => Promise<void>): Alarm {
    const { clock } = this.env;
    return clock.at(clock.now() + ms, () => void call(), { background: true });
  }

  async #beat(live: Live): Promise<void> {
    const { spec, turn } = live;
    if (this.#isResting || this.#live.get(spec.agent) !== live) return;
    await this.beat(spec);
    if (turn.kind === 'silent') return;
    if (turn.kind === 'runs' && !turn.quiet && turn.says) {
      await this.tell(spec, { type: 'PROGRESS', epoch: spec.epoch, note: turn.says });
    }
    live.alarm = this.#after(this.beatMs, () => this.#beat(live));
  }

  async #end(live: Live): Promise<void> {
    const { spec, turn } = live;
    if (this.#isResting || this.#live.get(spec.agent) !== live || turn.kind !== 'runs') return;
    this.#live.delete(spec.agent);
    live.alarm?.cancel();
    const { epoch } = spec;
    if (turn.end === 'asks') {
      const reason = turn.says ?? 'it needs a decision';
      return this.tell(spec, { type: 'FAILED', epoch, class: 'needs_input', reason });
    }
    if (turn.end === 'impossible') {
      const reason = turn.says ?? 'it can not be done';
      return this.tell(spec, { type: 'FAILED', epoch, class: 'permanent', reason });
    }
    const isDone = turn.end === 'done';
    this.tail = isDone ? '' : LAST_WORDS;
    await this.exit(spec, turn.end === 'crash' ? 1 : 0, isDone ? 2 : 0);
  }
}

export class StagedIntegrator extends ScriptedIntegrator {
  readonly #parts: Parts;
  readonly #tries = new Map<string, number>();

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    const plainMerge = this.merge;
    this.merge = async (request, signal) => {
      if (this.#parts[request.bead]?.merges?.at(-1) !== 'never') return plainMerge(request, signal);
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    this.onMerge = async (bead) => {
      const tries = this.#tries.get(bead) ?? 0;
      this.#tries.set(bead, tries + 1);
      const merges = this.#parts[bead]?.merges ?? [];
      const outcome = merges[tries] ?? 'never';
      return outcome !== 'never' ? outcome : { kind: 'merged', commit: 'c'.repeat(40) };
    };
  }
}
