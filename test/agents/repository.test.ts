/** What a town says about a folder that is to become a rig, and that looking at it runs nothing. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkBranchName, checkIdentifier, createGit } from '../../src/agents/git.ts';
import { inspectRepository } from '../../src/agents/repository.ts';
import { commit, environment, folder, git, repository, write } from './workshop.ts';

const ours = createGit({ environment });

test('a clean repository is accepted, from a folder inside it too', async () => {
  const path = repository();
  mkdirSync(join(path, 'inside'));
  const expected = { path, bare: false, targetBranch: 'main', head: git(path, 'rev-parse', 'HEAD') };
  expect(await inspectRepository(ours, path)).toEqual(expected);
  expect(await inspectRepository(ours, join(path, 'inside'))).toEqual(expected);
});

test('a bare repository is accepted', async () => {
  const path = join(folder(), 'bare.git');
  git(folder(), 'clone', '--quiet', '--bare', repository(), path);
  expect(await inspectRepository(ours, path)).toMatchObject({ path, bare: true, targetBranch: 'main' });
});

test('uncommitted changes on the target branch are refused, with the files', async () => {
  const path = repository();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) commit(path, { [name]: '1' }, name);
  write(path, { a: '2', b: '2', c: '2', d: '2', e: '2', f: '2', g: '2', untracked: 'x' });
  await expect(inspectRepository(ours, path)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/uncommitted changes on "main" \(a, b, c, d, e and 2 more\): commit or stash/),
  });
  git(path, 'branch', 'other');
  expect((await inspectRepository(ours, path, 'other')).targetBranch).toBe('other');
});

test('files that git does not track are no changes', async () => {
  const path = repository();
  write(path, { 'town.db': 'x' });
  expect((await inspectRepository(ours, path)).targetBranch).toBe('main');
});

test('what is no place to work is refused with a remedy', async () => {
  const empty = folder();
  await expect(inspectRepository(ours, empty)).rejects.toThrow(/is not a git repository: run git init/);
  await expect(inspectRepository(ours, join(empty, 'absent'))).rejects.toMatchObject({ code: 'not_found' });
  git(empty, 'init', '--quiet', '--initial-branch=main');
  await expect(inspectRepository(ours, empty)).rejects.toThrow(/has no commit yet: make a first commit on "main"/);

  const path = repository();
  await expect(inspectRepository(ours, path, 'develop')).rejects.toThrow(/has no branch "develop"; it has: main/);
  await expect(inspectRepository(ours, path, '--upload-pack=x')).rejects.toMatchObject({ code: 'invalid' });
  git(path, 'checkout', '--quiet', '--detach');
  await expect(inspectRepository(ours, path)).rejects.toThrow(/HEAD .* is detached: name the branch/);
  expect((await inspectRepository(ours, path, 'main')).targetBranch).toBe('main');
});

test('a repository can not make us run a program of its choice', async () => {
  const path = repository();
  const canary = join(folder(), 'canary');
  write(path, { '.git/hooks/post-checkout': `#!/bin/sh\ntouch ${canary}\n`, 'README.md': 'changed' });
  git(path, 'config', 'core.fsmonitor', `touch ${canary}; false`);
  git(path, 'config', 'diff.external', `touch ${canary}`);
  git(path, 'config', 'core.pager', `touch ${canary}`);
  await inspectRepository(ours, path).catch(() => {});
  await ours.run(path, ['diff', '--name-only']);
  expect(existsSync(canary)).toBe(false);
});

test('a missing git is said plainly', async () => {
  await expect(createGit({ environment: { PATH: '/nonexistent' } }).run('/', ['status'])).rejects.toThrow(
    /"git" was not found/,
  );
});

const unsafe = [
  '',
  '-oProxyCommand=x',
  '--upload-pack=x',
  '../up',
  '/abs',
  'a..b',
  'a b',
  '$(id)',
  'a`id`',
  'a;b',
  'a\nb',
  'a\0b',
  'x.lock',
];
const unsafeBranches = [
  ...unsafe,
  'a@{1}',
  'a//b',
  'a/',
  'a/.b',
  'a.lock/b',
  'a.',
  'HEAD',
  'refs~1',
  'a^',
  'a:b',
  'x'.repeat(300),
];
const unsafeIds = [...unsafe, 'a/b', 'Upper', '.hidden', '_x', 'a%2fb', 'é', 'x'.repeat(65), 'a.'];

test.each(unsafeBranches)('no branch: %j', (name) => {
  expect(() => checkBranchName(name)).toThrow(expect.objectContaining({ code: 'invalid' }));
});

test.each(unsafeIds)('no id: %j', (id) => {
  expect(() => checkIdentifier(id, 'bead')).toThrow(expect.objectContaining({ code: 'invalid' }));
});

test.each(['main', 'feature/x-1', 'v1.2_rc', '1'])('a branch: %s', (name) =>
  expect(checkBranchName(name)).toBeUndefined(),
);
test.each(['gt-7f3a', 'a', '0.x_y'])('an id: %s', (id) => expect(checkIdentifier(id, 'bead')).toBeUndefined());
