/** Hooks that more than one screen uses: lists that grow page by page, messages of the stream, and "after a moment". */
import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { Paged, ProblemView } from '../contract.ts';
import type { StreamMessage } from '../contract-stream.ts';
import { type Concerns, everything } from './answers.ts';
import { asProblem } from './api.ts';
import { useAnswer, useApp } from './app.ts';
import type { ApiPath } from './paths.ts';

type Pages<T, V> = {
  /** The path of the page after a cursor; of the first page without one. */
  readonly path: (after?: string) => ApiPath<V>;
  readonly pick: (view: V) => Paged<T>;
  readonly keyOf: (item: T) => string;
  readonly concerns?: Concerns;
};
export type PagesState<T, V> = {
  /** The first page's answer: null while it loads. */
  readonly view: V | null;
  readonly problem: ProblemView | null;
  readonly items: readonly T[];
  readonly hasMore: boolean;
  readonly more: () => Promise<void>;
  readonly retry: () => void;
};

/** The first page is live; the pages below it are as they were when they were asked for, without duplicates. */
export function usePages<T, V>({ path, pick, keyOf, concerns = everything }: Pages<T, V>): PagesState<T, V> {
  const { api } = useApp();
  const first = path();
  const answer = useAnswer(first, concerns);
  const below = useSignal<{ of: string; items: readonly T[]; next: string | null } | null>(null);
  const failure = useSignal<ProblemView | null>(null);
  const view = answer.value.value;
  const page = view === null ? null : pick(view);
  const rest = below.value?.of === first ? below.value : null;
  const seen = new Set(page?.items.map(keyOf));
  const next = rest === null ? (page?.next ?? null) : rest.next;
  const more = async () => {
    if (next === null) return;
    try {
      const got = pick(await api.get(path(next)));
      below.value = { of: first, items: [...(rest?.items ?? []), ...got.items], next: got.next };
      failure.value = null;
    } catch (thrown) {
      failure.value = asProblem(thrown);
    }
  };
  return {
    view,
    problem: failure.value ?? answer.problem.value,
    items: [...(page?.items ?? []), ...(rest?.items ?? []).filter((item) => !seen.has(keyOf(item)))],
    hasMore: next !== null,
    more,
    retry: () => void answer.refetch(),
  };
}

/** Concerns: commits of one entity. */
export const ofEntity =
  (reference: string): Concerns =>
  (message) =>
    message.kind === 'commit' && message.line.ref === reference;

/** Concerns: commits of one machine. */
export const ofMachine =
  (machine: string): Concerns =>
  (message: StreamMessage) =>
    message.kind === 'commit' && message.line.ref.startsWith(`${machine}/`);

/** False at first, true after some time: what is fast needs no sign that it is under way. */
export function useAfter(ms: number): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isOver;
}
