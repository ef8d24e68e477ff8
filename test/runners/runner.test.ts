/** The runner's side: what it does when the town, the line, or its own process goes away. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Container } from '../../src/agents/port.ts';
import type { RunnerTown } from '../../src/runners/hub.ts';
import { containerContract } from '../agents/container-contract.ts';
import { commit, env, folder, git, never, Reports, repository, script, soon } from '../agents/workshop.ts';
import { cableTo } from './cable.ts';
import { hubPlace, runnerPlace } from './place.ts';

const GATED = 'while [ ! -e "$GATE" ]; do sleep 0.02; done; echo bread > bread && git add . && git commit -qm Bread';
const toast = { agent: 'toast', epoch: 1 };

/** A run that goes on until a file appears. */
async function gatedRun(container: Container, path: string) {
  const gate = join(folder(), 'gate');
  const outcome = await container.start(script(GATED, { path }, { env: { GATE: gate } }), never);
  expect(outcome).toMatchObject({ kind: 'accepted' });
  const open = () => git(folder(), 'init', '--quiet', gate);
  return { open };
}

/** Resolves when one of the lines is like that. */
const says = (lines: readonly string[], pattern: RegExp) => soon(() => lines.find((line) => pattern.test(line)));

test('a line that is cut for a while loses nothing', async () => {
  const path = repository();
  const { url, hosted } = await hubPlace({ path });
  const cable = await cableTo(url);
  const { lines } = await runnerPlace(cable.url);
  const container = await hosted();
  const reports = new Reports(container);
  const run = await gatedRun(container, path);
  cable.cut();
  await says(lines, /^lost the town: .*127\.0\.0\.1.* 1 run goes on\. Trying again/);
  run.open();
  cable.mend();
  await says(lines, /^the town at .* answers$/);
  const { evidence } = await reports.next('exited');
  expect(evidence).toMatchObject({ commits: 1, branch: 'attempt/gt-1/1' });
  expect(git(path, 'show', 'attempt/gt-1/1:bread'), 'the work came before the word').toBe('bread');
  expect(lines.filter((line) => line.startsWith('lost the town'))).toHaveLength(1);
});

test('a town that is started anew finds its runner, and hears of the end once', async () => {
  const path = repository();
  const first = await hubPlace({ path });
  const { lines, root } = await runnerPlace(first.url);
  const run = await gatedRun(await first.hosted(), path);
  await first.close();
  await says(lines, /^lost the town/);
  run.open();
  const settled = join(root, 'runs', 'toast-1', 'settled.json');
  await soon(() => (existsSync(settled) ? true : undefined));
  const second = await hubPlace({ path, port: Number(new URL(first.url).port) });
  const container = await second.hosted();
  const reports = new Reports(container);
  expect(await reports.next('exited')).toMatchObject({ ...toast, code: 0, evidence: { commits: 1 } });
  await says(lines, /^registered again as runner b1/);
  expect(await container.finish({ ...toast, graceMs: 0 })).toMatchObject({ commits: 1 });
  await soon(() => readFileSync(settled, 'utf8').includes('"acknowledged":true') || undefined);
  expect(reports.all.filter(({ kind }) => kind === 'exited')).toHaveLength(1);
});

test('told to end, it gives up what still runs, ends it, and brings home what it left', async () => {
  const path = repository();
  const { url, hosted, town } = await hubPlace({ path });
  const { runner } = await runnerPlace(url, { drainMs: 100 });
  const container = await hosted();
  const reports = new Reports(container);
  await container.start(script('echo half > half; sleep 60', { path }), never);
  await reports.next('heartbeat');
  runner.drain();
  const end = await reports.next('exited');
  expect(town.told, 'before they were ended').toEqual(['b1 drains', 'b1 drains now']);
  expect(end.evidence).toMatchObject({ commits: 1, checkpointed: true });
  expect(git(path, 'show', 'attempt/gt-1/1:half')).toBe('half');
  expect(await runner.ended).toEqual({ kind: 'drained', untold: 0 });
});

test('told to end, it lets runs come to an end, and takes no more', async () => {
  const path = repository();
  const { url, hosted, town } = await hubPlace({ path });
  const { runner } = await runnerPlace(url, { drainMs: 20_000 });
  const container = await hosted();
  const run = await gatedRun(container, path);
  runner.drain();
  const more = await container.start(script('true', { path }, { agent: 'other', bead: 'gt-2' }), never);
  expect(more).toMatchObject({
    kind: 'refused',
    permanent: false,
    reason: expect.stringContaining('takes no more runs'),
  });
  const reports = new Reports(container);
  run.open();
  expect(await reports.next('exited')).toMatchObject({ code: 0, evidence: { commits: 1 } });
  expect(await runner.ended).toEqual({ kind: 'drained', untold: 0 });
  expect(town.told).toEqual(['b1 drains']);
});

test('told twice, it leaves at once; the next process in its folder takes the runs up', async () => {
  const path = repository();
  const { url, hosted } = await hubPlace({ path });
  const first = await runnerPlace(url, { drainMs: 20_000 });
  const container = await hosted();
  const run = await gatedRun(container, path);
  const { incarnation } = await container.health();
  first.runner.drain();
  first.runner.drain();
  expect(await first.runner.ended).toEqual({ kind: 'left', running: 1 });
  const second = await runnerPlace(url, { directory: first.directory });
  await says(second.lines, /^registered as runner b1.*; 1 run goes on here$/);
  expect(await container.health()).toEqual({ incarnation });
  expect(await container.probe(toast)).toBe('running');
  const reports = new Reports(container);
  run.open();
  expect(await reports.next('exited')).toMatchObject({ incarnation, evidence: { commits: 1 } });
});

test('a process whose place was taken ends its runs when the town counts none of them, and not before', async () => {
  const path = repository();
  let isWorking = true;
  const latest: RunnerTown['latest'] = () => ({ epoch: 1, container: 'b1', isWorking, rig: 'rig' });
  const { url, hosted } = await hubPlace({ path, town: { latest } });
  const first = await runnerPlace(url);
  const container = await hosted();
  const reports = new Reports(container);
  await container.start(script('echo half > half; sleep 60', { path }), never);
  const second = await runnerPlace(url);
  await says(second.lines, /^took the place of another runner b1/);
  await says(first.lines, /has its place now\. This one takes no more orders/);
  expect(
    reports.all.filter(({ kind }) => kind === 'exited'),
    'the town waits for it',
  ).toEqual([]);
  isWorking = false;
  expect(await first.runner.ended).toEqual({ kind: 'replaced' });
  expect(await reports.next('exited')).toMatchObject({ ...toast, evidence: { checkpointed: true } });
  expect(git(path, 'show', 'attempt/gt-1/1:half')).toBe('half');
});

test('work that the town does not take is kept, and its end is told with the reason', async () => {
  const path = repository();
  const { url, hosted } = await hubPlace({ path, town: { attempt: () => null } });
  await runnerPlace(url);
  const container = await hosted();
  const reports = new Reports(container);
  await container.start(script('echo half > half', { path }), never);
  const { evidence, tail } = await reports.next('exited');
  expect(evidence).toBeNull();
  expect(tail).toMatch(/the work was not taken: .* was not placed on runner b1; it is kept as attempt\/gt-1\/1 in/);
});

test('an earlier attempt is there for the next one, wherever it ran', async () => {
  const path = repository();
  git(path, 'checkout', '--quiet', '-b', 'attempt/gt-1/1');
  git(path, 'commit', '--quiet', '--allow-empty', '-m', 'Half');
  git(path, 'checkout', '--quiet', 'main');
  const { url, hosted } = await hubPlace({ path });
  await runnerPlace(url);
  const reports = new Reports(await hosted());
  const container = await hosted();
  const spec = script('git log -1 --format=%s attempt/gt-1/1 > seen', { path }, { epoch: 2 });
  await container.start(spec, never);
  expect((await reports.next('exited')).evidence).toMatchObject({ checkpointed: true });
  expect(git(path, 'show', 'attempt/gt-1/2:seen')).toBe('Half');
});

test('an earlier attempt that left nothing is no obstacle to the next one', async () => {
  const path = repository();
  const { url, hosted } = await hubPlace({ path });
  await runnerPlace(url);
  const container = await hosted();
  const reports = new Reports(container);
  await container.start(script('true', { path }), never);
  await reports.next('exited');
  // Its branch is where the copy is already; the target branch has gone on.
  git(path, 'branch', 'attempt/gt-1/1');
  commit(path, { more: 'more' }, 'More');
  const next = await container.start(script('cat more', { path }, { epoch: 2 }), never);
  expect(next).toMatchObject({ kind: 'accepted' });
  expect((await reports.next('exited')).tail).toBe('more');
});

test('a box shows the copy of the repository, to be read only, and nothing else of the runner', async () => {
  const path = repository();
  const { url, hosted } = await hubPlace({ path });
  const home = join(folder(), '.yardmaster');
  const directory = join(home, 'runners', 'b1');
  await runnerPlace(url, { directory });
  const container = await hosted();
  if (!(await container.isolation?.())?.available) return;
  const reports = new Reports(container);
  const text = `git commit -q --allow-empty -m In; touch ${directory}/repositories/rig.git/x; ls ${directory} > seen`;
  await container.start(script(text, { path }, { isolation: 'required' }), never);
  const { evidence, tail } = await reports.next('exited');
  expect(tail).toMatch(/[Rr]ead-only/);
  expect(evidence).toMatchObject({ commits: 1 });
  expect(git(path, 'show', `refs/yardmaster/checkpoint/attempt/gt-1/1:seen`).split('\n')).toEqual([
    'private',
    'repositories',
  ]);
});

test('a folder is for one process, one name and one town', async () => {
  const path = repository();
  const { url } = await hubPlace({ path });
  const { directory, runner } = await runnerPlace(url);
  await expect(runnerPlace(url, { directory })).rejects.toMatchObject({ code: 'busy' });
  runner.leave();
  await runner.ended;
  const other = { code: 'conflict', message: expect.stringContaining('give another --dir') };
  await expect(runnerPlace(url, { directory, id: 'b2' })).rejects.toMatchObject(other);
  // Its fences are of another town: they would refuse the epochs of this one.
  await expect(runnerPlace(url, { directory, token: `ymh_${'u'.repeat(43)}` })).rejects.toMatchObject(other);
});

test('a token that the town does not know ends it at the first try', async () => {
  const path = repository();
  const { url } = await hubPlace({ path });
  const { runner } = await runnerPlace(url, { token: `ymh_${'x'.repeat(43)}` });
  await expect(runner.ended).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a town that is not there yet is waited for', async () => {
  const path = repository();
  const first = await hubPlace({ path });
  await first.close();
  const { lines } = await runnerPlace(first.url);
  await says(lines, /^no town yet: .* Trying again until it answers\.$/);
  await hubPlace({ path, port: Number(new URL(first.url).port) });
  await says(lines, /^registered as runner b1/);
  expect(env.clock.now()).toBeGreaterThan(0);
});

describe('a container that is reached over HTTP', () => {
  containerContract(async (more = {}) => {
    const path = repository();
    const { url, hosted } = await hubPlace({ path, ...more });
    const { root } = await runnerPlace(url);
    const local = await hosted();
    return { root, path, local, reports: new Reports(local) };
  });
});
