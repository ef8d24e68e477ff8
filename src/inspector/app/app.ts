/** What every component can reach: the address, the answers, the live stream, the clock. Made once for a page. */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import type { Access, MachineSummary, OverviewView } from '../contract.ts';
import type { Start } from '../contract-page.ts';
import { type Answer, Answers, type Concerns, everything } from './answers.ts';
import { type Api, createApi, type Fetch, Problem } from './api.ts';
import { type Clock, createClock } from './clock.ts';
import { Live, type Source } from './live.ts';
import { type ApiPath, paths } from './paths.ts';
import { type History, Route } from './route.ts';

export type Theme = 'light' | 'dark' | null;

export type App = {
  readonly api: Api;
  readonly route: Route;
  readonly answers: Answers;
  readonly live: Live;
  readonly clock: Clock;
  /** Opens a stream of its own, of a text that grows. */
  readonly openStream: Surroundings['openStream'];
  /** The answer that the frame lives on: names, counts, what needs a person. */
  readonly overview: Answer<OverviewView>;
  readonly access: ReadonlySignal<Access>;
  readonly machines: ReadonlySignal<readonly MachineSummary[]>;
  /** Null: as the reader's system has it. */
  readonly theme: Signal<Theme>;
  /** What was done last, said once at the foot of the page and to screen readers. */
  readonly notice: Signal<Notice | null>;
};
export type Notice = { readonly text: string; readonly tone: 'ok' | 'danger' };

/** What an app needs of the world around it: a browser, the server that paints the first view, or a test. */
export type Surroundings = {
  readonly base: string;
  readonly path: string;
  readonly query: string;
  readonly theme: Theme;
  readonly start: Start;
  readonly history: History;
  readonly fetch: Fetch;
  readonly openStream: (address: string) => Source;
  readonly newKey: () => string;
  readonly nextFrame: (run: () => void) => void;
  readonly later: (ms: number, run: () => void) => () => void;
  readonly localNow: () => number;
};

const isStamped = (value: unknown): value is { seq: number; now: number } =>
  typeof value === 'object' && value !== null && 'now' in value && typeof value.now === 'number' && 'seq' in value;

export function createApp(around: Surroundings): App {
  const api = createApi(around.base, around.fetch, around.newKey);
  const startAt = Object.values(around.start).find(isStamped)?.now ?? around.localNow();
  const clock = createClock(startAt, around.localNow);
  const live: Live = new Live({
    open: (from) => around.openStream(api.address(paths.stream(from))),
    probe: async () => (await api.get(paths.overview())).seq,
    isLoggedOut: (thrown) => thrown instanceof Problem && thrown.view.status === 401,
    onGap: () => answers.refetchAllSoon(),
    onMessages: (messages) => answers.hear(messages),
    nextFrame: around.nextFrame,
    later: around.later,
    now: around.localNow,
  });
  const answers = new Answers(api, around.start, (value) => learn(value, live, clock));
  const overview = answers.of(paths.overview());
  return {
    api,
    route: new Route(around.base, around, around.history),
    answers,
    live,
    clock,
    openStream: around.openStream,
    overview,
    access: computed(() => overview.value.value?.access ?? 'read'),
    machines: computed(() => overview.value.value?.machines ?? []),
    theme: signal(around.theme),
    notice: signal(null),
  };
}

/** Every answer tells the time; those about machines tell counts. */
function learn(value: unknown, live: Live, clock: Clock): void {
  if (!isStamped(value)) return;
  clock.learn(value.now);
  const { seq } = value;
  const told = value as { machines?: readonly MachineSummary[]; summary?: MachineSummary };
  const summaries = told.summary ? [told.summary] : (told.machines ?? []);
  for (const { machine, counts } of summaries) live.learn(machine, seq, counts);
}

const unasked: Answer<never> = {
  value: signal(null),
  isThere: signal(false),
  problem: signal(null),
  refetch: () => Promise.resolve(),
};

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new TypeError('A component of the inspector stands outside of <AppContext.Provider>.');
  return app;
}

/**
 * The answer of a path, kept current while the component is there. `concerns` picks the messages of the live stream
 * that change it; without it, all do. A path of null asks nothing.
 */
export function useAnswer<T>(path: ApiPath<T> | null, concerns: Concerns = everything): Answer<T> {
  const { answers } = useApp();
  const answer = useMemo(() => (path === null ? unasked : answers.of(path)), [answers, path]);
  // The concerns of the first render stand for all: they are decided by the path.
  useEffect(() => (path === null ? undefined : answers.watch(path, concerns)), [answers, path]);
  return answer;
}
