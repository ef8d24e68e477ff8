/** The command of this installation in the runs of a container, without one that is installed for everybody. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectRig } from '../../src/agents/rig-check.ts';
import { makeShim } from '../../src/agents/shim.ts';
import { container, environment, folder, never, Reports, repository, script, write } from './workshop.ts';

test('a run finds the command of this installation before any other, whatever its rig sets', async () => {
  const [root, path, other] = [folder(), repository(), folder()];
  write(other, { yardmaster: '#!/bin/sh\necho another one\n' });
  chmodSync(join(other, 'yardmaster'), 0o755);
  const local = container({ root });
  const reports = new Reports(local);
  const env = { PATH: `${other}:${environment.PATH}` };
  await local.start(script('command -v yardmaster; command -v sh > /dev/null && echo sh', { path }, { env }), never);
  const { tail } = await reports.next('exited');
  expect(tail.trim().split('\n')).toEqual([join(root, 'bin', 'yardmaster'), 'sh']);
});

test('it is a command that rigs can name, and answers as the command line does', async () => {
  const [root, path] = [folder(), repository()];
  const plan = { path, argv: ['yardmaster', 'drive', 'kilo'] };
  expect(await inspectRig(plan, { PATH: environment.PATH })).toMatchObject({ problems: [] });
  expect((await inspectRig({ argv: plan.argv, test: ['yardmaster'] }, { PATH: '/nowhere' })).problems).toHaveLength(1);
  const local = container({ root });
  const reports = new Reports(local);
  const command = { argv: ['yardmaster', '--version'], promptBy: 'stdin' } as const;
  expect(await local.start({ ...script('', { path }), command }, never)).toMatchObject({ kind: 'accepted' });
  expect(await reports.next('exited')).toMatchObject({ code: 0, tail: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

test('it is made anew for another installation', async () => {
  const root = folder();
  const file = (await makeShim(root))?.file ?? '';
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, 'of an earlier version');
  await makeShim(root);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
