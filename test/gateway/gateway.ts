/**
 * A gateway for tests on loopback: it speaks the streaming APIs of OpenAI (chat, responses) and Anthropic and plays
 * a script, failures included. Each script has a URL of its own, so that many agents share one gateway.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { messagesStream, messagesWhole, offeredInMessages } from './anthropic.ts';
import { ANONYMOUS, answerOfKilo, isPublicOfKilo, MODELS, paidModel } from './kilo.ts';
import { chatStream, chatWhole, offeredInChat } from './openai-chat.ts';
import { offeredInResponses, responsesStream } from './openai-responses.ts';
import { type Answer, GOOD_KEY, MODEL, type Offered, type Reply, toAnswer } from './replies.ts';

type Script = {
  readonly replies: readonly Reply[];
  calls: number;
  /** The body of each call with tools, as it came. */
  readonly heard: string[];
  readonly waiting: (() => void)[];
};

export type Gateway = {
  /** Starts a script: the n-th call with tools gets the n-th reply, the last one is repeated. Returns its URL. */
  play(name: string, replies: readonly Reply[]): string;
  /** Resolves when the script has had that many calls. */
  reached(name: string, calls: number): Promise<void>;
  calls(name: string): number;
  /** What each call with tools said: all messages of its conversation, as JSON. */
  heard(name: string): readonly string[];
  /** The gateway as a proxy of HTTP, for runtimes that would leave this machine: it lets nothing through. */
  readonly proxy: string;
  /** Hosts that the proxy was asked for, and paths that nobody plays, since the last time: none, if all is well. */
  strays(): readonly string[];
  close(): Promise<void>;
};

type Dialect = {
  readonly offered: (body: never) => Offered[];
  readonly stream: (answer: Answer, at: { model: string; call: number }) => string[];
  readonly whole: (answer: Answer, at: { model: string; call: number }) => object;
};

const DIALECTS: readonly (readonly [string, Dialect])[] = [
  ['/chat/completions', { offered: offeredInChat, stream: chatStream, whole: chatWhole }],
  ['/responses', { offered: offeredInResponses, stream: responsesStream, whole: () => ({}) }],
  ['/messages', { offered: offeredInMessages, stream: messagesStream, whole: messagesWhole }],
];

export async function startGateway(): Promise<Gateway> {
  const scripts = new Map<string, Script>();
  const strays: string[] = [];
  const stray = (what: string) => void strays.push(what);
  const server = createServer((request, response) => {
    response.on('error', () => {});
    answerRequest({ scripts, stray }, request, response).catch(() => response.destroy());
  });
  server.on('connect', (request, socket) => {
    stray(request.url ?? '');
    socket.on('error', () => {});
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    play(name, replies) {
      scripts.set(name, { replies, calls: 0, heard: [], waiting: scripts.get(name)?.waiting ?? [] });
      return `${origin}/${name}`;
    },
    calls: (name) => scripts.get(name)?.calls ?? 0,
    heard: (name) => scripts.get(name)?.heard ?? [],
    proxy: origin,
    strays: () => strays.splice(0),
    async reached(name, calls) {
      for (let script = scripts.get(name); script && script.calls < calls; script = scripts.get(name)) {
        const { waiting } = script;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Plays = { readonly scripts: ReadonlyMap<string, Script>; readonly stray: (what: string) => void };

async function answerRequest({ scripts, stray }: Plays, request: IncomingMessage, response: ServerResponse) {
  const { pathname: path, host } = new URL(request.url ?? '/', 'http://gateway');
  const script = scripts.get(path.split('/')[1] ?? '');
  const nobody = (what: string) => {
    stray(`${request.method} ${request.url}`);
    return json(response, 404, { error: { message: what } });
  };
  if (host !== 'gateway' || script === undefined) return nobody('No such script');
  const first = script.replies[0];
  const isKilo = path.includes('/api/');
  if (isKilo && isPublicOfKilo(path)) return json(response, 200, MODELS);
  const key = keyOf(request);
  if (key !== GOOD_KEY) return refuse(response, isKilo && key === ANONYMOUS);
  const told = isKilo ? answerOfKilo(path) : null;
  if (told !== null) return json(response, 200, told);
  if (path.endsWith('/models')) return first?.kind === 'status' ? fail(response, first) : json(response, 200, MODELS);
  if (path.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 10 });
  const dialect = DIALECTS.find(([end]) => path.endsWith(end))?.[1];
  if (dialect === undefined) return nobody(`No such path: ${path}`);
  const said = await text(request);
  const body = JSON.parse(said) as { model?: string; stream?: boolean };
  const model = body.model ?? '';
  if (model !== MODEL)
    return fail(response, { kind: 'status', status: 404, message: `The model ${model} does not exist` });
  await play({ script, dialect, said, body, model }, response);
}

function refuse(response: ServerResponse, isAnonymous: boolean): void {
  json(response, 401, isAnonymous ? paidModel : { error: { type: 'gateway_error', message: 'Invalid API key' } });
}

type Call = { script: Script; dialect: Dialect; said: string; body: { stream?: boolean }; model: string };

async function play({ script, dialect, said, body, model }: Call, response: ServerResponse) {
  const offered = dialect.offered(body as never);
  const first = script.replies[0] ?? { kind: 'say', text: 'Nothing to say.' };
  let reply: Reply = first.kind === 'status' ? first : { kind: 'say', text: 'A title' };
  if (offered.length > 0) {
    reply = script.replies[Math.min(script.calls, script.replies.length - 1)] ?? first;
    script.calls += 1;
    script.heard.push(said);
    for (const resolve of script.waiting.splice(0)) resolve();
  }
  const at = { model, call: script.calls };
  const answer = toAnswer(reply, offered);
  if (answer === null) return misbehave(response, { reply, dialect, at });
  if (body.stream !== true) return json(response, 200, dialect.whole(answer, at));
  begin(response);
  for (const line of dialect.stream(answer, at)) response.write(line);
  response.end();
}

type Misbehaviour = { reply: Reply; dialect: Dialect; at: { model: string; call: number } };

function misbehave(response: ServerResponse, { reply, dialect, at }: Misbehaviour): void {
  if (reply.kind === 'status') {
    fail(response, reply);
    return;
  }
  if (reply.kind === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in.</body></html>');
    return;
  }
  if (reply.kind === 'hang' && reply.after === 'nothing') return;
  begin(response);
  response.flushHeaders();
  if (reply.kind === 'hang' && reply.after === 'headers') return;
  const lines = dialect.stream({ kind: 'text', text: 'I begin, and', finish: 'stop' }, at);
  response.write(lines.slice(0, 2).join(''), () => {
    if (reply.kind === 'cut') response.destroy();
  });
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
}

function fail(response: ServerResponse, reply: Reply & { kind: 'status' }): void {
  json(
    response,
    reply.status,
    { type: 'error', error: { type: 'gateway_error', message: reply.message } },
    reply.headers,
  );
}

function json(
  response: ServerResponse,
  ...[status, body, headers]: [number, object, Readonly<Record<string, string>>?]
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function keyOf(request: IncomingMessage): string {
  const { authorization = '', 'x-api-key': key } = request.headers;
  return typeof key === 'string' ? key : authorization.replace(/^Bearer /, '');
}
