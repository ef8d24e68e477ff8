/** Whether a run could begin, found out before the first one: by the container, with real programs and files. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunSpec } from '../../src/agents/port.ts';
import { container, environment, folder, git, never, Reports, repository, script, write } from './workshop.ts';

/** A shell script as the probe of a run that only ends. */
function probed(text: string, at: { path: string }, more: Partial<RunSpec> = {}): RunSpec {
  const command = { argv: ['sh', '-c', 'true'], promptBy: 'stdin' as const, probe: ['sh', '-c', text] };
  return script('', at, { command, ...more });
}

const counted = (file: string) => readFileSync(file, 'utf8').length;

function setUp() {
  const [root, path, place] = [folder(), repository(), folder()];
  return { root, path, place, local: container({ root }), asked: join(place, 'asked') };
}

test.each([
  ['78 is a refusal for good', 'echo "kilo is not ready: 401" >&2; echo "give it a valid key" >&2; exit 78', true],
  ['75 is one that time mends', 'echo "the gateway is down" >&2; exit 75', false],
  ['a signal is one that time mends', 'kill -KILL $$', false],
  ['any other code is one for good', 'echo "no such option"; exit 2', true],
])('the exit code of a probe decides: %s', async (_, text, permanent) => {
  const { local, path } = setUp();
  const outcome = await local.start(probed(text, { path }), never);
  expect(outcome).toMatchObject({ kind: 'refused', permanent, scope: 'rig' });
  const said = text.includes('401') ? 'kilo is not ready: 401; give it a valid key' : expect.any(String);
  expect(outcome).toMatchObject({ reason: said });
});

test('a profile that is ready is asked once, by however many starts, until something of it changes', async () => {
  const { local, path, place, asked } = setUp();
  const key = join(place, 'key');
  writeFileSync(key, 'the-first-key');
  const spec = (agent: string, epoch: number) =>
    probed(`printf x >> ${asked}`, { path }, { agent, epoch, bead: `b${epoch}`, secrets: { KEY: `file:${key}` } });
  const both = await Promise.all([local.start(spec('a', 1), never), local.start(spec('b', 2), never)]);
  expect(both).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }]);
  await local.start(spec('c', 3), never);
  expect(counted(asked)).toBe(1);
  writeFileSync(key, 'the-second-key');
  await local.start(spec('d', 4), never);
  expect(counted(asked)).toBe(2);
});

test('a profile that was refused is asked again by the next start, and whenever that is wanted', async () => {
  const { local, path, place } = setUp();
  const good = join(place, 'good');
  const spec = probed(`test -e ${good} || exit 78`, { path });
  expect(await local.readiness(spec)).toMatchObject({ ready: false, permanent: true });
  expect(await local.start(spec, never)).toMatchObject({ kind: 'refused', permanent: true });
  writeFileSync(good, '');
  expect(await local.start(spec, never)).toMatchObject({ kind: 'accepted' });
  rmSync(good);
  expect(await local.readiness(spec)).toMatchObject({ ready: false });
});

test('the probe has what the run has, and what it says shows no secret', async () => {
  const { path, place, root } = setUp();
  const local = container({ root, environment: { ...environment, KEY: 'sk-secret-of-the-rig' } });
  const seen = join(place, 'seen');
  const secrets = { GATEWAY_KEY: 'env:KEY' };
  const text = `env > ${seen}; echo "refused: $GATEWAY_KEY"; exit 78`;
  const found = await local.readiness(probed(text, { path }, { secrets, env: { EXTRA: 'yes' } }));
  expect(found).toEqual({ ready: false, permanent: true, reason: 'refused: [masked]' });
  expect(readFileSync(seen, 'utf8')).toMatch(/EXTRA=yes\n/);
  expect(readFileSync(seen, 'utf8')).not.toContain('canary-of-the-town');
});

test('a run is told that its container has looked', async () => {
  const { local, path, place } = setUp();
  const command = { argv: ['sh', '-c', 'printf "$YARDMASTER_READY" > "$SEEN"'], promptBy: 'stdin' as const };
  const reports = new Reports(local);
  const seen = join(place, 'seen');
  await local.start(script('', { path }, { command: { ...command, probe: ['true'] }, env: { SEEN: seen } }), never);
  await reports.next('exited');
  expect(readFileSync(seen, 'utf8')).toBe('1');
});

test.each([
  ['a missing secret', { secrets: { KEY: 'env:NOT_THERE' } }, /NOT_THERE is not set/],
  ['a missing program', { command: { argv: ['no-such-program'], promptBy: 'stdin' as const } }, /no-such-program/],
  ['a missing branch', { repository: { path: '', targetBranch: 'gone' } }, /no branch "gone"/],
])('a command of its own is looked at as well: %s', async (_, more, reason) => {
  const { local, path } = setUp();
  const spec = script('true', { path }, more);
  const found = await local.readiness({ ...spec, repository: { ...spec.repository, path } });
  expect(found).toEqual({ ready: false, permanent: true, reason: expect.stringMatching(reason) });
});

test('a repository that can not be written is found before a start, and nothing is left in one that can', async () => {
  const { local, path } = setUp();
  expect(await local.readiness(script('true', { path }))).toEqual({ ready: true });
  expect(git(path, 'for-each-ref', 'refs/yardmaster')).toBe('');
  rmSync(join(path, '.git', 'refs', 'yardmaster'), { recursive: true, force: true });
  // A file where a folder has to be: not even root can write there.
  write(join(path, '.git', 'refs'), { yardmaster: '' });
  const found = await local.readiness(script('true', { path }));
  expect(found).toEqual({ ready: false, permanent: true, reason: expect.stringMatching(/can not be written/) });
});

test('closing a container ends a probe that hangs, and leaves nothing of it', async () => {
  const { local, path, place } = setUp();
  mkdirSync(join(place, 'up'));
  const pid = join(place, 'up', 'pid');
  const start = local.start(probed(`sleep 600 & echo $! > ${pid}; wait`, { path }), never);
  await expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '', { timeout: 20_000 }).toBe(true);
  await local.close('stop');
  expect(await start).toMatchObject({ kind: 'refused', permanent: false });
  // What was killed may wait for whoever reaps it.
  const state = `/proc/${readFileSync(pid, 'utf8').trim()}/stat`;
  expect(existsSync(state) ? readFileSync(state, 'utf8') : 'gone').toMatch(/^gone$|\) Z /);
});

test('a key that is rotated is used by the next start, and a run that is under way keeps its own', async () => {
  const { local, path, place } = setUp();
  const [key, gate] = [join(place, 'key'), join(place, 'gate')];
  const reports = new Reports(local);
  writeFileSync(key, 'sk-the-older-key');
  const waits = `while [ ! -e ${gate} ]; do sleep 0.05; done`;
  const text = `echo "key $KEY"; ${waits}; echo "still $KEY" > ${place}/$YARDMASTER_BEAD`;
  const spec = (agent: string, epoch: number) =>
    script(text, { path }, { agent, epoch, bead: `b${epoch}`, secrets: { KEY: `file:${key}` } });
  expect(await local.start(spec('a', 1), never)).toMatchObject({ kind: 'accepted' });
  writeFileSync(key, 'sk-the-newer-key');
  expect(await local.start(spec('b', 2), never)).toMatchObject({ kind: 'accepted' });
  expect(await local.list()).toHaveLength(2);
  writeFileSync(gate, '');
  await reports.next('exited');
  await reports.next('exited');
  const left = ['b1', 'b2'].map((bead) => readFileSync(join(place, bead), 'utf8').trim());
  expect(left).toEqual(['still sk-the-older-key', 'still sk-the-newer-key']);
  const output = await local.readOutput({ agent: 'b', epoch: 2 }, { maxBytes: 1_000 });
  expect(output?.text).toContain('key [masked]');
});
