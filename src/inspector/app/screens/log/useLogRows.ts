/** The rows of the log that a screen shows: the newest while it follows, what is below on request, no hole between. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { LogLine, LogQuery, LogView, ProblemView } from '../../../contract.ts';
import { asProblem } from '../../api.ts';
import { useAnswer, useApp } from '../../app.ts';
import { paths } from '../../paths.ts';
import { type Rows, withNewest, withOlder } from './merge.ts';

export type LogRows = {
  /** Null: nothing came yet. */
  readonly rows: readonly LogLine[] | null;
  readonly hasMore: boolean;
  /** How far down a search looked. */
  readonly lookedBackTo: number;
  /** Rows that came while it did not follow, as many as were seen: `12`, `100+`; null: none. */
  readonly news: string | null;
  readonly problem: ProblemView | null;
  readonly more: () => Promise<void>;
  readonly retry: () => void;
};

type Kept = { of: string; rows: Rows<LogLine>; lookedBackTo: number };

const pageOf = ({ lines }: LogView): Rows<LogLine> => ({ rows: lines.items, next: lines.next });

/** While `isFollowing` is false, what is shown stays where it is. */
export function useLogRows(query: LogQuery, isFollowing: boolean): LogRows {
  const { api } = useApp();
  const first = paths.log(query);
  const answer = useAnswer(first);
  const kept = useRef<Kept | null>(null);
  const failure = useSignal<ProblemView | null>(null);
  const drawn = useSignal(0);
  const view = answer.value.value;
  const known = kept.current?.of === first ? kept.current : null;
  if (view !== null && (known === null || isFollowing)) {
    const rows = known === null ? pageOf(view) : withNewest(known.rows, pageOf(view));
    const lookedBackTo = Math.min(known?.lookedBackTo ?? view.lookedBackTo, view.lookedBackTo);
    kept.current = { of: first, rows, lookedBackTo };
  }
  const now = kept.current?.of === first ? kept.current : null;
  const more = async () => {
    const next = now?.rows.next ?? null;
    if (now === null || next === null) return;
    try {
      const older = await api.get(paths.log(query, next));
      if (kept.current?.of !== first) return;
      kept.current = {
        ...kept.current,
        rows: withOlder(kept.current.rows, pageOf(older)),
        lookedBackTo: older.lookedBackTo,
      };
      failure.value = null;
    } catch (thrown) {
      failure.value = asProblem(thrown);
    }
    drawn.value += 1;
  };
  // Read, so that a page that came below is drawn.
  void drawn.value;
  return {
    rows: now?.rows.rows ?? null,
    hasMore: (now?.rows.next ?? null) !== null,
    lookedBackTo: now?.lookedBackTo ?? 0,
    news: newsOf(view, now?.rows.rows[0]?.seq ?? 0),
    problem: failure.value ?? answer.problem.value,
    more,
    retry: () => void answer.refetch(),
  };
}

function newsOf(view: LogView | null, top: number): string | null {
  const items = view?.lines.items ?? [];
  const count = items.filter(({ seq }) => seq > top).length;
  if (count === 0) return null;
  return count === items.length && items.length > 1 ? `${count}+` : String(count);
}
