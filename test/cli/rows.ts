/** Log rows for tests: only what matters has to be said. */
import { parseRef } from '../../src/core/types.ts';
import type { LogRow } from '../../src/store/port.ts';

export type RowText = {
  readonly entity: string;
  readonly event: LogRow['event'];
  readonly before?: string;
  readonly after: string;
  readonly at?: number;
  readonly rejected?: string;
};

/** Rows of one commit, numbered from 1. */
export function rowsOf(...texts: readonly RowText[]): readonly LogRow[] {
  return texts.map(({ entity, event, before = '', after, at = 0, rejected = null }, index) => ({
    ...{ seq: index + 1, at, entity: parseRef(entity), event, by: 'test', cause: null, before, after },
    ...{ taken: [], definition: 1, rejected },
  }));
}

export const noPaint = (_: string, text: string) => text;
