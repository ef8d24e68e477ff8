/** Random lives with crashes and a failing store, from seeds: whatever happens, the log tells the whole story. */
import { describe, expect, it } from 'vitest';
import { replay } from '../../src/core/replay.ts';
import { dehydrate } from '../../src/core/snapshot.ts';
import type { EffectOutcome } from '../../src/core/types.ts';
import { parseRef } from '../../src/core/types.ts';
import { errand, runner } from '../scheduler/machines.ts';
import { bell, door, lamp } from './machines.ts';
import { createWorld, type World } from './world.ts';

const machines = { lamp, door, bell, errand, runner };
const STEPS = 120;

const events: Record<string, readonly { type: string; epoch?: number }[]> = {
  lamp: [{ type: 'PRESS' }, { type: 'PRESS' }, { type: 'PRESS' }, { type: 'BREAK' }],
  door: ['OPEN', 'CLOSE', 'KNOCK', 'LOOK', 'JAM', 'SHAKE'].map((type) => ({ type })),
  bell: ['RING', 'SILENCE', 'FORGET', 'BREAK'].map((type) => ({ type })),
  errand: ['GO', 'GO', 'CALL_BACK', 'RING'].map((type) => ({ type })),
  runner: [{ type: 'START' }, { type: 'BEAT', epoch: 1 }, { type: 'BEAT', epoch: 2 }],
};

async function live(seed: number): Promise<{ world: World<typeof machines>; acknowledged: number[] }> {
  let world: World<typeof machines>;
  const walk = {
    run: ({ attempt }: { attempt: number }): Promise<EffectOutcome> => {
      const dice = world.env.random();
      if (dice < 0.2) return new Promise(() => {});
      if (dice < 0.4) return Promise.reject(new TypeError(`fell at ${attempt}`));
      return Promise.resolve({ kind: 'succeeded' });
    },
    deadlineMs: 20_000,
  };
  world = await createWorld({ machines, seed, effects: { walk, ring: walk } });
  const pick = <T>(list: readonly T[]): T => list[Math.floor(world.env.random() * list.length)] as T;
  const acknowledged: number[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const machine = pick(Object.keys(events));
    const to = { machine, id: pick(['a', 'b', 'front']) };
    const sent = world.engine.deliver({ to, event: pick(events[machine] ?? []), by: 'chance' });
    const born = world.engine.birth({ to, input: machine === 'bell' ? { watches: 'front' } : {}, by: 'chance' });
    for (const answer of [sent, born])
      answer.then(
        ({ seq }) => acknowledged.push(seq),
        () => {},
      );
    const dice = world.env.random();
    if (dice < 0.5) await world.env.pass(Math.floor(world.env.random() * 40_000));
    else if (dice < 0.55) {
      world.store.broken = null;
      world = await world.crash(Math.floor(world.env.random() * 100_000));
    } else if (dice < 0.6) world.env.jump(3_600_000);
    else world.store.broken = dice < 0.65 ? 'the disk is full' : null;
  }
  world.store.broken = null;
  await world.env.pass(600_000);
  return { world, acknowledged };
}

describe('a random life', () => {
  it.each(Array.from({ length: 25 }, (_, index) => index + 1))('R1 of seed %i is told by its log', async (seed) => {
    const { world, acknowledged } = await live(seed);
    const { engine } = world;
    const rows = engine.reads.log({}, { limit: 100_000, order: 'asc' });
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.every(({ at }, index) => at >= (rows[index - 1]?.at ?? 0))).toBe(true);
    expect(Math.max(...acknowledged)).toBeLessThanOrEqual(rows.length);

    const told = replay((row) => definitionOf(engine, row), rows);
    expect(told.mismatches).toEqual([]);
    for (const [text, snapshot] of told.entities) {
      const ref = parseRef(text);
      const definition = engine.definition(ref.machine);
      expect(engine.reads.entity(ref)?.snapshot).toBe(dehydrate(definition, snapshot));
    }
    expect(engine.reads.effects({ status: 'pending' }, { limit: 9 }).items).toEqual([]);
    expect(engine.reads.effects({ status: 'inflight' }, { limit: 9 }).items).toEqual([]);
    const overdue = engine.reads.timersDue(world.env.clock.now() - 1, 9);
    expect(overdue).toEqual([]);
  });
});

function definitionOf(engine: World<typeof machines>['engine'], row: number) {
  const stored = engine.reads.definition(row);
  return stored ? engine.definition(stored.machine) : null;
}
