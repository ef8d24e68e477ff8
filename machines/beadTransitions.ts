/**
 * Transitions that several states of the bead share, and the effects of its merge with their parameters.
 */
import { type BeadContext, mergeParams } from './beadActions.ts';

type Scene = { context: BeadContext };
export const merge = { type: 'merge' as const, params: ({ context }: Scene) => mergeParams(context) };
export const probeMerge = { type: 'probeMerge' as const, params: ({ context }: Scene) => mergeParams(context) };
export const abortMerge = { type: 'abortMerge' as const, params: ({ context }: Scene) => mergeParams(context) };

const completed = [
  { guard: 'merges' as const, target: '#bead.in_progress.inReview', actions: 'noteWork' as const },
  { guard: 'isCurrentRun' as const, target: '#bead.closed.done', actions: 'noteWork' as const },
];
/** A run thought lost that speaks again, or reports late: the bead takes it back. */
export const lateSigns = {
  'RUN.STARTED': {
    guard: 'isCurrentRun' as const,
    target: '#bead.in_progress.running',
    actions: 'noteStarted' as const,
  },
  'RUN.COMPLETED': completed,
  'RUN.IMPOSSIBLE': {
    guard: 'isCurrentRun' as const,
    target: '#bead.failed.permanent',
    actions: 'noteReason' as const,
  },
  'RUN.NEEDS_INPUT': {
    guard: 'isCurrentRun' as const,
    target: '#bead.open.awaitingInput',
    actions: 'noteReason' as const,
  },
};
/** What becomes of its dependencies is noted wherever it waits, so that a return to `open.ready` finds the truth. */
export const dependencies = {
  'DEPENDENCY.CLOSED': { actions: 'closeDependency' as const },
  'DEPENDENCY.FAILED': { actions: 'failDependency' as const },
  'DEPENDENCY.REOPENED': { actions: 'reopenDependency' as const },
};
export const overBudget = {
  SPENT: [
    {
      guard: 'isOverBudget' as const,
      target: '#bead.failed.budget',
      actions: ['addCost', 'noteBudget', 'fenceRun', 'noteEnding'] as const,
    },
    { guard: 'isCurrentRun' as const, actions: 'addCost' as const },
  ],
};
export const reopened = { REOPEN: { target: '#bead.open', actions: 'reopen' as const } };
/** A run that is still being ended is waited for: two runs of one bead can never be. */
export const reopenedAfterEnd = {
  REOPEN: [
    { guard: 'isEnding' as const, target: '#bead.in_progress.stopping', actions: 'reopen' as const },
    { target: '#bead.open', actions: 'reopen' as const },
  ],
};
export const runFailed = [
  { guard: 'isAtRunsCap' as const, target: '#bead.failed.gaveUp', actions: 'countRunFailure' as const },
  { guard: 'isCurrentRun' as const, target: '#bead.open.backoff', actions: 'countRunFailure' as const },
];
export const evicted = [
  { guard: 'isFreeEviction' as const, target: '#bead.open.ready', actions: 'countEviction' as const },
  {
    guard: 'isAtRunsCap' as const,
    target: '#bead.failed.gaveUp',
    actions: ['countEviction', 'countRunFailure'] as const,
  },
  {
    guard: 'isCurrentRun' as const,
    target: '#bead.open.backoff',
    actions: ['countEviction', 'countRunFailure'] as const,
  },
];
export const rework = [
  { guard: 'isAtReworksCap' as const, target: '#bead.failed.reworkExhausted', actions: 'countRework' as const },
  { target: '#bead.open.backoff', actions: 'countRework' as const },
];
