/** What the compiler knows of an engine's machines. */
import { expectTypeOf, it } from 'vitest';
import type { Receipt } from '../../src/core/types.ts';
import { bell, door, lamp } from './machines.ts';
import { createWorld } from './world.ts';

it('E14 events, inputs and contexts are those of the machine that is named', async () => {
  const { engine, run } = await createWorld({ machines: { door, bell, lamp } });
  const { create, send, get } = engine;
  expectTypeOf<Parameters<typeof send<'lamp'>>[2]>().toEqualTypeOf<{ type: 'PRESS' } | { type: 'BREAK' }>();
  expectTypeOf<ReturnType<typeof send<'lamp'>>>().toEqualTypeOf<Promise<Receipt>>();
  expectTypeOf<Parameters<typeof create<'door'>>[2]>().toEqualTypeOf<{ bell?: string } | null | undefined>();
  type Door = NonNullable<ReturnType<typeof get<'door'>>>;
  expectTypeOf<Door['context']>().toEqualTypeOf<{ bell: string; opened: number }>();
  type Bell = NonNullable<ReturnType<typeof get<'bell'>>>;
  expectTypeOf<Bell['context']['seen']>().toEqualTypeOf<number>();

  await run(engine.create('lamp', 'hall'));
  // @ts-expect-error a lamp has no such event
  await run(engine.send('lamp', 'hall', { type: 'OPEN' })).catch(() => {});
  // @ts-expect-error there is no such machine
  await run(engine.create('window', 'hall')).catch(() => {});
});
