/** The one text of an entity that grows, as a stream: what a run prints, while somebody looks at it. */
import { Refused } from '../../core/errors.ts';
import { refText } from '../../core/types.ts';
import { openEventStream } from '../../http/event-stream.ts';
import { said, subjectOf } from '../project/subject.ts';
import type { InspectorApp, InspectorContext, Parts } from './context.ts';
import { requireRead } from './guard.ts';

const STREAMS_MAX = 64;

export function growingRoute(app: InspectorApp, { inspection, closing }: Parts): void {
  const { source } = inspection;
  let watching = 0;
  app.get('/api/entities/:machine/:id/growing', (context) => {
    requireRead(context);
    const ref = { machine: context.req.param('machine'), id: context.req.param('id') };
    const { description } = inspection.machines.get(ref.machine);
    const row = source.reads.entity(ref);
    const growing = row && said(() => description.growing?.(subjectOf(source.reads, row)), null);
    if (!growing) throw new Refused('not_found', `${refText(ref)} has no text that grows`);
    const from = positionOf(context);
    if (watching >= STREAMS_MAX || closing.aborted) {
      throw new Refused('busy', `${STREAMS_MAX} texts are watched, or the host is closing: try again later`);
    }
    watching += 1;
    const onClose = () => {
      watching -= 1;
    };
    const open = (onNews: () => void) => growing.open(from, onNews);
    context.header('Content-Type', 'text/event-stream');
    context.header('X-Accel-Buffering', 'no');
    // Nothing else goes over the connection after it: a server that closes need not wait for it.
    context.header('Connection', 'close');
    return context.body(openEventStream({ env: source.env, open, closing, onClose }));
  });
}

function positionOf(context: InspectorContext): number | null {
  const last = context.req.header('last-event-id') ?? '';
  if (last === '') return null;
  const position = Number(last);
  if (Number.isSafeInteger(position) && position >= 0) return position;
  throw new Refused('invalid', `"${last}" is no position in a text: load the page again`);
}
