/** What runs print: a piece of it, and all of it as it comes. */
import { setMaxListeners } from 'node:events';
import { Refused } from '../../core/errors.ts';
import type { RunName, Town } from '../../town/api.ts';
import { type Api, type ApiParts, describeRoute } from '../api.ts';
import type { ApiContext } from '../context.ts';
import { openEventStream } from '../event-stream.ts';
import { openOutputFeed } from '../output/output-feed.ts';
import { RunTails } from '../output/run-tail.ts';
import { plainText } from '../plain-text.ts';
import * as requests from '../schemas/requests.ts';
import { requireEntity } from '../views.ts';

const tag = 'agents';
const STREAMS_MAX = 64;

export function outputRoutes(api: Api, parts: ApiParts): void {
  pieceRoute(api, parts);
  liveRoute(api, parts);
}

function pieceRoute(api: Api, { town, gates }: ApiParts): void {
  const output = describeRoute({
    ...{ method: 'get', path: '/agents/{id}/runs/{epoch}/output', summary: 'Shows the end of what a run printed', tag },
    ...{
      gate: gates.operator,
      inputs: { params: requests.runPath, query: requests.outputQuery },
      answer: 'text/plain',
    },
  });
  api.openapi(output, async (context) => {
    const run = runOf(town, context.req.valid('param'));
    const { maxBytes, from } = context.req.valid('query');
    const piece = await town.outputPiece(run, { maxBytes, ...(from !== undefined && { fromByte: from }) });
    if (piece === null) {
      throw new Refused('not_found', `no output of agent ${run.agent}, epoch ${run.epoch} is kept`, run);
    }
    context.header('X-Output-Range', `${piece.fromByte}-${piece.nextByte}/${piece.endByte}`);
    return context.text(plainText(piece.text));
  });
}

function liveRoute(api: Api, { town, env, gates, closing }: ApiParts): void {
  const tails = new RunTails(town, env);
  let listening = 0;
  // Each stream listens to it, and so do others of this app.
  setMaxListeners(STREAMS_MAX * 4, closing);
  const route = describeRoute({
    ...{ method: 'get', path: '/agents/{id}/runs/{epoch}/output/stream', tag },
    summary: 'Streams what a run prints, from its tail or a byte on, until the run has ended',
    ...{ gate: gates.operator, inputs: { params: requests.runPath, query: requests.outputStreamQuery } },
    answer: 'text/event-stream',
    headers: { 'Last-Event-ID': 'the byte after the last text that was seen; it precedes from' },
  });
  api.openapi(route, (context) => {
    const run = runOf(town, context.req.valid('param'));
    const { from, tailBytes, raw } = context.req.valid('query');
    const start = lastByte(context) ?? from ?? null;
    if (listening >= STREAMS_MAX || closing.aborted) {
      throw new Refused('busy', `${STREAMS_MAX} outputs are watched, or the town is closing: try again later`);
    }
    listening += 1;
    const onClose = () => {
      listening -= 1;
    };
    const open = (onNews: () => void) => openOutputFeed(tails, { run, from: start, tailBytes, isRaw: raw }, onNews);
    const stream = openEventStream({ env, open, closing, onClose });
    context.header('Content-Type', 'text/event-stream');
    context.header('X-Accel-Buffering', 'no');
    // Nothing else goes over the connection after it: a server that closes need not wait for it.
    context.header('Connection', 'close');
    return context.body(stream);
  });
}

/** Refused `unknown_entity`, or `not_found` for a run that there never was. */
function runOf(town: Town, { id, epoch }: { id: string; epoch: number | 'latest' }): RunName {
  const { context } = requireEntity(town, { machine: 'agent', id });
  const wanted = epoch === 'latest' ? Number(context.epoch) : epoch;
  if (wanted === 0) throw new Refused('not_found', `agent ${id} has not run yet`, { agent: id });
  const run = { agent: id, epoch: wanted };
  if (town.run(run) === null && context.epoch !== wanted) {
    throw new Refused('not_found', `agent ${id} had no run of epoch ${wanted}`, run);
  }
  return run;
}

function lastByte(context: ApiContext): number | null {
  const last = context.req.header('last-event-id');
  if (last === undefined || last === '') return null;
  const byte = Number(last);
  if (Number.isSafeInteger(byte) && byte >= 0) return byte;
  throw new Refused('invalid', `"${last}" is no position in an output: send the id of an event of this stream`);
}
