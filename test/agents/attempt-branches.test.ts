/** What attempts left in a repository is listed with what the target branch has of it, and removed when asked. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgetAttempts, listAttempts } from '../../src/agents/attempt-branches.ts';
import { createGit } from '../../src/agents/git.ts';
import { createIntegrator } from '../../src/agents/integrator.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import { commit, env, environment, folder, git, never, repository, write } from './workshop.ts';

const tool = createGit({ environment });

async function setUp() {
  const [root, path] = [folder(), repository()];
  const worktrees = new Worktrees({ root, git: tool });
  const place = { path, targetBranch: 'main' };
  const attempt = async (bead: string, epoch: number, files: Readonly<Record<string, string>> = {}) => {
    const made = await worktrees.add({ bead, epoch }, place);
    if (Object.keys(files).length > 0) commit(made.worktree, files, 'Work');
    return made;
  };
  const refs = () => git(path, 'for-each-ref', '--format=%(refname)').split('\n');
  return { root, path, worktrees, place, attempt, refs };
}

test('is merged what the target branch has, whatever lies beside it', async () => {
  const { root, path, worktrees, place, attempt } = await setUp();
  const merged = await attempt('a', 1, { a: '1' });
  write(merged.worktree, { scratch: '1' });
  const { head } = await worktrees.collect(merged);
  await worktrees.collect(await attempt('a', 2));
  await worktrees.collect(await attempt('b', 3, { b: '1' }));
  const integrator = createIntegrator({ root, env, environment });
  const request = { rig: 'r', bead: 'a', title: 'A', epoch: 1, repository: place, branch: merged.branch, head };
  const done = await integrator.merge({ ...request, test: [], testTimeoutMs: 1_000 }, never);
  const listed = (await listAttempts(tool, place)).map(({ bead, epoch, isMerged }) => [bead, epoch, isMerged]);
  expect(listed.sort()).toEqual([
    ['a', 1, true],
    ['a', 2, true],
    ['b', 3, false],
  ]);

  await forgetAttempts(tool, place, [{ bead: 'a', epoch: 1, withCheckpoint: false }]);
  expect(git(path, 'show', 'refs/yardmaster/checkpoint/attempt/a/1:scratch')).toBe('1');
  // A merge that is asked for again, because its answer was lost, is known without its branch.
  expect(await integrator.merge({ ...request, test: [], testTimeoutMs: 1_000 }, never)).toEqual(done);
  expect(await integrator.merged(request)).toEqual({ commit: done.kind === 'merged' ? done.commit : '' });
});

test('nothing else is removed, and nothing that a person has checked out', async () => {
  const { path, worktrees, place, attempt, refs } = await setUp();
  for (const epoch of [1, 2, 3]) await worktrees.collect(await attempt('a', epoch, { a: String(epoch) }));
  git(path, 'branch', 'attempt-of-a-person');
  git(path, 'worktree', 'add', '--quiet', join(folder(), 'look'), 'attempt/a/2');
  const all = [1, 2].map((epoch) => ({ bead: 'a', epoch, withCheckpoint: true }));
  await forgetAttempts(tool, place, all);
  expect(refs()).toEqual([
    'refs/heads/attempt-of-a-person',
    'refs/heads/attempt/a/2',
    'refs/heads/attempt/a/3',
    'refs/heads/main',
    'refs/yardmaster/base/attempt/a/3',
  ]);
});
