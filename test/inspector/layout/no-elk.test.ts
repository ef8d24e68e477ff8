/** Without the optional package elkjs: no pictures, and nothing else is missing. */
import Module from 'node:module';
import { beforeEach, expect, it, vi } from 'vitest';
import type { MachineView, ProblemView } from '../../../src/inspector/contract.ts';
import { testShell } from '../../cli/shell.ts';
import { inspectorWorld } from '../world.ts';

type Resolving = { _resolveFilename(request: string, ...rest: unknown[]): string };

beforeEach(() => {
  const modules = Module as unknown as Resolving;
  const resolve = modules._resolveFilename.bind(modules);
  vi.spyOn(modules, '_resolveFilename').mockImplementation((request, ...rest) => {
    if (request.startsWith('elkjs')) throw new TypeError(`Cannot find module '${request}'`);
    return resolve(request, ...rest);
  });
});

it('a machine has no picture at once, so that its outline is shown, and all the rest', async () => {
  const { engine, env, run, get, ask } = await inspectorWorld();
  await run(engine.create('job', 'a', { name: 'Walls' }));
  const before = env.clock.now();
  const view = await get<MachineView>('machines/job');
  expect(view.layouts).toEqual({ down: null, right: null });
  expect(view.chart.nodes.map(({ id }) => id)).toContain('open.ready');
  expect(view.summary.total).toBe(1);
  expect(await get('machines/job/layout?direction=right&collapsed=open')).toBeNull();
  expect(env.clock.now()).toBe(before);
  const picture = await ask('/api/machines/job/chart.svg');
  expect(picture.status).toBe(503);
  expect(((await picture.json()) as ProblemView).detail).toContain('show its outline');
});

it('the command that draws says what is missing', async () => {
  const shell = testShell();
  expect(await shell.run('charts', 'rig', '--format', 'svg')).not.toBe(0);
  expect(shell.errors.text).toContain('elkjs');
});
