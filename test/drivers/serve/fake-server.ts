/** A server of kilo's and opencode's API that a test plays, behind a virtual host. */

import { FakeProcess } from '../fake-process.ts';
import type { VirtualHost } from '../virtual-host.ts';

export const SESSION = 'ses_1';

const TEXT = { id: 'prt', type: 'text', text: 'It is made.', time: { start: 1, end: 2 } };

type Message = { info: Record<string, unknown>; parts: object[] };
type Call = { readonly path: string; readonly body: Record<string, unknown> };

export class FakeServer {
  readonly calls: Call[] = [];
  readonly processes: FakeProcess[] = [];
  messages: Message[] = [];
  statuses: Record<string, object> = {};
  permissions: object[] = [];
  sessions = new Set<string>([]);
  /** Where the sessions were made. */
  directory = '/town/worktree';
  mcp: object = { town: { status: 'connected' } };
  /** Called with the id and the text of each prompt, before it is answered with 204. */
  onPrompt: (id: string, text: string) => void = () => {};
  onStart: (process: FakeProcess) => void = (process) => process.say('kilo server listening on http://127.0.0.1:4444');
  /** Takes a call over; undefined lets it go on. */
  onCall: (path: string) => Promise<Response> | undefined = () => undefined;
  feeds = 0;
  readonly #host: VirtualHost;
  #feed: ReadableStreamDefaultController<Uint8Array> | null = null;
  #count = 0;

  constructor(host: VirtualHost) {
    this.#host = host;
    host.onSpawn = (order) => {
      const process = new FakeProcess(order);
      process.ended.then(() => this.breakFeed());
      this.processes.push(process);
      this.onStart(process);
      return process;
    };
    host.onFetch = (url, init) => this.#answer(url, init);
  }

  emit(type: string, properties: object): void {
    const event = { id: 'evt', type, properties: { sessionID: SESSION, ...properties } };
    this.#feed?.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
  }

  /** The stream ends; the server lives. */
  breakFeed(): void {
    this.#feed?.close();
    this.#feed = null;
  }

  /** A prompt is taken and worked on. */
  take(id: string): void {
    this.statuses[SESSION] = { type: 'busy' };
    this.messages.push({ info: { id, role: 'user' }, parts: [] });
    this.emit('message.updated', { info: { id, role: 'user' } });
    this.emit('session.status', { status: { type: 'busy' } });
  }

  /** A whole assistant message that answers the prompt. */
  answer(promptId: string, info: object = {}, parts: object[] = [TEXT]): void {
    this.#count += 1;
    const tokens = { input: 100, output: 20, reasoning: 0, cache: { read: 0, write: 0 } };
    const full = {
      id: `msg_a${this.#count}`,
      role: 'assistant',
      parentID: promptId,
      finish: 'stop',
      tokens,
      cost: 0.25,
    };
    const message = { info: { ...full, time: { created: 1, completed: 2 }, ...info }, parts };
    this.messages.push(message);
    this.emit('message.updated', { info: message.info });
  }

  idle(): void {
    delete this.statuses[SESSION];
    this.emit('session.status', { status: { type: 'idle' } });
    this.emit('session.idle', {});
  }

  posts(end: string): Call[] {
    return this.calls.filter(({ path }) => path.endsWith(end));
  }

  async #answer(url: URL, init: RequestInit): Promise<Response> {
    const path = url.pathname;
    if (this.processes.length > 0 && this.processes.every(({ killed }) => killed.length > 0))
      throw new TypeError('refused');
    const taken = this.onCall(path);
    if (taken !== undefined) return taken;
    if (path === '/event') return this.#openFeed();
    if (init.method === 'POST') this.calls.push({ path, body: JSON.parse(String(init.body ?? '{}')) });
    if (path === '/global/health') return Response.json({ healthy: true, version: '7.7.7' });
    if (path === '/mcp') return Response.json(this.mcp);
    if (path === '/permission') return Response.json(this.permissions);
    if (path === '/question') return Response.json([]);
    if (path === '/session/status') return Response.json(this.statuses);
    if (path === '/session') {
      this.sessions.add(SESSION);
      return Response.json({ id: SESSION });
    }
    if (path.endsWith('/message')) return Response.json(this.messages);
    if (path.includes('/message/')) return new Response(null, { status: this.#has(path) ? 200 : 404 });
    if (path.endsWith('/prompt_async')) return this.#prompt();
    const session = /^\/session\/([^/]+)$/.exec(path)?.[1];
    if (session !== undefined && !this.sessions.has(session)) return new Response('{}', { status: 404 });
    if (session !== undefined) return Response.json({ id: session, directory: this.directory });
    return Response.json(true);
  }

  #has(path: string): boolean {
    return this.messages.some(({ info }) => path.endsWith(`/${String(info.id)}`));
  }

  #prompt(): Response {
    const { messageID, parts } = (this.calls.at(-1)?.body ?? {}) as { messageID: string; parts: { text: string }[] };
    this.#host.after(0, () => this.onPrompt(messageID, parts[0]?.text ?? ''));
    return new Response(null, { status: 204 });
  }

  #openFeed(): Response {
    this.feeds += 1;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#feed = controller;
        controller.enqueue(new TextEncoder().encode('data: {"type":"server.connected","properties":{}}\n\n'));
      },
      cancel: () => {
        this.#feed = null;
      },
    });
    return new Response(body);
  }
}
