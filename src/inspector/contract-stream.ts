/** What the live stream tells the pages. */
import type { EpochMs, Seq } from '../core/types.ts';
import type { LogLine, StateCount } from './contract.ts';

/**
 * The live stream, `GET stream?from=<seq>`: `commit` for each log row, in order and without a gap; `sample` instead
 * when more than 200 rows a second come: the counts as they are, and the position up to which nothing needs to be
 * fetched one by one.
 * A comment line every 15 s is the heartbeat.
 */
export type StreamMessage =
  | {
      readonly kind: 'commit';
      readonly line: LogLine;
      readonly left: readonly string[];
      readonly entered: readonly string[];
    }
  | {
      readonly kind: 'sample';
      readonly seq: Seq;
      readonly now: EpochMs;
      readonly machines: readonly { readonly machine: string; readonly counts: readonly StateCount[] }[];
      readonly rows: number;
    };
