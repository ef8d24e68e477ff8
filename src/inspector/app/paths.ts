/** The addresses of the inspector's API, below `<base>api/`, each with the type of its answer. */
import type {
  BreakersView,
  CauseTree,
  EdgeView,
  EntityPage,
  HeatView,
  HereView,
  HistoryView,
  Layout,
  LogQuery,
  LogView,
  MachineView,
  MetricsView,
  MomentView,
  OutboxGroup,
  OutboxView,
  OverviewView,
  SearchView,
  TimersView,
} from '../contract.ts';

declare const answer: unique symbol;
/** A path whose answer is a `T`. */
export type ApiPath<T> = string & { readonly [answer]?: T };

type Parameters = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Query text of what is set: empty, null, false and undefined are left out, so that equal questions have one address.
 */
export function queryText(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** `bead/gt-7f3a` as it stands in an address: each part escaped. */
export function referencePath(reference: string): string {
  const slash = reference.indexOf('/');
  return `${encodeURIComponent(reference.slice(0, slash))}/${encodeURIComponent(reference.slice(slash + 1))}`;
}

const machine = (name: string) => `machines/${encodeURIComponent(name)}`;
const entity = (reference: string) => `entities/${referencePath(reference)}`;

export type HereSort = 'since' | 'title' | 'attempts' | 'next';
type HereQuestion = {
  readonly state: string;
  readonly sort?: HereSort;
  readonly filter?: string;
  readonly after?: string;
};
/** `collapsed` of null: as the machine is first shown. */
type LayoutQuestion = { readonly direction: 'down' | 'right'; readonly collapsed: readonly string[] | null };

export const paths = {
  overview: (): ApiPath<OverviewView> => 'overview',
  machine: (name: string): ApiPath<MachineView> => machine(name),
  /** Waits until it is made; null when it can not be. */
  layout: (name: string, { direction, collapsed }: LayoutQuestion): ApiPath<Layout | null> => {
    const closed = collapsed === null ? '' : `&collapsed=${encodeURIComponent(collapsed.join(','))}`;
    return `${machine(name)}/layout${queryText({ direction })}${closed}`;
  },
  heat: (name: string): ApiPath<HeatView> => `${machine(name)}/heat`,
  here: (name: string, question: HereQuestion): ApiPath<HereView> => `${machine(name)}/here${queryText(question)}`,
  edge: (name: string, edge: string): ApiPath<EdgeView> => `${machine(name)}/edges${queryText({ edge })}`,
  entity: (reference: string): ApiPath<EntityPage> => entity(reference),
  history: (reference: string, range: { before?: number; limit?: number } = {}): ApiPath<HistoryView> =>
    `${entity(reference)}/history${queryText(range)}`,
  growing: (reference: string): string => `${entity(reference)}/growing`,
  moment: (reference: string, seq: number): ApiPath<MomentView> => `${entity(reference)}/at/${seq}`,
  timers: (after?: string): ApiPath<TimersView> => `timers${queryText({ after })}`,
  outbox: (group: OutboxGroup, after?: string): ApiPath<OutboxView> => `outbox${queryText({ group, after })}`,
  breakers: (): ApiPath<BreakersView> => 'breakers',
  log: (query: LogQuery = {}, before?: number | string): ApiPath<LogView> => `log${queryText({ ...query, before })}`,
  /** For a link: the rows as a file. */
  logFile: (query: LogQuery = {}): string => `log.jsonl${queryText(query)}`,
  tree: (seq: number): ApiPath<CauseTree> => `log/${seq}/tree`,
  metrics: (range: { from?: number; to?: number } = {}): ApiPath<MetricsView> => `metrics${queryText(range)}`,
  search: (words: string): ApiPath<SearchView> => `search${queryText({ q: words })}`,
  stream: (from: number): string => `stream${queryText({ from })}`,
};
