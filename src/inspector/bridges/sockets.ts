/**
 * WebSockets on a host's server for the inspectors of XState: `<base>/xstate-inspect` for `@xstate/inspect` 0.8 and
 * `<base>/statelyai` for `@statelyai/inspect` 0.7. They only look, unless the address says `commands=1` and the caller
 * may operate.
 *
 * Invariants
 * - Nothing is told before the caller was judged: host, origin, access.
 * - A viewer that reads too slowly is let go; it never holds the engine up.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { coerceError, Refused } from '../../core/errors.ts';
import { parseRef } from '../../core/types.ts';
import type { Access } from '../contract.ts';
import type { InspectorSource } from '../source.ts';
import { type FeedFilter, startFeed } from './feed.ts';
import { judge, type SocketGate } from './gate.ts';
import { statelyaiListener } from './statelyai.ts';
import { loadXstate4, xstate4Listener } from './xstate4.ts';

export type SocketOptions = SocketGate & {
  /** Where the inspector is mounted, without a slash at its end. */
  readonly base: string;
  /** Ends all connections. */
  readonly closing: AbortSignal;
};

type Viewer = {
  readonly source: InspectorSource;
  readonly socket: WebSocket;
  readonly filter: FeedFilter;
  /** Whether its commands are sent on. */
  readonly commands: boolean;
};

const VIEWERS_MAX = 8;
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 256 * 1024;
/** How long a viewer may take to agree that it is over. */
const GOODBYE_MS = 500;
const TRY_LATER = 1013;
const GOING_AWAY = 1001;
const FAILED = 1011;

/** Answers upgrade requests of a server. Those to other addresses are refused when nobody else listens for them. */
export function attachInspectionSockets(server: Server, source: InspectorSource, options: SocketOptions): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
  options.closing.addEventListener('abort', () => {
    for (const socket of sockets.clients) socket.close(GOING_AWAY);
    const { clock } = source.env;
    clock.at(clock.now() + GOODBYE_MS, () => {
      for (const socket of sockets.clients) socket.terminate();
    });
  });
  server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    if (!isBelow(options.base, request) && server.listenerCount('upgrade') > 1) return;
    raw.on('error', () => raw.destroy());
    welcome(request, source, options).then(
      (answer) => {
        if (typeof answer === 'number') return refuse(raw, answer);
        if (sockets.clients.size >= VIEWERS_MAX || options.closing.aborted) return refuse(raw, 503);
        sockets.handleUpgrade(request, raw, head, (socket) => answer(socket));
      },
      () => refuse(raw, 500),
    );
  });
}

function isBelow(base: string, { url = '/' }: IncomingMessage): boolean {
  return url.startsWith(`${base}/`);
}

type Show = (socket: WebSocket) => void;

/** What to do with the connection, or the status that refuses it. */
async function welcome(
  request: IncomingMessage,
  source: InspectorSource,
  options: SocketOptions,
): Promise<Show | number> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const shows = { [`${options.base}/xstate-inspect`]: showXstate4, [`${options.base}/statelyai`]: showStatelyai };
  const show = shows[url.pathname];
  if (show === undefined) return 404;
  const access: Access | number = await judge(request, url, options);
  if (typeof access === 'number') return access;
  if (access === 'none') return 401;
  const filter = filterOf(url.searchParams, source);
  if (filter === null) return 400;
  const commands = url.searchParams.get('commands') === '1';
  if (commands && access !== 'operate') return 403;
  return (socket) => void show({ source, socket, filter, commands }).catch((thrown) => fail(source, socket, thrown));
}

function filterOf(query: URLSearchParams, { machines }: InspectorSource): FeedFilter | null {
  const machine = query.get('machine');
  const entity = query.get('entity');
  if (machine !== null && !machines.includes(machine)) return null;
  try {
    return { ...(machine === null ? {} : { machine }), ...(entity === null ? {} : { entity: parseRef(entity) }) };
  } catch {
    return null;
  }
}

async function showStatelyai({ source, socket, filter }: Viewer): Promise<void> {
  const { name, env } = source;
  const send = sender(socket);
  const stop = startFeed(source, filter, statelyaiListener({ send, name, now: () => env.clock.now() }));
  socket.on('close', stop);
}

async function showXstate4({ source, socket, filter, commands }: Viewer): Promise<void> {
  // What the viewer says while the package is loaded is kept.
  const early: string[] = [];
  let receive = (text: string): unknown => early.push(text);
  socket.on('message', (data, isBinary) => {
    if (!isBinary) receive(String(data));
  });
  const { createSession } = await loadXstate4();
  const session = createSession({
    send: sender(socket),
    command: (sessionId, event) => {
      if (commands) void command(source, sessionId, event);
    },
  });
  const stop = startFeed(source, filter, xstate4Listener(session));
  socket.on('close', stop);
  if (socket.readyState !== socket.OPEN) stop();
  receive = (text) => session.receive(text);
  for (const text of early) receive(text);
}

/** A viewer hears of what it sent when it is committed; of a refusal it hears as an event without a step. */
async function command(source: InspectorSource, to: string, event: { readonly type: string }): Promise<void> {
  try {
    await source.control?.send(parseRef(to), event, { by: 'operator:xstate-inspect' });
  } catch (thrown) {
    const refused = coerceError(thrown);
    source.env.log(
      refused instanceof Refused ? 'info' : 'error',
      `a viewer's ${event.type} to ${to}: ${refused.message}`,
    );
  }
}

function sender(socket: WebSocket): (text: string) => void {
  return (text) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.close(TRY_LATER, 'reads too slowly');
    else socket.send(text);
  };
}

function fail({ env }: InspectorSource, socket: WebSocket, thrown: unknown): void {
  env.log('error', `an inspector of XState was let go: ${coerceError(thrown).message}`);
  socket.close(FAILED, 'see the log of the town');
}

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function refuse(raw: Duplex, status: number): void {
  raw.end(`HTTP/1.1 ${status} ${phrases[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
