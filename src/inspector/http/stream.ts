/**
 * The live stream of the pages: a line for each commit; when more come than anybody could follow, now and then the
 * counts as they are instead. Whoever comes back with its last position misses nothing.
 */
import { Refused } from '../../core/errors.ts';
import type { EpochMs, Seq } from '../../core/types.ts';
import { eventText, type Feed, openEventStream } from '../../http/event-stream.ts';
import { Follower } from '../../http/follow.ts';
import type { LogRow } from '../../store/port.ts';
import type { StreamMessage } from '../contract-stream.ts';
import type { Inspection } from '../project/inspection.ts';
import { logLine } from '../project/log-line.ts';
import { countsOf } from '../project/summary.ts';
import type { InspectorApp, InspectorContext, Parts } from './context.ts';
import { requireRead } from './guard.ts';

const STREAMS_MAX = 64;
/** Rows in a second, or behind, beyond which the counts are told instead. */
const ROWS_MAX = 200;
const SECOND_MS = 1_000;
/** Between two tellings of the counts. */
const SAMPLE_MS = 500;

export function streamRoute(app: InspectorApp, { inspection, closing }: Parts): void {
  let listening = 0;
  app.get('/api/stream', (context) => {
    requireRead(context);
    const from = startOf(context, inspection.seq());
    if (listening >= STREAMS_MAX || closing.aborted) {
      throw new Refused('busy', `${STREAMS_MAX} streams are open, or the host is closing: try again later`);
    }
    listening += 1;
    const onClose = () => {
      listening -= 1;
    };
    const { env } = inspection.source;
    const open = (onNews: () => void) => new LiveFeed(inspection, { from, onNews });
    context.header('Content-Type', 'text/event-stream');
    context.header('X-Accel-Buffering', 'no');
    // Nothing else goes over the connection after it: a server that closes need not wait for it.
    context.header('Connection', 'close');
    return context.body(openEventStream({ env, open, closing, onClose }));
  });
}

/** The listener's own position, else the asked one, else now. A position beyond the log belongs to another one. */
function startOf(context: InspectorContext, head: Seq): Seq {
  const last = context.req.header('last-event-id') || context.req.query('from') || String(head);
  const start = Number(last);
  if (Number.isSafeInteger(start) && start >= 0 && start <= head) return start;
  throw new Refused('invalid', `the log ends at ${head} and has no position ${last}: load the page again`, { head });
}

class LiveFeed implements Feed {
  readonly #inspection: Inspection;
  readonly #follower: Follower;
  readonly #onNews: () => void;
  #second: EpochMs = 0;
  #inSecond = 0;
  #sampledAt: EpochMs = 0;
  #alarm: { cancel(): void } | null = null;

  constructor(inspection: Inspection, { from, onNews }: { from: Seq; onNews: () => void }) {
    const { reads, watch } = inspection.source;
    this.#inspection = inspection;
    this.#onNews = onNews;
    const followed = { log: reads.log, watch };
    this.#follower = new Follower({ followed, filter: {}, from, onNews });
  }

  get cursor(): Seq {
    return this.#follower.cursor;
  }

  next(): string | null {
    const head = this.#inspection.seq();
    const behind = head - this.#follower.cursor;
    if (behind <= 0) return null;
    const now = this.#inspection.now();
    if (now - this.#second >= SECOND_MS) [this.#second, this.#inSecond] = [now, 0];
    if (this.#inSecond + behind > ROWS_MAX) return this.#sample(head, now);
    const rows = this.#follower.next();
    this.#inSecond += rows.length;
    return rows.length === 0 ? null : rows.map((row) => this.#commit(row)).join('');
  }

  close(): void {
    this.#alarm?.cancel();
    this.#follower.close();
  }

  #commit(row: LogRow): string {
    const before = row.before.split(' ').filter(Boolean);
    const after = row.after.split(' ').filter(Boolean);
    const message: StreamMessage = {
      kind: 'commit',
      line: logLine(this.#inspection, row),
      left: before.filter((state) => !after.includes(state)),
      entered: after.filter((state) => !before.includes(state)),
    };
    return eventText(row.seq, message);
  }

  /** Null while the last one is too young; then it comes by itself. */
  #sample(seq: Seq, now: EpochMs): string | null {
    const waitMs = this.#sampledAt + SAMPLE_MS - now;
    if (waitMs > 0) {
      this.#wakeIn(waitMs);
      return null;
    }
    this.#sampledAt = now;
    const rows = seq - this.#follower.cursor;
    this.#inSecond += rows;
    this.#follower.skipTo(seq);
    const machines = this.#inspection.machines.names.map((machine) => {
      return { machine, counts: countsOf(this.#inspection, machine) };
    });
    const message: StreamMessage = { kind: 'sample', seq, now, machines, rows };
    return eventText(seq, message);
  }

  #wakeIn(ms: number): void {
    const { clock } = this.#inspection.source.env;
    this.#alarm ??= clock.at(
      clock.now() + ms,
      () => {
        this.#alarm = null;
        this.#onNews();
      },
      { background: true },
    );
  }
}
