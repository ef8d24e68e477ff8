/** The live log: nothing is missed, nothing comes twice, wherever a listener comes back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEventStream } from '../../src/http/event-stream.ts';
import { openLogFeed } from '../../src/http/log-feed.ts';
import { decided, type Harness, HOST, harness, type Json, OPERATOR } from './harness.ts';

let api: Harness;
beforeEach(async () => {
  api = await harness({ beads: ['b1', 'b2'], agentCount: 0 });
});
afterEach(() => api[Symbol.asyncDispose]());

type Told = { readonly id: number; readonly data: Json };

/** A listener that reads when it is told to. */
class Listener {
  readonly told: Told[] = [];
  readonly comments: string[] = [];
  ended = false;
  lastId = '';
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  static async open(path: string, headers: Record<string, string> = {}): Promise<Listener> {
    const init = { headers: { host: HOST, authorization: `Bearer ${OPERATOR}`, ...headers } };
    const answer = await api.app.request(new Request(`http://${HOST}/api/v1${path}`, init));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    if (!answer.body) throw new Error('a stream should have a body');
    return new Listener(answer.body);
  }

  /** Takes what is there. */
  async take(): Promise<void> {
    for (;;) {
      const read = this.#reader.read();
      let part: Awaited<typeof read> | undefined;
      read.then((arrived) => {
        part = arrived;
        this.#note(arrived);
      });
      for (let turns = 0; part === undefined && turns < 3; turns += 1) await api.world.settle();
      if (part === undefined || part.done) return;
    }
  }

  close = () => this.#reader.cancel();
  seqs = () => this.told.map(({ id }) => id);

  #note({ done, value }: { done: boolean; value?: Uint8Array }): void {
    this.ended = done;
    for (const block of new TextDecoder().decode(value).split('\n\n')) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
      this.lastId = field('id') ?? this.lastId;
      if (block.startsWith(':')) this.comments.push(block);
      const data = field('data');
      if (data !== undefined) this.told.push({ id: Number(this.lastId), data: JSON.parse(data) as Json });
    }
  }
}

const head = () => api.world.town.status().seq;
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Makes `count` log rows. */
async function make(count: number): Promise<void> {
  for (let times = 0; times < count; times += 1) {
    await decided(api.world, api.world.town.send({ machine: 'bead', id: 'b1' }, { type: 'RESET' }));
  }
}

describe('the stream', () => {
  it('tells what happens from now on, each row with its position', async () => {
    const listener = await Listener.open('/stream');
    const before = head();
    await api.post('/beads/b2/hold', { reason: 'wait' });
    await listener.take();
    expect(listener.told).toEqual([
      {
        id: before + 1,
        data: expect.objectContaining({
          ...{ seq: before + 1, entity: 'bead/b2', by: 'operator', before: 'open.ready', after: 'open.held' },
          ...{ event: { type: 'HOLD', reason: 'wait' }, rejected: null },
        }),
      },
    ]);
    await listener.close();
  });

  it('replays the log from a position and goes on live, without a gap and without a twin', async () => {
    await make(1_200);
    const listener = await Listener.open('/stream?from=0');
    await make(3);
    await listener.take();
    await make(5);
    await listener.take();
    expect(listener.seqs()).toEqual(upTo(head()));
  });

  it('goes on after the last event that was seen, wherever a listener was cut off', async () => {
    await make(20);
    const seen: number[] = [];
    let last = '';
    for (let times = 0; times < 6; times += 1) {
      const listener = await Listener.open('/stream?from=0', last === '' ? {} : { 'last-event-id': last });
      await make(times);
      await listener.take();
      await listener.close();
      await make(2);
      seen.push(...listener.seqs());
      last = listener.lastId;
    }
    expect(seen).toEqual(upTo(Number(last)));
    expect(Number(last)).toBe(head() - 2);
  });

  it('tells of one machine or one entity only, and still moves on past the others', async () => {
    const one = await Listener.open('/stream?from=0&entity=bead/b2');
    const machine = await Listener.open('/stream?from=0&machine=bead');
    await make(2);
    await api.post('/beads/b2/hold');
    await one.take();
    await machine.take();
    expect(one.told.map(({ data }) => [data.entity, (data.event as Json).type])).toEqual([
      ['bead/b2', 'xstate.init'],
      ['bead/b2', 'HOLD'],
    ]);
    expect(new Set(machine.told.map(({ data }) => data.entity))).toEqual(new Set(['bead/b1', 'bead/b2']));
    await make(1);
    await api.world.pass(15_000);
    await one.take();
    expect(one.comments).toHaveLength(1);
    expect(Number(one.lastId)).toBe(head());
  });

  it('refuses positions that the log has not', async () => {
    expect((await api.get(`/stream?from=${head() + 1}`)).status).toBe(422);
    const headers = { 'last-event-id': 'yesterday' };
    expect((await api.get('/stream', { headers })).status).toBe(422);
  });

  it('ends when the server closes', async () => {
    const listener = await Listener.open('/stream');
    api.close();
    await listener.take();
    expect(listener.ended).toBe(true);
    expect((await api.get('/stream')).status).toBe(503);
  });

  it('keeps a slow listener waiting at a bounded cost, then lets it go; it resumes where it was', async () => {
    const { town, env } = api.world;
    const big = { type: 'RESET', reason: 'x'.repeat(4_000) };
    for (let times = 0; times < 200; times += 1) {
      await decided(api.world, town.send({ machine: 'bead', id: 'b1' }, big));
    }
    const closing = new AbortController().signal;
    let closed = 0;
    const onClose = () => {
      closed += 1;
    };
    const open = (onNews: () => void) => openLogFeed({ followed: town, filter: {}, from: 0, onNews });
    const stream = openEventStream({ env, open, closing, onClose });
    const slow = new Listener(stream);
    await make(50);
    await api.world.pass(45_000);
    expect(closed).toBe(1);
    await slow.take();
    expect(slow.ended).toBe(true);
    expect(slow.told.length).toBeLessThan(head());
    const again = await Listener.open('/stream', { 'last-event-id': slow.lastId });
    await again.take();
    expect([...slow.seqs(), ...again.seqs()]).toEqual(upTo(head()));
  });

  it('is refused beyond 64 at a time, and let in again when one leaves', async () => {
    const listeners: Listener[] = [];
    for (let times = 0; times < 64; times += 1) listeners.push(await Listener.open('/stream'));
    expect((await api.get('/stream')).status).toBe(503);
    await listeners[0]?.close();
    await (await Listener.open('/stream')).close();
  });
});
