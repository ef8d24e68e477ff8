/** The smallest use of the inspector in another program: a line for its pages, and one for the inspectors of XState. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { setup } from 'xstate';
import { createEngine } from '../../src/engine/engine.ts';
import { inspectorSockets } from '../../src/inspector/bridges/engine-sockets.ts';
import { inspector } from '../../src/inspector/mount.ts';

const light = setup({ types: { events: {} as { type: 'PRESS' } }, delays: { burning: 60_000 } }).createMachine({
  id: 'light',
  initial: 'off',
  states: {
    off: { on: { PRESS: 'on' } },
    on: { on: { PRESS: 'off' }, after: { burning: 'off' } },
  },
});

/** An app of one's own with an engine of one's own, and the inspector below `/inspector`. */
export async function lightHouse(file: string) {
  const engine = createEngine({ machines: { light }, file });
  await engine.start();
  await engine.create('light', 'kitchen');

  const app = new Hono();
  app.post('/press', async (context) => context.json(await engine.send('light', 'kitchen', { type: 'PRESS' })));
  app.route('/inspector', inspector(engine));
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  inspectorSockets(server, engine);
  return { app, engine, server };
}
