/**
 * The stated model of what was never seen. An attempt that the record does not have, and the rest of one that was cut
 * short, is one of the recorded attempts of the same rig, drawn with equal chances; of all rigs when that one has none.
 */
import type { RunRule, StartRule } from '../../incidents/format.ts';
import { Dice } from '../dice.ts';
import type { Attempt } from './attempts.ts';

/** Attempts of one bead that the model is ready for, beyond those of the record. */
const DRAWN_MAX = 45;
const COMMITS = 1;

export type Rules = { readonly starts: readonly StartRule[]; readonly runs: readonly RunRule[] };

export class Model {
  readonly #dice: Dice;
  readonly #whole: readonly Attempt[];

  constructor(attempts: readonly Attempt[], seed: number) {
    this.#dice = new Dice(seed);
    this.#whole = attempts.filter(({ ending, beganMs }) => ending.kind !== 'cut' || beganMs === null);
  }

  /** What the outside answers to the attempts of a bead, in their order: the recorded ones first. */
  rulesOf(bead: { readonly id: string; readonly rig: string }, recorded: readonly Attempt[]): Rules {
    const drawn = Array.from({ length: DRAWN_MAX }, (_, index) => this.#draw(bead, recorded.length + index));
    const all = [
      ...recorded.map((attempt, index) => this.#completed(attempt, index)),
      ...drawn.flatMap((one) => one ?? []),
    ];
    const starts = all.map((attempt) => startRule(bead.id, attempt));
    const runs = all.filter(begins).map((attempt) => runRule(bead.id, attempt));
    return { starts, runs };
  }

  /** An attempt that was cut goes on for as long as it was seen to, and then as one that was not cut. */
  #completed(attempt: Attempt, index: number): Attempt {
    if (attempt.ending.kind !== 'cut' || attempt.beganMs === null) return attempt;
    const other = this.#draw({ id: attempt.bead, rig: attempt.rig }, index, ({ beganMs }) => beganMs !== null);
    if (!other) return attempt;
    return { ...attempt, ending: other.ending, lastedMs: Math.max(attempt.lastedMs + 1, other.lastedMs) };
  }

  #draw(
    { id, rig }: { readonly id: string; readonly rig: string },
    index: number,
    fits: (attempt: Attempt) => boolean = () => true,
  ): Attempt | null {
    const fitting = this.#whole.filter(fits);
    const own = fitting.filter((attempt) => attempt.rig === rig);
    const choice = own.length > 0 ? own : fitting;
    return choice.length === 0 ? null : this.#dice.pick(choice, ['attempt', id, index]);
  }
}

const begins = ({ beganMs }: Attempt) => beganMs !== null;

function startRule(bead: string, attempt: Attempt): StartRule {
  const { start, startMs } = attempt;
  const silent = !begins(attempt);
  const answer = start === 'accepted' && silent ? 'hollow' : start === 'unknown' ? 'never' : start;
  return { bead, first: 1, answer, after: 0, takes: startMs };
}

function runRule(bead: string, { beganMs, startMs, lastedMs, ending, isActive, costUsd, tokens }: Attempt): RunRule {
  const wakes = Math.max((beganMs ?? 0) - startMs, 0);
  const rule: RunRule = { bead, first: 1, beats: true, active: isActive, stubborn: false, wakes };
  const costs = costUsd > 0 || tokens > 0 ? { costs: { usd: costUsd, tokens } } : {};
  const after = lastedMs;
  switch (ending.kind) {
    case 'exit':
      return { ...rule, ...costs, exits: { after, code: ending.code, commits: ending.commits } };
    case 'done':
      return { ...rule, ...costs, done: { after, commits: COMMITS } };
    case 'failed':
      return { ...rule, ...costs, fails: { after, class: classOf(ending.class), reason: ending.reason } };
    case 'silent':
      return { ...rule, mutes: { after: Math.max(after, 1) } };
    case 'cut':
      return rule;
  }
}

function classOf(said: string): NonNullable<RunRule['fails']>['class'] {
  return said === 'work' || said === 'permanent' || said === 'needs_input' ? said : 'transient';
}
