/** What goes between a repository and a runner: only what belongs to the run, and nothing that git does not accept. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commit, folder, git, repository } from '../agents/workshop.ts';
import { hubPlace } from './place.ts';
import { speaker } from './speaker.ts';

const BRANCH = 'refs/heads/attempt/gt-1/1';

/** A rig's repository, its hub with a runner, and the copy that a runner has of it. */
async function setUp(more: Partial<Parameters<typeof hubPlace>[0]> = {}) {
  const path = repository();
  const place = await hubPlace({ path, ...more });
  const runner = speaker(place.url);
  await runner.register();
  const copy = join(folder(), 'copy');
  git(path, 'clone', '--quiet', path, copy);
  git(copy, 'checkout', '--quiet', '-b', 'attempt/gt-1/1');
  const base = git(path, 'rev-parse', 'main');
  const left = (head: string, at = 'gt-1/1') => `/attempts/${at}/bundle?base=${base}&head=${head}`;
  return { ...place, path, runner, copy, base, left };
}

function bundle(copy: string, ...revisions: readonly string[]): Buffer {
  const file = join(folder(), 'bundle');
  git(copy, 'bundle', 'create', '--quiet', file, ...revisions);
  return readFileSync(file);
}

test('the branch of the attempt and its checkpoint come home, and where it began', async () => {
  const { path, runner, copy, base, left } = await setUp();
  const hook = join(path, '.git', 'hooks', 'reference-transaction');
  const [canary] = [join(folder(), 'canary')];
  git(path, 'init', '--quiet', path);
  writeFileSync(hook, `#!/bin/sh\n: > ${canary}\n`);
  chmodSync(hook, 0o755);
  const head = commit(copy, { bread: 'bread' }, 'Bread');
  git(copy, 'update-ref', 'refs/yardmaster/checkpoint/attempt/gt-1/1', head);
  const sent = bundle(copy, BRANCH, 'refs/yardmaster/checkpoint/attempt/gt-1/1', `^${base}`);
  expect((await runner.put(left(head), sent)).status).toBe(200);
  expect(git(path, 'rev-parse', BRANCH)).toBe(head);
  expect(git(path, 'rev-parse', 'refs/yardmaster/checkpoint/attempt/gt-1/1')).toBe(head);
  expect(git(path, 'rev-parse', 'refs/yardmaster/base/attempt/gt-1/1')).toBe(base);
  expect(existsSync(canary), 'no hook of the repository is run').toBe(false);
  expect((await runner.put(left(head), sent)).status, 'again, because the answer was lost').toBe(200);
});

test('nothing else comes with it', async () => {
  const { path, runner, copy, base, left } = await setUp();
  const head = commit(copy, { bread: 'bread' }, 'Bread');
  git(copy, 'branch', '--force', 'main', head);
  const withMain = await runner.put(left(head), bundle(copy, BRANCH, 'refs/heads/main', `^${base}`));
  expect([withMain.status, withMain.body.detail]).toEqual([422, expect.stringContaining('holds refs/heads/main')]);
  git(copy, 'branch', 'attempt/gt-1/2', head);
  expect((await runner.put(left(head), bundle(copy, 'refs/heads/attempt/gt-1/2', `^${base}`))).status).toBe(422);
  expect((await runner.put(left(base), bundle(copy, BRANCH, `^${base}`))).status, 'not where it ended').toBe(422);
  expect((await runner.put(left(head), Buffer.from('no bundle'))).status).toBe(422);
  expect(git(path, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('objects that git does not accept do not come in', async () => {
  const { path, runner, copy, base, left } = await setUp();
  // A tree that would write into the .git of whoever checks it out.
  const blob = git(copy, 'rev-parse', `${base}:README.md`);
  writeFileSync(
    join(copy, 'tree'),
    Buffer.concat([Buffer.from('40000 .git\0'), Buffer.from(gitTree(copy, blob), 'hex')]),
  );
  const tree = git(copy, 'hash-object', '-t', 'tree', '--literally', '-w', join(copy, 'tree'));
  const head = git(copy, 'commit-tree', tree, '-p', base, '-m', 'Astray');
  git(copy, 'update-ref', BRANCH, head);
  const said = await runner.put(left(head), bundle(copy, BRANCH, `^${base}`));
  expect([said.status, said.body.detail]).toEqual([422, expect.stringMatching(/hasDotgit|\.git/)]);
  expect(git(path, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('a bundle that builds on what is not here is asked for whole', async () => {
  const { path, runner, copy, left } = await setUp();
  const middle = commit(copy, { one: 'one' }, 'One');
  const head = commit(copy, { two: 'two' }, 'Two');
  const thin = await runner.put(left(head), bundle(copy, BRANCH, `^${middle}`));
  expect([thin.status, thin.body.detail]).toEqual([409, expect.stringContaining('send a whole one')]);
  expect((await runner.put(left(head), bundle(copy, BRANCH))).status).toBe(200);
  expect(git(path, 'rev-parse', BRANCH)).toBe(head);
});

test('an attempt of another runner, one that nobody knows, and one that is too large are refused', async () => {
  const attempt = (bead: string) => (bead === 'gt-1' ? { container: 'b1', rig: 'rig' } : null);
  const { runner, copy, base, left, url } = await setUp({ town: { attempt }, bundleBytesMax: 20_000 });
  const head = commit(copy, { bread: 'bread' }, 'Bread');
  const sent = bundle(copy, BRANCH, `^${base}`);
  expect((await runner.put(left(head, 'gt-9/1'), sent)).status).toBe(403);
  const other = speaker(url, { id: 'b2' });
  await other.register();
  expect((await other.put(left(head), sent)).status).toBe(403);
  expect((await runner.put(left(head), Buffer.alloc(30_000))).status).toBe(413);
  expect((await runner.post(left(head), {})).status, 'no other method').toBe(404);
});

test('a runner gets what a run needs and it does not have', async () => {
  const { path, runner, base } = await setUp();
  const at = (rig: string, have: string) =>
    `/repositories/${rig}/bundle?registration=${runner.registration}&bead=gt-1&have=${have}`;
  const whole = await runner.get(at('rig', ''));
  expect([whole.status, String(whole.body.text).startsWith('# v')]).toEqual([200, true]);
  expect((await runner.get(at('rig', base))).status, 'it has all of it').toBe(409);
  expect((await runner.get(at('other', ''))).status).toBe(404);
  commit(path, { more: 'more' }, 'More');
  expect((await runner.get(at('rig', base))).body.text).toMatch(new RegExp(`^# v2 git bundle\\n-${base}`));
});

function gitTree(copy: string, blob: string): string {
  writeFileSync(join(copy, 'inner'), Buffer.concat([Buffer.from('100644 config\0'), Buffer.from(blob, 'hex')]));
  return git(copy, 'hash-object', '-t', 'tree', '-w', join(copy, 'inner'));
}
