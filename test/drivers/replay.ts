/**
 * Plays a recording of a real runtime to a driver. What the runtime did comes at its recorded time, but never before
 * the driver did what came before it: each start and
 * end of a process and each prompt is waited for.
 */
import { readFileSync } from 'node:fs';
import type { DriverProcess, LineListener, ProcessEnd } from '../../src/drivers/host.ts';
import { parseObject, textAt } from '../../src/drivers/json.ts';
import type { Moment } from './recording.ts';
import type { VirtualHost } from './virtual-host.ts';

type Played = {
  listener: LineListener | null;
  readonly kept: Parameters<LineListener>[];
  readonly end: (end: ProcessEnd) => void;
};

export function readRecording(path: string | URL): Moment[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Moment);
}

/** What only the driver makes happen. */
const isAnchor = (moment: Moment) =>
  moment.kind === 'spawn' || moment.kind === 'end' || (moment.kind === 'answer' && moment.prompt !== '');

export class Replay {
  readonly #host: VirtualHost;
  readonly #moments: readonly Moment[];
  readonly #processes = new Map<number, Played>();
  readonly #prompts = new Map<string, string>();
  readonly #stop: () => void;
  #feed: ReadableStreamDefaultController<Uint8Array> | null = null;
  #next = 0;
  /** Recorded time minus virtual time. */
  #shift = 0;
  #cancel: () => void = () => {};
  #asked = 0;

  constructor(host: VirtualHost, moments: readonly Moment[], stop: () => void) {
    this.#host = host;
    this.#moments = moments;
    this.#stop = stop;
    host.onSpawn = () => this.#spawn();
    host.onFetch = async (url, init) => this.#fetch(url, init);
    host.work = () => this.#work();
  }

  #spawn(): DriverProcess {
    const id = this.#processes.size + 1;
    let finish: (end: ProcessEnd) => void = () => {};
    const ended = new Promise<ProcessEnd>((resolve) => {
      finish = resolve;
    });
    const played: Played = { listener: null, kept: [], end: finish };
    this.#processes.set(id, played);
    this.#reach((moment) => moment.kind === 'spawn' && moment.process === id, `process ${id}`);
    return {
      ended,
      write: () => {},
      closeInput: () => this.#asksToEnd(id, null),
      kill: (signal) => this.#asksToEnd(id, signal),
      onLine(listener) {
        played.listener = listener;
        for (const [line, from] of played.kept.splice(0)) listener(line, from);
      },
    };
  }

  /** The end comes as it was recorded; when it was not, at once. */
  #asksToEnd(id: number, signal: string | null): void {
    const ends = (moment: Moment) => moment.kind === 'end' && moment.process === id;
    if (this.#moments.some((moment, index) => index >= this.#next && ends(moment))) this.#reach(ends, `end of ${id}`);
    else if (signal !== null) this.#exit(id, { code: null, signal });
  }

  #exit(id: number, end: ProcessEnd): void {
    this.#processes.get(id)?.end(end);
    this.#closeFeed();
  }

  #closeFeed(): void {
    this.#feed?.close();
    this.#feed = null;
  }

  /** The driver did what the recording waited for: what came before it comes now. */
  #reach(wanted: (moment: Moment) => boolean, what: string): void {
    const at = this.#moments.findIndex((moment, index) => index >= this.#next && wanted(moment));
    const anchor = this.#moments[at];
    if (anchor === undefined) throw new RangeError(`the driver does more than was recorded: ${what}`);
    while (this.#next < at) this.#play();
    this.#next = at + 1;
    this.#shift = anchor.at - this.#host.now();
    this.#arm();
  }

  #arm(): void {
    this.#cancel();
    const next = this.#moments[this.#next];
    if (next === undefined || isAnchor(next)) return;
    this.#cancel = this.#host.after(Math.max(0, next.at - this.#shift - this.#host.now()), () => {
      this.#play();
      this.#arm();
    });
  }

  #play(): void {
    const moment = this.#moments[this.#next];
    this.#next += 1;
    if (moment?.kind === 'line') this.#line(moment);
    else if (moment?.kind === 'exit') this.#exit(moment.process, moment.end);
    else if (moment?.kind === 'event') this.#event(moment.data);
    else if (moment?.kind === 'stop') this.#stop();
  }

  #line({ process, from, line }: Moment & { kind: 'line' }): void {
    const played = this.#processes.get(process);
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    if (played?.listener) played.listener(text, from);
    else played?.kept.push([text, from]);
  }

  #event(data: unknown): void {
    if (textAt(data, 'type') === 'server.connected') return;
    this.#feed?.enqueue(new TextEncoder().encode(`data: ${this.#translate(JSON.stringify(data))}\n\n`));
  }

  /** Ids of prompts are the driver's, so they differ from the recorded ones. */
  #translate(text: string): string {
    let result = text;
    for (const [recorded, now] of this.#prompts) result = result.replaceAll(recorded, now);
    return result;
  }

  #fetch({ pathname }: URL, init: RequestInit): Response {
    if (pathname === '/event') return this.#openFeed();
    const method = init.method ?? 'GET';
    const prompt = textAt(parseObject(String(init.body ?? '')), 'messageID');
    if (prompt !== '') {
      const sent = (moment: Moment) => moment.kind === 'answer' && moment.prompt !== '';
      const recorded = this.#moments.find((moment, index) => index >= this.#next && sent(moment));
      this.#reach(sent, 'a prompt');
      if (recorded?.kind === 'answer') this.#prompts.set(recorded.prompt, prompt);
    }
    const now = this.#host.now() + this.#shift;
    const all = this.#moments.filter((moment) => moment.kind === 'answer' && moment.method === method);
    const same = all.filter((moment) => moment.kind === 'answer' && this.#translate(moment.path) === pathname);
    const found = same.findLast(({ at }) => at <= now) ?? same[0];
    if (found?.kind !== 'answer') throw new TypeError(`nobody answers ${method} ${pathname}`);
    const body = typeof found.body === 'string' ? found.body : JSON.stringify(found.body);
    return new Response(body === '' ? null : this.#translate(body), { status: found.status });
  }

  #openFeed(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#feed = controller;
        controller.enqueue(new TextEncoder().encode('data: {"type":"server.connected","properties":{}}\n\n'));
      },
      cancel: () => {
        this.#feed = null;
      },
    });
    return new Response(body, { status: 200 });
  }

  #work() {
    const states = this.#moments.filter((moment) => moment.kind === 'work');
    const state = states[Math.min(this.#asked, states.length - 1)];
    this.#asked += 1;
    return state?.kind === 'work' ? state.state : 'none';
  }
}
