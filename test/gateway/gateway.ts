/**
 * A gateway for tests on loopback: it speaks the streaming APIs of OpenAI (chat, responses) and Anthropic and plays
 * a script, failures included. Each script has a URL of its own, so that many agents share one gateway.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { messagesStream, messagesWhole, offeredInMessages } from './anthropic.ts';
import { chatStream, chatWhole, offeredInChat } from './openai-chat.ts';
import { offeredInResponses, responsesStream } from './openai-responses.ts';
import { type Answer, GOOD_KEY, MODEL, type Offered, type Reply, toAnswer } from './replies.ts';

type Script = { readonly replies: readonly Reply[]; calls: number; readonly waiting: (() => void)[] };

export type Gateway = {
  /** Starts a script: the n-th call with tools gets the n-th reply, the last one is repeated. Returns its URL. */
  play(name: string, replies: readonly Reply[]): string;
  /** Resolves when the script has had that many calls. */
  reached(name: string, calls: number): Promise<void>;
  calls(name: string): number;
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
  const server = createServer((request, response) => {
    response.on('error', () => {});
    answerRequest(scripts, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    play(name, replies) {
      scripts.set(name, { replies, calls: 0, waiting: [] });
      return `${origin}/${name}`;
    },
    calls: (name) => scripts.get(name)?.calls ?? 0,
    async reached(name, calls) {
      const script = scripts.get(name);
      while (script && script.calls < calls) await new Promise<void>((resolve) => script.waiting.push(resolve));
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerRequest(scripts: Map<string, Script>, request: IncomingMessage, response: ServerResponse) {
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  const script = scripts.get(path.split('/')[1] ?? '');
  if (script === undefined) return fail(response, { kind: 'status', status: 404, message: 'No such script' });
  const first = script.replies[0];
  if (keyOf(request) !== GOOD_KEY) return fail(response, { kind: 'status', status: 401, message: 'Invalid API key' });
  if (path.endsWith('/models')) {
    if (first?.kind === 'status') return fail(response, first);
    return json(response, 200, { object: 'list', data: [{ id: MODEL, object: 'model' }] });
  }
  if (path.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 10 });
  const dialect = DIALECTS.find(([end]) => path.endsWith(end))?.[1];
  if (dialect === undefined) return json(response, 404, { error: { message: `No such path: ${path}` } });
  const body = JSON.parse(await text(request)) as { model?: string; stream?: boolean };
  const model = body.model ?? '';
  if (model !== MODEL)
    return fail(response, { kind: 'status', status: 404, message: `The model ${model} does not exist` });
  await play({ script, dialect, body, model }, response);
}

type Call = { script: Script; dialect: Dialect; body: { stream?: boolean }; model: string };

async function play({ script, dialect, body, model }: Call, response: ServerResponse) {
  const offered = dialect.offered(body as never);
  const first = script.replies[0] ?? { kind: 'say', text: 'Nothing to say.' };
  let reply: Reply = first.kind === 'status' ? first : { kind: 'say', text: 'A title' };
  if (offered.length > 0) {
    reply = script.replies[Math.min(script.calls, script.replies.length - 1)] ?? first;
    script.calls += 1;
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
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function keyOf(request: IncomingMessage): string {
  const { authorization = '', 'x-api-key': key } = request.headers;
  return typeof key === 'string' ? key : authorization.replace(/^Bearer /, '');
}
