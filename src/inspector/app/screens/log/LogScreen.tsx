/** Every commit, the newest first: follows while its top is in sight, waits while the reader is further down. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../../app.ts';
import { useKeys } from '../../keys.ts';
import { KeyHint } from '../../parts/KeyHint.tsx';
import { EmptyState, ErrorState, Skeleton, StaleNotice } from '../../parts/States.tsx';
import { paths } from '../../paths.ts';
import { numberText } from '../../words.ts';
import { ScreenHead } from '../ScreenHead.tsx';
import { CauseTreePanel } from './CauseTree.tsx';
import './log.css';
import { Filters } from './Filters.tsx';
import { LogTable } from './LogTable.tsx';
import { isFiltered, logQueryOf } from './log-query.ts';
import { type LogRows, useLogRows } from './useLogRows.ts';

export function LogScreen() {
  const { api, route } = useApp();
  const query = logQueryOf((name) => route.setting(name));
  const { top, isFollowing, follow } = useFollowing();
  const log = useLogRows(query, isFollowing);
  useKeys({ G: follow });
  const chosen = Number(route.setting('tree')) || null;
  const isInRows = log.rows?.some(({ seq }) => seq === chosen) ?? false;
  const choose = (seq: number | null) => route.set({ tree: seq === null ? null : String(seq) });
  return (
    <div class="screen log-screen">
      <ScreenHead title="Log" about="Every change, the newest first.">
        <button
          type="button"
          class={`button follow${isFollowing ? ' is-on' : ''}`}
          aria-pressed={isFollowing}
          onClick={follow}
        >
          {isFollowing ? 'Following' : log.news === null ? 'Follow' : `${log.news} new`} <KeyHint keys="G" />
        </button>
        <a class="button" href={api.address(paths.logFile(query))} download="log.jsonl">
          Export
        </a>
      </ScreenHead>
      <Filters query={query} />
      <div ref={top} class="log-top" />
      {chosen !== null && !isInRows && <CauseTreePanel seq={chosen} onClose={() => choose(null)} />}
      <Rows {...{ log, chosen, choose }} isFiltered={isFiltered(query)} />
    </div>
  );
}

type RowsProps = {
  readonly log: LogRows;
  readonly chosen: number | null;
  readonly choose: (seq: number | null) => void;
  readonly isFiltered: boolean;
};

function Rows({ log, chosen, choose, isFiltered: filtered }: RowsProps) {
  const { rows, problem, hasMore, lookedBackTo } = log;
  if (rows === null) return problem ? <ErrorState problem={problem} onRetry={log.retry} /> : <Skeleton rows={16} />;
  return (
    <>
      {problem && problem.code !== 'unreachable' && <StaleNotice problem={problem} onRetry={log.retry} />}
      {rows.length === 0 && !hasMore && <Nothing isFiltered={filtered} />}
      {rows.length > 0 && <LogTable rows={rows} chosen={chosen} onChoose={choose} />}
      {hasMore && (
        <p class="log-more">
          <button type="button" class="button" onClick={log.more}>
            {filtered ? 'Look further back' : 'Older rows'}
          </button>
          {filtered && <span class="muted">Looked back to row {numberText(lookedBackTo)}.</span>}
        </p>
      )}
    </>
  );
}

function Nothing({ isFiltered: filtered }: { readonly isFiltered: boolean }) {
  if (filtered) return <EmptyState title="No row is like that">Take a filter away to see more of the log.</EmptyState>;
  return (
    <EmptyState title="Nothing has happened yet">
      Each event that an entity takes, and each that it refuses, becomes a row here the moment it is committed.
    </EmptyState>
  );
}

/** Follows while the top of the list is in sight: scrolling down pauses, scrolling up or `G` goes on. */
function useFollowing() {
  const top = useRef<HTMLDivElement>(null);
  const isFollowing = useSignal(true);
  useEffect(() => {
    const element = top.current;
    if (element === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      isFollowing.value = entry?.isIntersecting ?? true;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const follow = () => {
    isFollowing.value = true;
    top.current?.scrollIntoView({ block: 'center' });
  };
  return { top, isFollowing: isFollowing.value, follow };
}
