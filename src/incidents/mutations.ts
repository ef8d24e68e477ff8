/** The ways in which an incident is played again: what must hold in it must hold in all of them. */
import { faults, type PlayedIncident, type Step, settings, type Verb, verbNames } from './format.ts';

export type Variation =
  | { readonly kind: 'plain' }
  /** The process dies right after its commit of this number, before anybody hears of it, and is started again. */
  | { readonly kind: 'crash'; readonly commit: number }
  /** Each event from outside is delivered twice. */
  | { readonly kind: 'twice' }
  /** This step and the next one change places. */
  | { readonly kind: 'swap'; readonly step: number }
  /** What arrives at one instant arrives in the other order. */
  | { readonly kind: 'reversed' };

/** Steps further apart than this are no neighbours. */
const NEIGHBOURS_MS = 60_000;

export function verbOf(step: Step): Verb {
  return verbNames.find((verb) => step[verb] !== undefined) ?? 'crash';
}

/** Who a step is about; null when order matters to all, or when it is no event from outside. */
export function subjectOf(step: Step): string | null {
  const verb = verbOf(step);
  if (settings.includes(verb) || faults.includes(verb) || ['renew', 'beads', 'policy', 'rig'].includes(verb))
    return null;
  if (step.send) return step.send.to;
  const said = step[verb] as { run?: string };
  return said.run ? `bead/${said.run.split('#')[0]}` : null;
}

/** Repeated steps written out, in the order of their times. */
export function unrolled({ script }: PlayedIncident): readonly Step[] {
  const steps = script.flatMap(({ every, times = 1, ...step }) =>
    every === undefined
      ? [step]
      : Array.from({ length: times }, (_, index) => ({ ...step, at: step.at + index * every })),
  );
  return steps.sort((a, b) => a.at - b.at);
}

/** Where a step and the next one may change places: different subjects, or both say that order does not matter. */
export function swaps(steps: readonly Step[]): readonly number[] {
  return steps.flatMap((step, index) => {
    const next = steps[index + 1];
    if (!next || next.at - step.at > NEIGHBOURS_MS) return [];
    const [one, other] = [subjectOf(step), subjectOf(next)];
    if (one === null || other === null) return [];
    return one !== other || (step.commutes && next.commutes) ? [index] : [];
  });
}

/** The steps with two neighbours exchanged: each takes the other's time. */
export function swapped(steps: readonly Step[], at: number): readonly Step[] {
  const [one, other] = [steps[at], steps[at + 1]];
  if (!one || !other) return steps;
  return steps.with(at, { ...other, at: one.at }).with(at + 1, { ...one, at: other.at });
}

/** Commits after which to crash: all of them, or `most` of them spread evenly. */
export function crashPoints(commits: number, most: number): readonly number[] {
  const all = Array.from({ length: commits }, (_, index) => index + 1);
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => Math.floor(((index + 0.5) * commits) / most) + 1);
}

/** `crash after commit 17`. */
export function variationText(variation: Variation): string {
  switch (variation.kind) {
    case 'plain':
      return 'as written';
    case 'crash':
      return `crash after commit ${variation.commit}`;
    case 'twice':
      return 'each outside event twice';
    case 'swap':
      return `steps ${variation.step + 1} and ${variation.step + 2} swapped`;
    case 'reversed':
      return 'reports of one instant in the other order';
  }
}
