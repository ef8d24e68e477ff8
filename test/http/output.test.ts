/** The output of a run, watched: its tail, what comes, its end; whoever comes back misses nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decided, type Harness, HOST, harness, type Json, OPERATOR } from './harness.ts';

type Told = { readonly id: string; readonly data: Json };

let api: Harness;
let printed: Buffer;
let reads: number;
beforeEach(async () => {
  api = await harness({ beads: ['b1'], agentCount: 1 });
  printed = Buffer.alloc(0);
  reads = 0;
  const { container } = api.world;
  container.readOutput = (async (_: object, { fromByte, maxBytes }: { fromByte?: number; maxBytes: number }) => {
    reads += 1;
    const from = Math.min(fromByte ?? Math.max(0, printed.length - maxBytes), printed.length);
    const text = printed.subarray(from, from + maxBytes).toString('utf8');
    return { text, fromByte: from, nextByte: from + Buffer.byteLength(text), endByte: printed.length };
  }) as never;
  await api.world.settle();
  await decided(api.world, container.beat(api.world.latest()));
  await api.world.settle();
});
afterEach(() => api[Symbol.asyncDispose]());

const print = (text: string) => {
  printed = Buffer.concat([printed, Buffer.from(text)]);
};

class Watcher {
  readonly told: Told[] = [];
  ended = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    void this.#follow();
  }

  static open(query = '', headers: Record<string, string> = {}): Promise<Watcher> {
    return Watcher.at(`/api/v1/agents/p1/runs/latest/output/stream${query}`, headers);
  }

  static async at(path: string, headers: Record<string, string> = {}): Promise<Watcher> {
    const init = { headers: { host: HOST, authorization: `Bearer ${OPERATOR}`, ...headers } };
    const url = `http://${HOST}${path}`;
    const answer = await decided(api.world, api.app.request(new Request(url, init)));
    expect(answer.status).toBe(200);
    return new Watcher(answer.body as ReadableStream<Uint8Array>);
  }

  get text(): string {
    return this.told.map(({ data }) => data.text ?? '').join('');
  }

  get last(): Told | undefined {
    return this.told.at(-1);
  }

  close = () => this.#reader.cancel();

  async #follow(): Promise<void> {
    for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
      for (const block of new TextDecoder().decode(part.value).split('\n\n')) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
        const data = field('data');
        if (data === undefined) continue;
        this.told.push({ id: field('id') ?? '', data: JSON.parse(data) as Json });
      }
    }
    this.ended = true;
  }
}

describe('the output of a run, as a stream', () => {
  it('tells the tail, then what comes within a quarter of a second, then how the run ended', async () => {
    print('one\ntwo\n');
    const watcher = await Watcher.open();
    await api.world.pass(10);
    expect(watcher.told[0]).toMatchObject({ data: { run: { agent: 'p1', epoch: 1 } } });
    expect(watcher.text).toBe('one\ntwo\n');
    print('three\n');
    await api.world.pass(250);
    expect(watcher.last).toMatchObject({ id: '14', data: { from: 8, to: 14, text: 'three\n' } });
    await decided(api.world, api.world.container.exit(api.world.latest(), 1, 0));
    print('last words\n');
    await api.world.pass(2_000);
    expect(watcher.text).toBe('one\ntwo\nthree\nlast words\n');
    expect(watcher.last).toMatchObject({ data: { end: { outcome: 'failed', reason: 'ended with exit code 1' } } });
    expect(watcher.ended).toBe(true);
  });

  it('goes on where a listener was, and begins a tail at a line', async () => {
    print('first line\nsecond line\nthird\n');
    const again = await Watcher.open('', { 'last-event-id': '23' });
    const tail = await Watcher.open('?tailBytes=12');
    const none = await Watcher.open('?tailBytes=0');
    await api.world.pass(10);
    expect([again.text, tail.text, none.text]).toEqual(['third\n', 'third\n', '']);
    print('more\n');
    await api.world.pass(250);
    expect([again.text, tail.text, none.text]).toEqual(['third\nmore\n', 'third\nmore\n', 'more\n']);
  });

  it('is asked for by one poller for all who watch, seldom when it is quiet, never when nobody watches', async () => {
    const watchers = [await Watcher.open(), await Watcher.open(), await Watcher.open()];
    await api.world.pass(5_000);
    reads = 0;
    await api.world.pass(10_000);
    expect(reads).toBeLessThanOrEqual(11);
    print('x\n');
    await api.world.pass(1_000);
    expect(watchers.map(({ text }) => text)).toEqual(['x\n', 'x\n', 'x\n']);
    for (const watcher of watchers) await watcher.close();
    reads = 0;
    await api.world.pass(10_000);
    expect(reads).toBe(0);
  });

  it('shows no escape sequence, also not one that comes in two halves, unless it is asked to', async () => {
    const plain = await Watcher.open();
    const raw = await Watcher.open('?raw=true');
    print('\u001b[31mred\u001b[0m \u001b]0;ti');
    await api.world.pass(300);
    expect(plain.text).toBe('red ');
    print('tle\u0007done\u001b[');
    await api.world.pass(300);
    expect(plain.text).toBe('red done');
    await decided(api.world, api.world.container.exit(api.world.latest(), 1, 0));
    await api.world.pass(2_000);
    expect(plain.text).toBe('red done[');
    expect(raw.text).toBe('\u001b[31mred\u001b[0m \u001b]0;title\u0007done\u001b[');
    expect(plain.last?.id).toBe(String(printed.length));
  });

  it('comes in pieces, and holds back for a listener that does not read', async () => {
    print(`${'a line of forty characters, all the same\n'.repeat(40_000)}`);
    const init = { headers: { host: HOST, authorization: `Bearer ${OPERATOR}` } };
    const url = `http://${HOST}/api/v1/agents/p1/runs/1/output/stream?from=0`;
    const { body } = await api.app.request(new Request(url, init));
    reads = 0;
    await api.world.pass(1_000);
    expect(reads).toBeLessThan(12);
    await body?.cancel();
  });

  it("is there for the inspector's pages too, with the tail in the page itself", async () => {
    print('\u001b[1mone\u001b[0m\n');
    const base = '/inspector/api/entities/agent/p1';
    const headers = { host: HOST, authorization: `Bearer ${OPERATOR}` };
    const asked = api.app.request(new Request(`http://${HOST}${base}`, { headers }));
    const page = (await (await decided(api.world, asked)).json()) as Json;
    expect(page.texts).toMatchObject([{ label: 'Output of run 1', text: 'one\n', isLive: true }]);
    const watcher = await Watcher.at(`${base}/growing`);
    await api.world.pass(300);
    print('two\n');
    await api.world.pass(300);
    expect(watcher.text).toBe('one\ntwo\n');
    const none = await api.app.request(
      new Request(`http://${HOST}/inspector/api/entities/bead/b1/growing`, { headers }),
    );
    expect(none.status).toBe(404);
  });

  it('refuses a run that there never was', async () => {
    expect((await api.get('/agents/p1/runs/7/output/stream')).body.code).toBe('not_found');
    expect((await api.get('/agents/nobody/runs/latest/output')).body.code).toBe('unknown_entity');
    expect((await api.get('/agents/p1/runs/1/output/stream', { token: null })).body.code).toBe('unauthorized');
    print('0123456789');
    const piece = await api.get('/agents/p1/runs/latest/output?from=4&maxBytes=3');
    expect([piece.text, piece.headers.get('x-output-range')]).toEqual(['456', '4-7/10']);
  });
});
