/** The steps of an entity, oldest first: the newest come live, older ones on request. And the moment looked at. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HistoryView, LogLine, MomentView, ProblemView } from '../../../contract.ts';
import { nothing } from '../../answers.ts';
import { asProblem } from '../../api.ts';
import { useAnswer, useApp } from '../../app.ts';
import { ofEntity } from '../../hooks.ts';
import { paths } from '../../paths.ts';
import { type Rows, withNewest, withOlder } from '../log/merge.ts';
import { LIVE, type Travel } from './travel.ts';

export type Timeline = {
  /** Null: nothing came yet. */
  readonly rows: readonly LogLine[] | null;
  /** Steps before the first one that is here. */
  readonly earlier: number;
  readonly problem: ProblemView | null;
  readonly loadEarlier: () => Promise<void>;
};

type Kept = { readonly rows: Rows<LogLine>; readonly earlier: number };

/** As the list of the log has it: the newest first, with a cursor for what is below. */
const pageOf = ({ rows, earlier }: HistoryView): Rows<LogLine> => ({
  rows: rows.toReversed(),
  next: earlier > 0 ? String(rows[0]?.seq ?? 0) : null,
});

export function useTimeline(reference: string): Timeline {
  const { api } = useApp();
  const answer = useAnswer(paths.history(reference), ofEntity(reference));
  const kept = useRef<Kept | null>(null);
  const failure = useSignal<ProblemView | null>(null);
  const [, redraw] = useState(0);
  const view = answer.value.value;
  const taken = useRef<HistoryView | null>(null);
  if (view !== taken.current) {
    taken.current = view;
    kept.current = keptAfter(kept.current, view);
  }
  const loadEarlier = async () => {
    const next = kept.current?.rows.next ?? null;
    if (next === null) return;
    try {
      const older = await api.get(paths.history(reference, { before: Number(next) }));
      if (kept.current) kept.current = { rows: withOlder(kept.current.rows, pageOf(older)), earlier: older.earlier };
      failure.value = null;
    } catch (thrown) {
      failure.value = asProblem(thrown);
    }
    redraw((count) => count + 1);
  };
  const newestFirst = kept.current?.rows.rows;
  const rows = useMemo(() => newestFirst?.toReversed() ?? null, [newestFirst]);
  return { rows, earlier: kept.current?.earlier ?? 0, problem: failure.value ?? answer.problem.value, loadEarlier };
}

function keptAfter(kept: Kept | null, view: HistoryView | null): Kept | null {
  if (view === null) return kept;
  const fresh = pageOf(view);
  if (kept === null) return { rows: fresh, earlier: view.earlier };
  const rows = withNewest(kept.rows, fresh);
  return { rows, earlier: rows.rows.at(-1)?.seq === fresh.rows.at(-1)?.seq ? view.earlier : kept.earlier };
}

/** Moments are asked for when the slider rests: a drag passes many. */
const REST_MS = 90;

export type MomentState = { readonly moment: MomentView | null; readonly problem: ProblemView | null };

/** The entity as it was after a row; the one before it until the new one came. */
export function useMoment(reference: string, seq: number | null): MomentState {
  const { answers } = useApp();
  const [rested, setRested] = useState(seq);
  useEffect(() => {
    const timer = setTimeout(() => setRested(seq), REST_MS);
    return () => clearTimeout(timer);
  }, [seq]);
  useEffect(() => {
    if (rested !== null) return answers.watch(paths.moment(reference, rested), nothing);
  }, [reference, rested]);
  const answer = rested === null ? null : answers.of(paths.moment(reference, rested));
  const last = useRef<MomentView | null>(null);
  const value = answer?.value.value ?? null;
  if (value !== null) last.current = value;
  if (seq === null) return { moment: null, problem: null };
  return { moment: value ?? last.current, problem: answer?.problem.value ?? null };
}

/** On a page the moment is in the address, so that a link shows it; a drawer keeps its own. */
export function useTravel(isDrawer: boolean): readonly [Travel, (travel: Travel) => void] {
  const { route } = useApp();
  const own = useSignal<Travel>(LIVE);
  if (isDrawer) return [own.value, (travel) => (own.value = travel)];
  const numberOf = (name: string) => Number(route.setting(name)) || null;
  const set = ({ at, compare }: Travel) =>
    route.set({ at: at === null ? null : String(at), compare: compare === null ? null : String(compare) });
  return [{ at: numberOf('at'), compare: numberOf('compare') }, set];
}
