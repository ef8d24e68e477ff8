/**
 * What commands read of a town, wherever it is: a running one over HTTP (`client.ts`), or the database of one that
 * rests (`offline.ts`).
 */
import type { Policy } from '../../machines/policy.ts';
import type { RigRuntime } from '../../machines/vocabulary.ts';
import type { EntityRef, Seq } from '../core/types.ts';
import type { LogFilter, LogRow, Paged, TimerRow } from '../store/port.ts';
import type { AttemptView, EffectView, EntityView, ListQuery, TownStatus, Why } from '../town/api.ts';

export type Range = { readonly from?: Seq; readonly limit?: number; readonly order?: 'asc' | 'desc' };
/** A row of the log without the number of its machine's definition, which means something to the store alone. */
export type LoggedRow = Omit<LogRow, 'definition'>;
type PageQuery = { readonly limit?: number; readonly after?: string };
type Awaitable<T> = T | Promise<T>;

/** A `Town` is one. */
export interface Reader {
  get(ref: EntityRef): Awaitable<EntityView | null>;
  list(machine: string, query?: ListQuery): Awaitable<Paged<EntityView>>;
  brief(bead: string): Awaitable<string>;
  attempts(about: EntityRef): Awaitable<readonly AttemptView[]>;
  why(ref: EntityRef): Awaitable<Why>;
  status(): Awaitable<TownStatus>;
  log(filter?: LogFilter, range?: Range): Awaitable<readonly LoggedRow[]>;
  timers(query?: PageQuery): Awaitable<Paged<TimerRow>>;
  outbox(query?: PageQuery): Awaitable<Paged<EffectView>>;
  policy(): Awaitable<Policy>;
  runtime(): Awaitable<RigRuntime | null>;
}
