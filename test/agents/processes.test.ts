/** Who a process is, and which processes belong to a run. */
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { hostBoot, identify, isAlive, processesOf, readPs, signalAll } from '../../src/agents/processes.ts';
import { environment, soon } from './workshop.ts';

function start(marker: string) {
  const variables = { PATH: environment.PATH, YARDMASTER_RUN: marker };
  const child = spawn('sh', ['-c', 'setsid sleep 300 & sleep 300'], {
    env: variables,
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => signalAll(processesOf({ marker, leader: null }), 'SIGKILL'));
  return { child, pid: child.pid ?? 0, marker };
}

test('a run is found by its marker, with children in sessions of their own, and by nothing less', async () => {
  const { pid, marker } = start('town/toast/1@processes-test');
  const all = await soon(() => {
    const found = processesOf({ marker, leader: null });
    return found.length === 3 ? found : undefined;
  });
  expect(all.map((each) => each.pid)).toContain(pid);
  expect(processesOf({ marker: 'town/toast/1@processes', leader: null })).toEqual([]);
  expect(processesOf({ marker: 'none', leader: identify(pid) }).length).toBeGreaterThanOrEqual(2);
});

test('a pid that was given to another process is another process', async () => {
  const { child, pid, marker } = start('town/toast/2@processes-test');
  const other = { pid, startedAt: 'long ago' };
  await soon(() => (processesOf({ marker, leader: null }).length === 3 ? true : undefined));
  expect(isAlive(other)).toBe(false);
  expect(processesOf({ marker: 'none', leader: other })).toEqual([]);
  signalAll([other], 'SIGKILL');
  expect(isAlive(identify(pid) ?? other)).toBe(true);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  signalAll(processesOf({ marker, leader: null }), 'SIGKILL');
  await ended;
  expect(identify(pid)).toBeNull();
});

test('the boot of the host does not change while it is up', () => {
  expect(hostBoot()).toBe(hostBoot());
  expect(hostBoot()).not.toBe('');
});

const ps = readPs();
test.skipIf(ps.length === 0)('where there is no /proc, ps tells the same about us', () => {
  const us = readPs().find(({ pid }) => pid === process.pid);
  expect(us).toMatchObject({ parent: process.ppid, ended: false });
  expect(us?.startedAt).toMatch(/\d{4}$/);
});
