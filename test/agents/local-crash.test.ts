/**
 * Runs outlive the town: what a new container finds after the old one went away, was killed, or the machine started
 * anew.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  container,
  environment,
  eventually,
  folder,
  isThere,
  never,
  Reports,
  repository,
  script,
  soon,
} from './workshop.ts';

const first = { agent: 'toast', epoch: 1 };
/** Says hello, waits for the file `gate` in its worktree, and ends. */
const gated = 'echo $$ >> starts; echo hello; until [ -e gate ]; do sleep 0.02; done; echo bye; exit 5';

function open(root: string, worktree = join(root, 'worktrees', 'gt-1-1')) {
  return { worktree, openGate: () => writeFileSync(join(worktree, 'gate'), '') };
}

test('a run goes on over a close, is found again, and ends as it would have', async () => {
  const [root, path] = [folder(), repository()];
  const { openGate } = open(root);
  const before = container({ root });
  const { incarnation } = await before.provision();
  await before.start(script(gated, { path }), never);
  await before.close('keep');
  const after = container({ root });
  const reports = new Reports(after);
  expect(await after.provision()).toEqual({ incarnation });
  expect(await after.list()).toEqual([first]);
  expect(await reports.next('heartbeat')).toMatchObject({ ...first, incarnation });
  expect(await after.start(script(gated, { path }), never)).toMatchObject({ kind: 'accepted', alreadyRunning: true });
  openGate();
  const end = await reports.next('exited');
  expect(end).toMatchObject({ ...first, incarnation, code: 5, signal: null, tail: 'hello\nbye\n' });
  expect(end.evidence).toMatchObject({ commits: 1, checkpointed: true });
});

test('a town that is killed with SIGKILL loses no run and no end of a run', async () => {
  const [root, path] = [folder(), repository()];
  const { openGate } = open(root);
  const town = await startTown(root, script(gated, { path }));
  expect(JSON.parse(town.said)).toMatchObject({ kind: 'accepted' });
  await town.kill();

  const second = container({ root });
  expect(await second.list()).toEqual([first]);
  await second.close('keep');
  openGate();
  await soon(() => (existsSync(join(root, 'runs', 'toast-1', 'exit.json')) ? true : undefined));

  const third = container({ root });
  const reports = new Reports(third);
  await third.provision();
  expect(await reports.next('exited')).toMatchObject({ ...first, code: 5, tail: 'hello\nbye\n' });
  // As soon as the town is known to have it.
  await expect.poll(() => third.probe(first)).toBe('absent');
});

test('an end that was not acknowledged is reported by the next town, one that was is not', async () => {
  const [root, path] = [folder(), repository()];
  const before = container({ root });
  const refused = new Promise<void>((resolve) => {
    before.onReport(async ({ kind }) => {
      if (kind !== 'exited') return;
      resolve();
      throw new TypeError('the town is going down');
    });
  });
  await before.start(script('exit 4', { path }), never);
  await refused;
  await before.close('keep');
  const after = container({ root });
  const reports = new Reports(after);
  await after.provision();
  expect(await reports.next('exited')).toMatchObject({ ...first, code: 4 });
  await soon(() => (readSettled(root).acknowledged ? true : undefined));
  await after.close('keep');
  const last = container({ root });
  const silent = new Reports(last);
  await last.provision();
  await last.start(script('true', { path }, { epoch: 2 }), never);
  expect(await silent.next('exited')).toMatchObject({ epoch: 2 });
  expect(silent.all.filter(({ epoch }) => epoch === 1)).toEqual([]);
});

test('a run that was adopted can be stopped, and stays stopped', async () => {
  const [root, path] = [folder(), repository()];
  const before = container({ root });
  await before.start(script(gated, { path }), never);
  await before.close('keep');
  const after = container({ root });
  expect(await after.stop({ ...first, graceMs: 1_000 })).toBe('stopped');
  await after.close('keep');
  const last = container({ root });
  expect(await last.start(script(gated, { path }), never)).toMatchObject({ kind: 'refused', permanent: false });
});

test('a start that was cut short before its process is made anew', async () => {
  const [root, path] = [folder(), repository()];
  const before = container({ root });
  await before.start(script('true', { path }), never);
  await before.finish({ ...first, graceMs: 5_000 });
  await before.close('keep');
  // As a town leaves it that dies after it wrote the run's record: no supervisor has claimed it.
  const run = join(root, 'runs', 'toast-1');
  for (const name of ['supervisor.json', 'agent.json', 'exit.json', 'settled.json'])
    rmSync(join(run, name), { force: true });
  rmSync(join(root, 'fences', 'toast.json'));
  mkdirSync(join(root, 'runs', 'toast-9'));
  const after = container({ root });
  const reports = new Reports(after);
  await after.provision();
  expect(await after.list()).toEqual([]);
  expect(await after.start(script('exit 7', { path }), never)).toMatchObject({ kind: 'accepted' });
  expect(await reports.next('exited')).toMatchObject({ ...first, code: 7 });
});

test('a start that was cut short and is stopped never begins', async () => {
  const [root, path] = [folder(), repository()];
  const before = container({ root });
  await before.start(script('true', { path }), never);
  await before.finish({ ...first, graceMs: 5_000 });
  await before.close('keep');
  const run = join(root, 'runs', 'toast-1');
  for (const name of ['supervisor.json', 'agent.json', 'exit.json', 'settled.json'])
    rmSync(join(run, name), { force: true });
  const after = container({ root });
  expect(await after.stop({ ...first, graceMs: 0 })).toBe('gone');
  expect(existsSync(run)).toBe(false);
});

test('two towns that start the same epoch at once start one agent', async () => {
  const [root, path] = [folder(), repository()];
  const { worktree, openGate } = open(root);
  const one = container({ root });
  const two = container({ root });
  const [a, b] = await Promise.all([
    one.start(script(gated, { path }), never),
    two.start(script(gated, { path }), never),
  ]);
  expect([a.kind, b.kind]).toEqual(['accepted', 'accepted']);
  await soon(() => (existsSync(join(worktree, 'starts')) ? true : undefined));
  openGate();
  const end = await new Reports(one).next('exited');
  expect(end.tail).toBe('hello\nbye\n');
});

test('a supervisor that is killed takes its agent along, and the end is reported as unseen', async () => {
  const [root, path] = [folder(), repository()];
  const local = container({ root });
  const reports = new Reports(local);
  await local.start(script(`${gated}`, { path }), never);
  const { pid } = readRun<{ pid: number }>(root, 'supervisor.json');
  const agent = readRun<{ pid: number }>(root, 'agent.json');
  process.kill(pid, 'SIGKILL');
  expect(await reports.next('exited')).toMatchObject({ ...first, code: null, signal: null });
  expect(isThere(agent.pid)).toBe(false);
});

test('after a restart of the container its runs are gone, the id tells it, and their work is saved', async () => {
  const [root, path] = [folder(), repository()];
  const local = container({ root });
  const reports = new Reports(local);
  const { incarnation } = await local.provision();
  await local.start(script(gated, { path }), never);
  await soon(() => (existsSync(join(root, 'worktrees', 'gt-1-1', 'starts')) ? true : undefined));
  const renewed = await local.restart();
  expect(renewed.incarnation).not.toBe(incarnation);
  expect(await local.health()).toEqual(renewed);
  expect(await local.list()).toEqual([]);
  expect(await local.finish({ ...first, graceMs: 0 })).toMatchObject({ commits: 1, checkpointed: true });
  expect(await local.start(script('true', { path }, { epoch: 2 }), never)).toMatchObject(renewed);
  expect(await reports.next('exited')).toMatchObject({ epoch: 2, ...renewed });
});

test('when the machine has started anew, what ran before is gone under a new incarnation', async () => {
  const [root, path] = [folder(), repository()];
  const before = container({ root });
  const { incarnation } = await before.provision();
  await before.start(script(gated, { path }), never);
  await before.close('keep');
  writeFileSync(join(root, 'incarnation.json'), JSON.stringify({ id: incarnation, boot: 'another boot' }));
  const after = container({ root });
  expect((await after.provision()).incarnation).not.toBe(incarnation);
  expect(await after.list()).toEqual([]);
  expect(await after.finish({ ...first, graceMs: 0 })).toMatchObject({ branch: 'attempt/gt-1/1' });
});

test('a close that stops leaves nothing running', async () => {
  const [root, path] = [folder(), repository()];
  const local = container({ root });
  await local.start(script(gated, { path }), never);
  const { pid } = readRun<{ pid: number }>(root, 'agent.json');
  await local.close('stop');
  expect(isThere(pid)).toBe(false);
  expect(await local.start(script('true', { path }, { epoch: 2 }), never)).toMatchObject({
    kind: 'refused',
    permanent: false,
  });
});

async function startTown(root: string, run: ReturnType<typeof script>) {
  const program = new URL('./town-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', program, root, JSON.stringify(run)], {
    env: { PATH: environment.PATH },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  const said = await eventually<string>(
    (wake) =>
      child.stdout.on('data', (part) => {
        heard += part;
        wake();
      }),
    () => (heard.includes('\n') ? heard : undefined),
  );
  const gone = new Promise((resolve) => child.on('exit', resolve));
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { said, kill };
}

function readRun<T>(root: string, name: string): T {
  return JSON.parse(readFileSync(join(root, 'runs', 'toast-1', name), 'utf8')) as T;
}

function readSettled(root: string): { acknowledged: boolean } {
  return readRun(root, 'settled.json');
}
