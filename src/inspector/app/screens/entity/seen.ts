/** What every part of an entity's page is given: the entity now, and the moment looked at when it is not now. */
import type { EntityPage, LogLine } from '../../../contract.ts';
import { indexOf, type Travel } from './travel.ts';
import type { MomentState, Timeline } from './useTimeline.ts';

/** What every tab is given: the entity now, and the moment looked at when it is not now. */
export type Seen = {
  readonly page: EntityPage;
  readonly rows: readonly LogLine[];
  readonly travel: Travel;
  /** The row looked at; null when live. */
  readonly row: LogLine | null;
  readonly then: MomentState;
  /** The row before the one looked at, or the other end of a comparison; null: there is none. */
  readonly before: LogLine | null;
};

type Parts = Pick<Seen, 'page' | 'travel' | 'then'> & { readonly timeline: Timeline };

export function seenOf({ page, timeline, travel, then }: Parts): Seen {
  const rows = timeline.rows ?? [];
  const index = indexOf(rows, travel.at);
  const row = travel.at === null ? null : (rows[index] ?? null);
  const last = row === null ? rows.length - 1 : index;
  const twin = travel.compare === null ? null : (rows[indexOf(rows, travel.compare)] ?? null);
  return { page, rows, travel, row, then, before: twin ?? rows[last - 1] ?? null };
}
