/** What a successor is told of the work before it: bounded, and text only. */
import { expect, test } from 'vitest';
import { describeEarlier } from '../../src/agents/earlier-work.ts';
import { createGit } from '../../src/agents/git.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import { commit, environment, folder, git, repository, write } from './workshop.ts';

const gitOfTown = createGit({ environment });

function setUp() {
  const [root, path] = [folder(), repository()];
  const place = { path, targetBranch: 'main' };
  const worktrees = new Worktrees({ root, git: gitOfTown });
  return { path, place, worktrees };
}

test('the newest attempt that left anything, with what it changed and what it had not committed', async () => {
  const { path, place, worktrees } = setUp();
  const first = await worktrees.add({ bead: 'gt-1', epoch: 1 }, place);
  commit(first.worktree, { 'bread.txt': 'flour\nwater\n' }, 'Bread');
  write(first.worktree, { 'notes.txt': 'later' });
  await worktrees.collect(first);
  const idle = await worktrees.add({ bead: 'gt-1', epoch: 2 }, place);
  await worktrees.collect(idle);
  commit(path, { other: '1' }, 'The target moves on');
  expect(await describeEarlier(gitOfTown, place, { bead: 'gt-1', epoch: 2 })).toMatchObject({
    ...{ branch: 'attempt/gt-1/1', commits: 1, behind: 1, isCut: false },
    stat: expect.stringMatching(/bread\.txt \| 2 \+\+/),
    diff: expect.stringContaining('+flour\n+water'),
    uncommitted: git(path, 'rev-parse', 'refs/yardmaster/checkpoint/attempt/gt-1/1'),
  });
  expect(await describeEarlier(gitOfTown, place, { bead: 'gt-1', epoch: 3 })).toMatchObject({
    branch: 'attempt/gt-1/2',
  });
  expect(await describeEarlier(gitOfTown, place, { bead: 'gt-1', epoch: 1 })).toBeNull();
  expect(await describeEarlier(gitOfTown, place, { bead: 'gt-2', epoch: 9 })).toBeNull();
});

test('large files, many files and what is no text are named and not shown', async () => {
  const { place, worktrees } = setUp();
  const made = await worktrees.add({ bead: 'gt-1', epoch: 1 }, place);
  write(made.worktree, {
    'generated.txt': 'line\n'.repeat(1_000),
    'picture.bin': `\0${'x'.repeat(10_000)}`,
    'a file\twith "marks".txt': 'shown\n',
    ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`many/${index}.txt`, 'words '.repeat(100)])),
  });
  await worktrees.collect(made);
  const work = await describeEarlier(gitOfTown, place, { bead: 'gt-1', epoch: 2 });
  expect(work).toMatchObject({ commits: 1, isCut: true });
  expect(work?.diff).toContain('+shown');
  expect(work?.diff).not.toContain('line\n+line');
  expect(work?.diff.length).toBeLessThanOrEqual(6_000);
  expect(work?.stat.length).toBeLessThanOrEqual(2_000);
  expect(work?.stat).toContain('generated.txt');
});
