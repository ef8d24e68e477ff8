/** Shows an answer in each of its states: not there yet, failed, old, or as it is. */
import type { ComponentChildren } from 'preact';
import type { ProblemView } from '../../contract.ts';
import type { Answer } from '../answers.ts';
import { ErrorState, Skeleton, StaleNotice } from './States.tsx';

type AnsweredProps<T> = {
  readonly answer: Answer<T>;
  /** In place of the grey rows, while nothing is there. */
  readonly skeleton?: ComponentChildren;
  readonly children: (value: T) => ComponentChildren;
};

export function Answered<T>({ answer, skeleton, children }: AnsweredProps<T>) {
  const value = answer.value.value;
  const problem = answer.problem.value;
  const retry = () => void answer.refetch();
  if (value === null) return problem ? <ErrorState problem={problem} onRetry={retry} /> : (skeleton ?? <Skeleton />);
  return (
    <>
      {problem && isWorthSaying(problem) && <StaleNotice problem={problem} onRetry={retry} />}
      {children(value)}
    </>
  );
}

/** The badge in the top bar says already that the server is away. */
const isWorthSaying = (problem: ProblemView) => problem.code !== 'unreachable';
