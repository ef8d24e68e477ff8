/** The log as a feed of server-sent events: each row, from a position on, without a gap and without a duplicate. */
import type { Seq } from '../core/types.ts';
import { eventText, type Feed } from './event-stream.ts';
import { type Followed, Follower, type FollowFilter } from './follow.ts';
import { logRowView } from './views.ts';

type LogFeedOptions = {
  readonly followed: Followed;
  readonly filter: FollowFilter;
  /** The position that the listener has seen. */
  readonly from: Seq;
  readonly onNews: () => void;
};

export function openLogFeed(options: LogFeedOptions): Feed {
  const follower = new Follower(options);
  return {
    next: () => {
      const rows = follower.next();
      return rows.length === 0 ? null : rows.map((row) => eventText(row.seq, logRowView(row))).join('');
    },
    get cursor() {
      return follower.cursor;
    },
    close: () => follower.close(),
  };
}
