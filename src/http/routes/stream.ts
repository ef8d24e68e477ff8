/** The live log: everything that happens, as it happens, and all that happened since a position. */
import { setMaxListeners } from 'node:events';
import { Refused } from '../../core/errors.ts';
import type { Seq } from '../../core/types.ts';
import { type Api, type ApiParts, describeRoute } from '../api.ts';
import type { ApiContext } from '../context.ts';
import { openEventStream } from '../event-stream.ts';
import { openLogFeed } from '../log-feed.ts';
import * as requests from '../schemas/requests.ts';
import { headOf, refOf } from '../views.ts';

const STREAMS_MAX = 64;

export function streamRoutes(api: Api, { town, env, gates, closing }: ApiParts): void {
  let listening = 0;
  // Each stream listens to it, and so do others of this app.
  setMaxListeners(STREAMS_MAX * 2, closing);
  const route = describeRoute({
    ...{ method: 'get', path: '/stream', summary: 'Streams the log; resumes after Last-Event-ID or from', tag: 'log' },
    ...{ gate: gates.operator, inputs: { query: requests.streamQuery }, answer: 'text/event-stream' },
    headers: { 'Last-Event-ID': 'position of the last event that was seen; it precedes from' },
  });
  api.openapi(route, (context) => {
    const { from, machine, entity } = context.req.valid('query');
    const start = startOf(context, from, headOf(town));
    if (listening >= STREAMS_MAX || closing.aborted) {
      throw new Refused('busy', `${STREAMS_MAX} streams are open, or the town is closing: try again later`);
    }
    listening += 1;
    const filter = { machine, ...(entity !== undefined && { entity: refOf(entity) }) };
    const onClose = () => {
      listening -= 1;
    };
    const open = (onNews: () => void) => openLogFeed({ followed: town, filter, from: start, onNews });
    const stream = openEventStream({ env, open, closing, onClose });
    context.header('Content-Type', 'text/event-stream');
    context.header('X-Accel-Buffering', 'no');
    // Nothing else goes over the connection after it: a server that closes need not wait for it.
    context.header('Connection', 'close');
    return context.body(stream);
  });
}

/** The listener's own position, else the asked one, else now. Refused `invalid` for one that is not in this log. */
function startOf(context: ApiContext, from: Seq | undefined, head: Seq): Seq {
  const last = context.req.header('last-event-id');
  const start = last === undefined || last === '' ? (from ?? head) : Number(last);
  if (Number.isInteger(start) && start >= 0 && start <= head) return start;
  throw new Refused('invalid', `the log ends at ${head} and has no position ${last ?? from}: start from 0`, { head });
}
