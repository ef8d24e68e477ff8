/** W1 on the engine: each item is claimed, worked on with three heartbeats, and closed; so many at a time. */

import type { EffectOutcome } from '../../src/core/types.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { observe } from '../engine/observe.ts';
import { item, lantern, sleeper, worker } from './machines.ts';

const machines = { item, worker, sleeper, lantern };
export type BenchEngine = Engine<typeof machines>;

const done: EffectOutcome = { kind: 'succeeded' };
/** Events from outside that one item takes; with the two messages that they cause these are 8 transitions. */
export const EVENTS = 6;

export type Opened = { readonly engine: BenchEngine; commits(): number; close(): Promise<void> };

export async function openBench(file: string, synchronous: 'full' | 'normal' = 'full'): Promise<Opened> {
  const env = createSystemEnv();
  const store = observe(openSqlite({ file, env, synchronous }));
  const engine = createEngine({
    machines,
    store,
    env,
    effects: { launch: { run: async () => done, concurrency: 1_000 } },
  });
  await engine.start();
  return {
    engine,
    commits: () => store.commits,
    close: async () => {
      await engine.stop();
      store.close();
    },
  };
}

/** Births in large commits. */
export async function fill(
  engine: BenchEngine,
  names: { machine: 'item' | 'worker' | 'lantern'; prefix: string; count: number },
): Promise<void> {
  const { machine, prefix, count } = names;
  const piece = 5_000;
  for (let from = 0; from < count; from += piece) {
    const ids = Array.from({ length: Math.min(piece, count - from) }, (_, index) => `${prefix}${from + index}`);
    const birth = (id: string) => engine.birth({ to: { machine, id }, input: { title: `Item ${id}` }, by: 'bench' });
    await Promise.all(ids.map(birth));
  }
}

/** Works the items off, `width` at a time. Returns the seconds that it took. */
export async function work(
  engine: BenchEngine,
  run: { prefix: string; count: number; width: number },
): Promise<number> {
  const { prefix, count, width } = run;
  let next = 0;
  const begin = performance.now();
  const one = async (hand: string) => {
    const to = { machine: 'worker', id: hand };
    const send = (event: { type: string; item?: string; epoch?: number }) => engine.deliver({ to, event, by: 'bench' });
    let epoch = engine.get('worker', hand)?.context.epoch ?? 0;
    while (next < count) {
      const id = `${prefix}${next}`;
      next += 1;
      epoch += 1;
      await send({ type: 'START', item: id });
      for (let beat = 0; beat < 3; beat += 1) await send({ type: 'BEAT', epoch });
      await send({ type: 'EXIT' });
      await send({ type: 'RESET' });
    }
  };
  await Promise.all(Array.from({ length: width }, (_, index) => one(`w${index}`)));
  return (performance.now() - begin) / 1_000;
}
