/**
 * What a screen shows when it has nothing to show yet: loading, empty, failed, not allowed. One look for all screens.
 */
import type { ComponentChildren } from 'preact';
import type { ProblemView } from '../../contract.ts';
import { useAfter } from '../hooks.ts';

const SKELETON_AFTER_MS = 150;

/** Grey lines in place of the rows that come; nothing at all for the first moment. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  const isSlow = useAfter(SKELETON_AFTER_MS);
  if (!isSlow) return <div class="skeleton" aria-hidden="true" />;
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="skeleton-row" />
      ))}
    </div>
  );
}

/** What would be here, and how it comes. */
export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

type ErrorProps = { problem: ProblemView; onRetry?: () => void };

/** What went wrong, where, and what to do. */
export function ErrorState({ problem, onRetry }: ErrorProps) {
  if (problem.status === 401 || problem.status === 403) return <NoPermission problem={problem} />;
  return (
    <div class="problem" role="alert">
      <strong>{problem.title}</strong>
      <p>{problem.detail}</p>
      <p class="muted code">
        {problem.code}
        {problem.status > 0 && ` · ${problem.status}`}
      </p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Ask again
        </button>
      )}
    </div>
  );
}

function NoPermission({ problem }: { problem: ProblemView }) {
  return (
    <div class="problem" role="alert">
      <strong>{problem.status === 401 ? 'Your login has run out' : 'This is not for you to see'}</strong>
      <p>{problem.detail}</p>
      {problem.status === 401 && (
        <p>
          <code>yardmaster inspect</code> prints a new link.
        </p>
      )}
    </div>
  );
}

/** Above what is not complete: it is asked for again by itself. */
export function PartialNotice() {
  return (
    <p class="muted" role="status">
      Still being read: this is not all yet.
    </p>
  );
}

/** Above what is old: the last fetch failed. */
export function StaleNotice({ problem, onRetry }: { problem: ProblemView; onRetry: () => void }) {
  return (
    <div class="stale" role="status">
      <span>What you see may be old: {problem.title.toLowerCase()}.</span>
      <button type="button" class="button small" onClick={onRetry}>
        Ask again
      </button>
    </div>
  );
}
