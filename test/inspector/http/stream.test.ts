/** The live stream: every commit once, in order; the counts instead of too many; resumed without a gap. */
import { expect, test } from 'vitest';
import type { StreamMessage } from '../../../src/inspector/contract-stream.ts';
import { type InspectorWorld, inspectorWorld } from '../world.ts';

type Told = { readonly id: number; readonly message: StreamMessage };

class Listener {
  readonly told: Told[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #world: InspectorWorld;
  #text = '';

  constructor(world: InspectorWorld, response: Response) {
    this.#world = world;
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
    void this.#read();
  }

  static async open(world: InspectorWorld, from: number, headers: Record<string, string> = {}): Promise<Listener> {
    const response = await world.ask(`/api/stream?from=${from}`, { headers });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    return new Listener(world, response);
  }

  async settle(): Promise<readonly Told[]> {
    for (let turns = 0; turns < 20; turns += 1) await this.#world.env.settle();
    return this.told;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
      this.#text += decoder.decode(part.value);
      const events = this.#text.split('\n\n');
      this.#text = events.pop() ?? '';
      for (const event of events) {
        const [, id] = /^id: (\d+)$/m.exec(event) ?? [];
        const [, data] = /^data: (.*)$/m.exec(event) ?? [];
        if (id && data) this.told.push({ id: Number(id), message: JSON.parse(data) as StreamMessage });
      }
    }
  }
}

test('each commit comes once, with what was left and entered, and a listener resumes where it was', async () => {
  const world = await inspectorWorld();
  const { engine, run } = world;
  await run(engine.create('job', 'a', { name: 'Walls' }));
  const listener = await Listener.open(world, 0);
  await run(engine.send('job', 'a', { type: 'HOLD' }, { reason: 'rain' }));
  const told = await listener.settle();
  expect(told.map(({ id, message }) => [id, message.kind])).toEqual([
    [1, 'commit'],
    [2, 'commit'],
  ]);
  expect(told[1]?.message).toEqual({
    kind: 'commit',
    line: expect.objectContaining({ seq: 2, title: 'Walls', event: 'HOLD', reason: 'rain' }),
    left: ['open.ready'],
    entered: ['open.held'],
  });
  await listener.close();
  await run(engine.send('job', 'a', { type: 'GO' }));
  const again = await Listener.open(world, 0, { 'last-event-id': '2' });
  await run(engine.send('job', 'a', { type: 'RESET' }));
  expect((await again.settle()).map(({ id }) => id)).toEqual([3, 4]);
  expect((await world.ask('/api/stream?from=99')).status).toBe(422);
});

test('when too much happens to be followed, the counts come instead, and after it the commits again', async () => {
  const world = await inspectorWorld();
  const { engine, run, env } = world;
  await run(engine.create('job', 'a', { name: 'Walls' }));
  const listener = await Listener.open(world, 1);
  const burst = Array.from({ length: 500 }, (_, n) => engine.create('job', `x${n}`, { name: `Brick ${n}` }));
  await run(Promise.all(burst));
  const sampled = [...(await listener.settle())];
  expect(sampled.map(({ message }) => message.kind)).toEqual(['sample']);
  expect(sampled[0]).toMatchObject({
    id: 501,
    message: { seq: 501, rows: 500, machines: [{ machine: 'job', counts: [{ state: 'open.ready', count: 501 }] }] },
  });
  await env.pass(2_000);
  await run(engine.send('job', 'a', { type: 'HOLD' }));
  const told = await listener.settle();
  expect(told.slice(1).map(({ id, message }) => [id, message.kind])).toEqual([[502, 'commit']]);
});
