/** The feed for other inspectors: who is opened, in what order things are told, and how it ends. */
import { expect, test } from 'vitest';
import { type FeedFilter, startFeed } from '../../../src/inspector/bridges/feed.ts';
import { stateValue } from '../../../src/inspector/bridges/state-value.ts';
import { type Xstate4Session, xstate4Listener } from '../../../src/inspector/bridges/xstate4.ts';
import { engineSource } from '../../../src/inspector/engine-source.ts';
import { createSession } from '../../../src/xstate-inspect/index.ts';
import { jobDescription } from '../jobs.ts';
import { type InspectorWorld, inspectorWorld } from '../world.ts';

/** What a feed tells, a line for each. */
function listen({ engine }: InspectorWorld, filter: FeedFilter = {}) {
  const told: string[] = [];
  const redact = () => ({ name: 'hidden' });
  const source = engineSource(engine, { machines: [{ ...jobDescription, redact }] });
  const stop = startFeed(source, filter, {
    open: ({ ref, value }) => told.push(`open ${ref} ${JSON.stringify(value)}`),
    step: ({ ref, value, rev, context }, { event }) =>
      told.push(`${ref} #${rev} ${event.type} ${JSON.stringify(value)} ${JSON.stringify(context)}`),
    refuse: ({ ref }, { event }) => told.push(`${ref} refuses ${event.type}`),
    close: ({ ref, status }) => told.push(`close ${ref} ${status}`),
  });
  return { told, stop };
}

test('opens who is there and who is born, tells steps in order, and closes what has ended', async () => {
  const world = await inspectorWorld();
  const { engine, run, env } = world;
  await run(engine.create('job', 'a', { name: 'Foundation' }));
  const { told, stop } = listen(world);
  await run(engine.create('job', 'b', { name: 'Walls' }));
  await run(engine.send('job', 'a', { type: 'GO' }));
  await env.settle();
  stop();
  await run(engine.send('job', 'b', { type: 'HOLD', reason: 'rain' }));
  expect(told).toEqual([
    'open job/a {"open":"ready"}',
    'open job/b {"open":"ready"}',
    'job/a #2 GO "working" {"name":"hidden"}',
    'job/a #3 effect.build.succeeded "closed" {"name":"hidden"}',
    'close job/a done',
  ]);
});

test('tells of one machine or one entity when it is asked to', async () => {
  const world = await inspectorWorld();
  const { engine, run } = world;
  for (const id of ['a', 'b']) await run(engine.create('job', id, { name: id }));
  expect(listen(world, { machine: 'other' }).told).toEqual([]);
  expect(listen(world, { entity: { machine: 'job', id: 'b' } }).told).toEqual([expect.stringMatching(/^open job\/b /)]);
});

test('never opens more than 200, the most recently active ones', async () => {
  const world = await inspectorWorld();
  const { engine, run } = world;
  for (let number = 0; number < 205; number += 1) await run(engine.create('job', `j${number}`, { name: 'one' }));
  await run(engine.send('job', 'j0', { type: 'HOLD', reason: 'rain' }));
  const { told } = listen(world);
  expect(told).toHaveLength(200);
  expect(told.at(-1)).toMatch(/^open job\/j0 /);
  expect(told[0]).toMatch(/^open job\/j6 /);
  await run(engine.create('job', 'late', { name: 'one more' }));
  expect(told).toHaveLength(200);
});

test('a viewer of XState 4 is told of the stop', async () => {
  const world = await inspectorWorld();
  const { engine, run, env } = world;
  await run(engine.create('job', 'a', { name: 'Foundation' }));
  const sent: { type: string; sessionId: string }[] = [];
  const session: Xstate4Session = createSession({
    send: (text) => sent.push(JSON.parse(text) as (typeof sent)[number]),
    command: () => undefined,
  });
  startFeed(engineSource(engine), {}, xstate4Listener(session));
  expect(sent).toEqual([]);
  session.receive('no JSON');
  session.receive('{"type":"xstate.inspecting"}');
  await run(engine.send('job', 'a', { type: 'GO' }));
  await env.settle();
  expect(sent.map(({ type }) => type).slice(0, 3)).toEqual(['service.register', 'service.event', 'service.state']);
  expect(sent.at(-1)).toEqual({ type: 'service.stop', sessionId: 'job/a' });
});

test('leaf states become the value that XState has', () => {
  expect(stateValue('open.ready')).toEqual({ open: 'ready' });
  expect(stateValue('closed')).toBe('closed');
  expect(stateValue('on.lamp.bright on.door.open')).toEqual({ on: { lamp: 'bright', door: 'open' } });
  expect(stateValue('lamp door.open')).toEqual({ lamp: {}, door: 'open' });
});
