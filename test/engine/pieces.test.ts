/** A commit whose pieces fail halfway: made in one go first, then again without what failed. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bell, door, lamp } from './machines.ts';
import { createWorld } from './world.ts';

const machines = { door, bell, lamp };

/** A town in which opening the front door writes the door, and is then refused by its bell. */
async function withRungBell() {
  const world = await createWorld({ machines });
  const { engine, run } = world;
  await run(
    Promise.all([engine.create('door', 'front'), engine.create('bell', 'front'), engine.create('lamp', 'hall')]),
  );
  await run(engine.send('bell', 'front', { type: 'RING' }));
  return world;
}

it('P1 counts what was undone nowhere: the census, the places and the log stay of one mind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('press', 'open', 'ring'), { minLength: 1, maxLength: 12 }),
      async (acts) => {
        const { engine, run } = await withRungBell();
        const send = {
          press: () => engine.send('lamp', 'hall', { type: 'PRESS' }),
          open: () => engine.send('door', 'front', { type: 'OPEN' }),
          ring: () => engine.send('bell', 'front', { type: 'RING' }),
        };
        await run(Promise.allSettled(acts.map((act) => send[act]())));
        for (const { machine, state, count } of engine.reads.census()) {
          expect(engine.reads.queue({ machine, state, limit: 10 })).toHaveLength(count);
        }
        const log = engine.reads.log({}, { limit: 100, order: 'asc' });
        expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
        const taken = log.filter(({ entity, rejected }) => entity.machine === 'lamp' && rejected === null);
        expect(engine.get('lamp', 'hall')?.rev).toBe(taken.length);
      },
    ),
    { numRuns: 40 },
  );
});
