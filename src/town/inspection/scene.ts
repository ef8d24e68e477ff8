/** What the town's descriptions read: its store, its entities with their types, its policy, and the output of runs. */
import type { Policy } from '../../../machines/policy.ts';
import type { AttemptLine, Fact, Tone } from '../../inspector/contract.ts';
import type { Subject } from '../../inspector/source.ts';
import type { Reads } from '../../store/port.ts';
import type { AttemptView } from '../api.ts';
import { attemptsAbout } from '../attempts.ts';
import type { Contexts, Parties, TownMachine } from '../parties.ts';
import { explain } from '../why.ts';

export type TownScene = {
  readonly reads: Reads;
  readonly parties: Parties;
  readonly policy: () => Policy;
  /** Whether somebody who can be reached stands for a container; absent where nobody can say. */
  readonly isConnected?: (container: string) => boolean;
  /** The end of a run's output; null where no container is at hand. */
  readonly output: ((agent: string, epoch: number) => Promise<string>) | null;
  /** The folder that a run works in; null when it is not there. */
  readonly worktree: (run: { bead: string; epoch: number }) => string | null;
};

const ATTEMPTS_MAX = 20;

export function contextOf<M extends TownMachine>(subject: Subject, _machine: M): Contexts[M] {
  return subject.context as unknown as Contexts[M];
}

/** True for the state itself and all below it. */
export function isIn({ state }: Pick<Subject, 'state'>, ...states: readonly string[]): boolean {
  return states.some((wanted) => state === wanted || state.startsWith(`${wanted}.`));
}

export function whyOf({ reads, parties, policy, isConnected }: TownScene, { ref }: Subject) {
  const parts = { reads, parties, policy: policy(), ...(isConnected && { isConnected }) };
  const { answer, conditions } = explain(parts, ref);
  return { answer, conditions };
}

export function text(label: string, value: string | null, tone?: Tone): readonly Fact[] {
  return value === null || value === '' ? [] : [{ label, kind: 'text', value, ...(tone && { tone }) }];
}

export function code(label: string, value: string | number | null): readonly Fact[] {
  return value === null || value === '' ? [] : [{ label, kind: 'code', value: String(value) }];
}

export function reference(label: string, machine: TownMachine, id: string | null): readonly Fact[] {
  return id === null || id === '' ? [] : [{ label, kind: 'ref', ref: `${machine}/${id}`, title: '' }];
}

export function money(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

const bad = /fail|crash|lost|refus|reject|stall|evict/;

/** The runs of an agent or a bead, newest first. */
export function historyOf({ reads }: TownScene, { ref }: Subject): readonly AttemptLine[] {
  return attemptsAbout(reads, ref, ATTEMPTS_MAX).map((attempt) => ({
    number: attempt.epoch,
    about: othersOf(attempt, ref.machine),
    ...{ startedAt: attempt.startedAt ?? attempt.dispatchedAt, endedAt: attempt.endedAt, outcome: attempt.outcome },
    ...{ reason: attempt.reason, tail: attempt.tail, facts: factsOf(attempt), tone: toneOf(attempt) },
  }));
}

function othersOf({ agent, bead }: AttemptView, own: string): AttemptLine['about'] {
  const refs = [...(own !== 'agent' ? [`agent/${agent}`] : []), ...(own !== 'bead' ? [`bead/${bead}`] : [])];
  return refs.map((ref) => ({ ref, title: '' }));
}

function factsOf({ branch, tokens, costUsd, dispatchedAt, startedAt }: AttemptView): readonly Fact[] {
  return [
    ...code('branch', branch),
    ...(dispatchedAt !== null && startedAt === null ? text('start', 'no sign of life yet') : []),
    ...(tokens > 0 ? code('tokens', tokens) : []),
    ...(costUsd > 0 ? code('cost', money(costUsd)) : []),
  ];
}

function toneOf({ outcome, endedAt }: AttemptView): Tone {
  if (outcome === null) return endedAt === null ? 'live' : 'plain';
  if (outcome === 'completed') return 'ok';
  return bad.test(outcome) ? 'danger' : 'plain';
}
