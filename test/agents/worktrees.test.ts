/** Attempts get a clone and a branch each, and what they leave is found and saved. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGit } from '../../src/agents/git.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import { commit, environment, folder, git, repository, write } from './workshop.ts';

function setUp() {
  const root = folder();
  const path = repository();
  return { root, path, worktrees: new Worktrees({ root, git: createGit({ environment }) }) };
}

const first = { bead: 'gt-1', epoch: 1 };

test('an attempt starts at the target branch, in a folder and on a branch named after it', async () => {
  const { root, path, worktrees } = setUp();
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  expect(made).toEqual({
    repository: path,
    worktree: join(root, 'worktrees', 'gt-1-1'),
    branch: 'attempt/gt-1/1',
    base: git(path, 'rev-parse', 'main'),
    start: git(path, 'rev-parse', 'main'),
  });
  expect(git(made.worktree, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('attempt/gt-1/1');
  expect(git(path, 'status', '--porcelain')).toBe('');
});

test('many attempts on one repository are made at the same time', async () => {
  const { path, worktrees } = setUp();
  const epochs = [1, 2, 3, 4, 5, 6, 7, 8];
  const made = await Promise.all(
    epochs.map((epoch) => worktrees.add({ bead: 'gt-1', epoch }, { path, targetBranch: 'main' })),
  );
  for (const { worktree } of made) expect(existsSync(join(worktree, 'README.md'))).toBe(true);
});

test('adding again takes up what is there, with its first base, even when the folder was lost', async () => {
  const { path, worktrees } = setUp();
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  commit(made.worktree, { work: '1' }, 'Work');
  commit(path, { other: '1' }, 'The target moves on');
  expect(await worktrees.add(first, { path, targetBranch: 'main' })).toEqual(made);
  expect(existsSync(join(made.worktree, 'work'))).toBe(true);
  await worktrees.collect(made);
  rmSync(made.worktree, { recursive: true });
  expect(await worktrees.add(first, { path, targetBranch: 'main' })).toEqual(made);
  expect(existsSync(join(made.worktree, 'work'))).toBe(true);
});

describe('a retry', () => {
  const target = { targetBranch: 'main' };

  /** An attempt that left half of the work, after which the target branch moved on. */
  async function halfDone() {
    const made = setUp();
    const { path, worktrees } = made;
    const earlier = await worktrees.add(first, { path, ...target });
    const head = commit(earlier.worktree, { half: '1' }, 'Half of it');
    await worktrees.collect(earlier);
    await worktrees.remove(earlier);
    commit(path, { other: '1' }, 'The target moves on');
    return { ...made, base: earlier.base, head };
  }

  test('goes on where the attempt before it stopped, with the target branch beside it as it is now', async () => {
    const { path, worktrees, base, head } = await halfDone();
    const next = await worktrees.add({ bead: 'gt-1', epoch: 2 }, { path, ...target });
    expect(next).toMatchObject({ base, start: head });
    expect(git(next.worktree, 'rev-parse', 'HEAD', 'attempt/gt-1/1').split('\n')).toEqual([head, head]);
    expect(git(next.worktree, 'rev-parse', 'origin/main', 'main').split('\n')).toEqual(
      git(path, 'rev-parse', 'main', 'main').split('\n'),
    );
    commit(next.worktree, { rest: '1' }, 'The rest');
    expect(await worktrees.collect(next)).toMatchObject({ commits: 1, inherited: 1, base, branch: 'attempt/gt-1/2' });
    expect(git(path, 'diff', '--name-only', 'main...attempt/gt-1/2').split('\n')).toEqual(['half', 'rest']);
  });

  test('that adds nothing has no commits of its own; what it left uncommitted is its work', async () => {
    const { path, worktrees, head } = await halfDone();
    const idle = await worktrees.add({ bead: 'gt-1', epoch: 2 }, { path, ...target });
    expect(await worktrees.collect(idle)).toMatchObject({ commits: 0, inherited: 1, head, checkpointed: false });
    const messy = await worktrees.add({ bead: 'gt-1', epoch: 3 }, { path, ...target });
    write(messy.worktree, { rest: '1' });
    expect(await worktrees.collect(messy)).toMatchObject({ commits: 1, inherited: 1, checkpointed: true });
    const last = await worktrees.add({ bead: 'gt-1', epoch: 4 }, { path, ...target });
    expect(existsSync(join(last.worktree, 'rest'))).toBe(true);
  });

  test('begins at the target branch when there is nothing to go on from', async () => {
    const { path, worktrees, head } = await halfDone();
    const other = await worktrees.add({ bead: 'gt-2', epoch: 2 }, { path, ...target });
    expect(other.start).toBe(git(path, 'rev-parse', 'main'));
    git(path, 'merge', '--quiet', '--no-edit', head);
    const merged = await worktrees.add({ bead: 'gt-1', epoch: 3 }, { path, ...target });
    expect(merged.start).toBe(git(path, 'rev-parse', 'main'));
    git(path, 'update-ref', 'refs/heads/attempt/gt-3/1', git(path, 'commit-tree', '-m', 'Unrelated', `${head}^{tree}`));
    const unrelated = await worktrees.add({ bead: 'gt-3', epoch: 2 }, { path, ...target });
    expect(unrelated.start).toBe(git(path, 'rev-parse', 'main'));
  });

  test('that is begun again begins at the same place', async () => {
    const { path, worktrees } = await halfDone();
    const made = await worktrees.add({ bead: 'gt-1', epoch: 2 }, { path, ...target });
    rmSync(made.worktree, { recursive: true });
    commit(path, { more: '1' }, 'The target moves on again');
    expect(await worktrees.add({ bead: 'gt-1', epoch: 2 }, { path, ...target })).toEqual(made);
    expect(existsSync(join(made.worktree, 'half'))).toBe(true);
  });
});

test('a clone has the settings of its repository that change what a commit holds, and no others', async () => {
  const { path, worktrees } = setUp();
  git(path, 'config', 'user.email', 'person@example.org');
  git(path, 'config', 'filter.upper.clean', 'tr a-z "A-Z"');
  git(path, 'config', 'filter.upper.smudge', 'tr A-Z a-z');
  git(path, 'config', 'core.editor', 'vi');
  write(path, { '.git/info/exclude': 'scratch\n' });
  commit(path, { '.gitattributes': '*.loud filter=upper\n', 'a.loud': 'ahoy' }, 'Loud');
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  expect(readFileSync(join(made.worktree, 'a.loud'), 'utf8')).toBe('ahoy');
  expect(git(made.worktree, 'config', 'user.email')).toBe('person@example.org');
  expect(git(made.worktree, 'config', 'filter.upper.clean')).toBe('tr a-z "A-Z"');
  expect(git(made.worktree, 'config', '--default', 'none', 'core.editor')).toBe('none');
  write(made.worktree, { 'b.loud': 'hey', scratch: 'x' });
  const { head } = await worktrees.collect(made);
  expect(git(path, 'show', '--name-only', '--format=', head)).toBe('b.loud');
  expect(git(path, 'show', `${head}:b.loud`)).toBe('HEY');
});

test('a shallow repository can be worked on', async () => {
  const { path, worktrees } = setUp();
  commit(path, { more: '1' }, 'Second');
  const shallow = join(folder(), 'shallow');
  git(path, 'clone', '--quiet', '--depth=1', `file://${path}`, shallow);
  const made = await worktrees.add(first, { path: shallow, targetBranch: 'main' });
  commit(made.worktree, { a: '1' }, 'Work');
  expect(await worktrees.collect(made)).toMatchObject({ commits: 1 });
});

test('evidence: commits of the attempt are counted, and nothing is made up', async () => {
  const { path, worktrees } = setUp();
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  const { branch, base } = made;
  expect(await worktrees.collect(made)).toEqual({ branch, base, head: base, commits: 0, checkpointed: false });
  commit(made.worktree, { a: '1' }, 'One');
  const head = commit(made.worktree, { a: '2' }, 'Two');
  expect(await worktrees.collect(made)).toEqual({ branch, base, head, commits: 2, checkpointed: false });
});

test('what was not committed is, new and changed and deleted files alike, and by Yardmaster', async () => {
  const { path, worktrees } = setUp();
  commit(path, { old: '1', '.gitignore': 'ignored\n' }, 'More');
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  write(made.worktree, { new: '1', 'README.md': 'changed', ignored: 'x', '.git-lock-is-elsewhere': '' });
  rmSync(join(made.worktree, 'old'));
  write(join(made.worktree, '.git'), { 'index.lock': '' });
  const evidence = await worktrees.collect(made);
  expect(evidence).toMatchObject({ commits: 1, checkpointed: true });
  expect(
    git(path, 'show', '--no-renames', '--name-status', '--format=%an <%ae>', evidence.head).split('\n').filter(Boolean),
  ).toEqual(['Yardmaster <yardmaster@localhost>', 'A\t.git-lock-is-elsewhere', 'M\tREADME.md', 'A\tnew', 'D\told']);
  expect(await worktrees.collect(made)).toEqual({ ...evidence, checkpointed: false });
});

test('what an agent with commits of its own left uncommitted is kept aside and is no part of its work', async () => {
  const { path, worktrees } = setUp();
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  const head = commit(made.worktree, { a: '1' }, 'Work');
  write(made.worktree, { 'notes.txt': 'scratch' });
  expect(await worktrees.collect(made)).toMatchObject({ head, commits: 1, checkpointed: true });
  expect(git(path, 'show', 'refs/yardmaster/checkpoint/attempt/gt-1/1:notes.txt')).toBe('scratch');
  expect(git(path, 'rev-parse', 'attempt/gt-1/1').trim()).toBe(head);
});

test('commits on a detached head are brought onto the branch', async () => {
  const { path, worktrees } = setUp();
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  git(made.worktree, 'checkout', '--quiet', '--detach');
  const head = commit(made.worktree, { a: '1' }, 'Aside');
  expect(await worktrees.collect(made)).toMatchObject({ head, commits: 1 });
  expect(git(path, 'rev-parse', made.branch)).toBe(head);
});

test('a folder that is no worktree any more is never committed to, not even inside another repository', async () => {
  const path = repository();
  const root = join(path, 'data');
  mkdirSync(root);
  const worktrees = new Worktrees({ root, git: createGit({ environment }) });
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  const head = commit(made.worktree, { a: '1' }, 'Work');
  await worktrees.collect(made);
  rmSync(join(made.worktree, '.git'), { recursive: true });
  write(made.worktree, { late: '1' });
  write(path, { 'README.md': "a person's change" });
  expect(await worktrees.collect(made)).toMatchObject({ head, commits: 1, checkpointed: false });
  expect(git(path, 'rev-parse', 'main')).toBe(made.base);
  expect(git(path, 'diff', '--cached', '--name-only')).toBe('');
});

test('a removed worktree leaves its branch; a discarded attempt leaves nothing', async () => {
  const { path, worktrees } = setUp();
  const kept = await worktrees.add(first, { path, targetBranch: 'main' });
  const discarded = await worktrees.add({ bead: 'gt-2', epoch: 2 }, { path, targetBranch: 'main' });
  await worktrees.collect(kept);
  await worktrees.remove(kept);
  await worktrees.discard(discarded);
  expect(git(path, 'for-each-ref', '--format=%(refname)').split('\n')).toEqual([
    'refs/heads/attempt/gt-1/1',
    'refs/heads/main',
    'refs/yardmaster/base/attempt/gt-1/1',
  ]);
  expect(git(path, 'worktree', 'list').split('\n')).toHaveLength(1);
});

test('ids that would lead out of the folder are refused; a symbolic link in the way is not followed', async () => {
  const { root, path, worktrees } = setUp();
  await expect(worktrees.add({ bead: '../up', epoch: 1 }, { path, targetBranch: 'main' })).rejects.toMatchObject({
    code: 'invalid',
  });
  const elsewhere = folder();
  mkdirSync(join(root, 'worktrees'));
  symlinkSync(elsewhere, join(root, 'worktrees', 'gt-1-1'));
  const made = await worktrees.add(first, { path, targetBranch: 'main' });
  expect(made.worktree).toBe(join(root, 'worktrees', 'gt-1-1'));
  expect(existsSync(join(elsewhere, 'README.md'))).toBe(false);
});
