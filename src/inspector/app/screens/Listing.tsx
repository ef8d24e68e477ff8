/** A list that grows page by page, in each of its states: not there yet, failed, old, or as it is. */
import type { ComponentChildren } from 'preact';
import { isPartial } from '../answers.ts';
import type { PagesState } from '../hooks.ts';
import { ErrorState, PartialNotice, Skeleton, StaleNotice } from '../parts/States.tsx';

export type ListingProps<T, V> = {
  readonly pages: PagesState<T, V>;
  readonly children: (view: V) => ComponentChildren;
};

export function Listing<T, V>({ pages: { view, problem, retry }, children }: ListingProps<T, V>) {
  if (view === null) return problem ? <ErrorState problem={problem} onRetry={retry} /> : <Skeleton rows={10} />;
  return (
    <>
      {/* The badge in the top bar says already that the server is away. */}
      {problem && problem.code !== 'unreachable' && <StaleNotice problem={problem} onRetry={retry} />}
      {isPartial(view) && <PartialNotice />}
      {children(view)}
    </>
  );
}
