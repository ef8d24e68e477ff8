/**
 * The smallest use of the engine as a library: a light that goes out by itself, also when its process ended meanwhile.
 */
import { setup } from 'xstate';
import { createEngine } from '../../src/engine/engine.ts';

const light = setup({ types: { events: {} as { type: 'PRESS' } }, delays: { burning: 300 } }).createMachine({
  id: 'light',
  initial: 'off',
  states: {
    off: { on: { PRESS: 'on' } },
    on: { on: { PRESS: 'off' }, after: { burning: 'off' } },
  },
});

/** Presses the switch and goes away. The state, its timer and the log are in the file. */
export async function pressAndLeave(file: string, say: (line: string) => void): Promise<void> {
  await using engine = createEngine({ machines: { light }, file });
  await engine.start();
  await engine.create('light', 'kitchen');
  const { state } = await engine.send('light', 'kitchen', { type: 'PRESS' });
  say(`the light is ${state}`);
}

/** Comes back, in another process or after a power cut, and sees the light go out. */
export async function comeBack(file: string, say: (line: string) => void): Promise<void> {
  await using engine = createEngine({ machines: { light }, file });
  await engine.start();
  await new Promise<void>((out) => {
    const look = () => engine.get('light', 'kitchen')?.state === 'off' && out();
    engine.subscribe(look);
    look();
  });
  for (const { event, before, after } of engine.reads.log({}, { limit: 10, order: 'asc' })) {
    say(`${event.type}: ${before || '(nothing)'} → ${after}`);
  }
}
