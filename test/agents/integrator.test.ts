/** Merges on real repositories: every outcome, races with a person, and what a crash leaves behind. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGit } from '../../src/agents/git.ts';
import { createIntegrator } from '../../src/agents/integrator.ts';
import type { MergeRequest } from '../../src/agents/port.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import { commit, env, environment, folder, git, isThere, never, repository, soon, write } from './workshop.ts';

const node = (text: string) => [process.execPath, '-e', text];

/** A repository with one attempt that changed some files, and the request to merge it. */
async function setUp(files: Readonly<Record<string, string>> = { 'bread.txt': 'bread\n' }, path = repository()) {
  const root = folder();
  const worktrees = new Worktrees({ root, git: createGit({ environment }) });
  const made = await worktrees.add({ bead: 'gt-1', epoch: 1 }, { path, targetBranch: 'main' });
  if (Object.keys(files).length > 0) commit(made.worktree, files, 'Bread');
  const { head } = await worktrees.collect(made);
  const request: MergeRequest = {
    rig: 'rig',
    bead: 'gt-1',
    title: 'Make bread',
    epoch: 1,
    repository: { path, targetBranch: 'main' },
    branch: made.branch,
    head,
    test: [],
    testTimeoutMs: 20_000,
    isolation: 'off',
  };
  const integrator = createIntegrator({
    root,
    env,
    environment: { ...environment, TOKEN: 'x' },
    secretValues: ['hidden-value'],
  });
  return { root, path, request, integrator, ...made };
}

const main = (path: string) => git(path, 'rev-parse', 'main');

test('a branch is merged into the target and into the checkout that has it, and says what it is', async () => {
  const { path, request, integrator, base } = await setUp();
  expect(await integrator.merged(request)).toBeNull();
  const outcome = await integrator.merge({ ...request, title: 'Make\nbread\0 $(id)' }, never);
  expect(outcome).toEqual({ kind: 'merged', commit: main(path) });
  expect(readFileSync(join(path, 'bread.txt'), 'utf8')).toBe('bread\n');
  expect(git(path, 'status', '--porcelain')).toBe('');
  expect(git(path, 'log', '-1', '--format=%P|%an <%ae>|%B')).toBe(
    `${base} ${request.head}|Yardmaster <yardmaster@localhost>|` +
      'Merge gt-1: Make bread $(id)\n\nBead: gt-1\nAttempt: attempt/gt-1/1',
  );
  expect(await integrator.merged(request)).toEqual({ commit: main(path) });
  expect(await integrator.merge(request, never)).toEqual(outcome);
});

test('a target that is checked out nowhere, in a bare repository too, is moved', async () => {
  const source = repository();
  const bare = join(folder(), 'bare.git');
  git(source, 'clone', '--quiet', '--bare', source, bare);
  const { request, integrator } = await setUp(undefined, bare);
  expect(await integrator.merge(request, never)).toEqual({ kind: 'merged', commit: main(bare) });
  git(source, 'checkout', '--quiet', '-b', 'other');
  const second = await setUp({ b: '1' }, source);
  expect(await second.integrator.merge(second.request, never)).toEqual({ kind: 'merged', commit: main(source) });
  expect(git(source, 'status', '--porcelain', '--branch')).toBe('## other');
});

test('a branch without commits adds nothing, and was not merged', async () => {
  const { path, request, integrator } = await setUp({});
  expect(await integrator.merge(request, never)).toEqual({ kind: 'nothing' });
  commit(path, { other: '1' }, 'Other');
  expect(await integrator.merge(request, never)).toEqual({ kind: 'nothing' });
  expect(await integrator.merged(request)).toBeNull();
});

test('work that a person merged is found, by a merge or by moving the target onto it', async () => {
  const first = await setUp();
  git(first.path, 'merge', '--quiet', '--no-ff', '-m', 'By hand', first.branch);
  expect(await first.integrator.merged(first.request)).toEqual({ commit: main(first.path) });
  const second = await setUp();
  git(second.path, 'merge', '--quiet', '--ff-only', second.branch);
  commit(second.path, { later: '1' }, 'Later');
  expect(await second.integrator.merged(second.request)).toEqual({ commit: second.request.head });
  expect(await second.integrator.merge(second.request, never)).toEqual({ kind: 'merged', commit: second.request.head });
});

test('a conflict names its files, and changes nothing', async () => {
  const { path, request, integrator } = await setUp({ 'README.md': 'ours\n', 'grüße.txt': 'a' });
  const head = commit(path, { 'README.md': 'theirs\n', 'grüße.txt': 'b' }, 'Theirs');
  expect(await integrator.merge(request, never)).toEqual({ kind: 'conflict', files: ['README.md', 'grüße.txt'] });
  expect(main(path)).toBe(head);
  expect(git(path, 'status', '--porcelain')).toBe('');
});

test('tests run on the merge result, without a shell, with few variables and masked output', async () => {
  const { root, path, request, integrator, base } = await setUp();
  commit(path, { 'butter.txt': 'butter\n' }, 'Butter');
  const pass = node(`const fs = require('fs'); fs.readFileSync('bread.txt'); fs.readFileSync('butter.txt');
    if (process.env.CANARY || process.env.TOKEN) process.exit(9)`);
  expect((await integrator.merge({ ...request, test: pass }, never)).kind).toBe('merged');
  expect(main(path)).not.toBe(base);

  const second = await setUp();
  const fail = node(`console.log('x'.repeat(9000)); console.error('failed with hidden-value'); process.exit(3)`);
  const before = main(second.path);
  const outcome = await second.integrator.merge({ ...second.request, test: fail }, never);
  expect(outcome).toMatchObject({
    kind: 'tests_failed',
    code: 3,
    tail: expect.stringContaining('failed with [masked]'),
  });
  expect(outcome.kind === 'tests_failed' && Buffer.byteLength(outcome.tail)).toBeLessThanOrEqual(4_096);
  expect(main(second.path)).toBe(before);
  expect(existsSync(join(root, 'integration', 'rig', 'bread.txt'))).toBe(true);
});

test('tests that do not end are ended, with all that they started', async () => {
  const { root, path, request, integrator, base } = await setUp();
  const hang = ['sh', '-c', 'setsid sleep 300 & echo $! > ../../child; trap "" TERM; sleep 300'];
  const outcome = await integrator.merge({ ...request, test: hang, testTimeoutMs: 300 }, never);
  expect(outcome).toMatchObject({
    kind: 'tests_failed',
    code: null,
    tail: expect.stringContaining('did not end within 300 ms'),
  });
  expect(isThere(readFileSync(join(root, 'child'), 'utf8').trim())).toBe(false);
  expect(main(path)).toBe(base);
});

test('a test command that does not exist is said plainly', async () => {
  const { request, integrator } = await setUp();
  await expect(integrator.merge({ ...request, test: ['no-such-tool'] }, never)).rejects.toThrow(
    /"no-such-tool" does not exist/,
  );
});

test('a checkout with uncommitted changes blocks the merge, untracked files do not', async () => {
  const { path, request, integrator, base } = await setUp();
  write(path, { 'README.md': 'half a thought', notes: 'untracked' });
  const outcome = await integrator.merge(request, never);
  expect(outcome).toEqual({
    kind: 'blocked',
    reason: expect.stringMatching(/uncommitted changes \(README.md\): commit or stash/),
  });
  expect(main(path)).toBe(base);
  expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('half a thought');
  git(path, 'checkout', '--quiet', 'README.md');
  expect((await integrator.merge(request, never)).kind).toBe('merged');
  expect(readFileSync(join(path, 'notes'), 'utf8')).toBe('untracked');
});

test('an untracked file in the way blocks the merge and is kept', async () => {
  const { path, request, integrator, base } = await setUp();
  write(path, { 'bread.txt': 'mine' });
  expect(await integrator.merge(request, never)).toMatchObject({
    kind: 'blocked',
    reason: expect.stringContaining('bread.txt'),
  });
  expect(main(path)).toBe(base);
  expect(readFileSync(join(path, 'bread.txt'), 'utf8')).toBe('mine');
});

test('a merge or a rebase of a person that is under way blocks', async () => {
  const { path, request, integrator } = await setUp();
  git(path, 'checkout', '--quiet', '-b', 'side');
  commit(path, { 'README.md': 'side' }, 'Side');
  git(path, 'checkout', '--quiet', 'main');
  const head = commit(path, { 'README.md': 'main' }, 'Main');
  expect(() => git(path, 'rebase', 'side')).toThrow();
  expect(await integrator.merge(request, never)).toMatchObject({
    kind: 'blocked',
    reason: expect.stringContaining('rebase'),
  });
  git(path, 'rebase', '--abort');
  expect(() => git(path, 'merge', 'side')).toThrow();
  expect((await integrator.merge(request, never)).kind).toBe('blocked');
  git(path, 'merge', '--abort');
  expect(main(path)).toBe(head);
});

test('a person who commits while the tests run is not overwritten: the merge is made and tested anew', async () => {
  const { root, path, request, integrator } = await setUp();
  const slow = node(`const fs = require('fs'); fs.appendFileSync('../../rounds', 'x');
    const wait = () => fs.existsSync('../../go') ? process.exit(0) : setTimeout(wait, 10); wait()`);
  const merge = integrator.merge({ ...request, test: slow }, never);
  await soon(() => (existsSync(join(root, 'rounds')) ? true : undefined));
  const person = commit(path, { 'person.txt': '1' }, 'A person was faster');
  writeFileSync(join(root, 'go'), '');
  expect(await merge).toEqual({ kind: 'merged', commit: main(path) });
  expect(readFileSync(join(root, 'rounds'), 'utf8')).toBe('xx');
  expect(git(path, 'rev-parse', 'main^1')).toBe(person);
});

test('a target that moves again and again blocks instead of trying for ever', async () => {
  const { path, request, integrator } = await setUp();
  const tree = git(path, 'rev-parse', 'main^{tree}');
  const move = ['sh', '-c', `new=$(git commit-tree -p main -m Moved ${tree}) && git update-ref refs/heads/main $new`];
  const identity = {
    GIT_AUTHOR_NAME: 'P',
    GIT_AUTHOR_EMAIL: 'p@x',
    GIT_COMMITTER_NAME: 'P',
    GIT_COMMITTER_EMAIL: 'p@x',
  };
  git(path, 'config', 'user.name', identity.GIT_AUTHOR_NAME);
  git(path, 'config', 'user.email', identity.GIT_AUTHOR_EMAIL);
  expect(await integrator.merge({ ...request, test: move }, never)).toMatchObject({ kind: 'blocked' });
});

test('a branch that is not where its run left it is not merged', async () => {
  const { path, request, integrator, worktree } = await setUp();
  const late = commit(worktree, { late: '1' }, 'Late');
  git(path, 'fetch', '--quiet', worktree, `${late}:refs/heads/${request.branch}`);
  await expect(integrator.merge(request, never)).rejects.toMatchObject({ name: 'Terminal', message: /not at/ });
  await expect(integrator.merge({ ...request, branch: 'attempt/gt-9/9' }, never)).rejects.toThrow(/is gone/);
  await expect(integrator.merge({ ...request, rig: '../x' }, never)).rejects.toMatchObject({ code: 'invalid' });
  await expect(integrator.merge({ ...request, head: '--all' }, never)).rejects.toMatchObject({ code: 'invalid' });
});

test('what a crash left is cleaned: a half merge, a lock, a folder that is gone, tests that still run', async () => {
  const { root, path, request, integrator } = await setUp({ 'README.md': 'ours\n' });
  const theirs = commit(path, { 'README.md': 'theirs\n' }, 'Theirs');
  expect((await integrator.merge(request, never)).kind).toBe('conflict');
  const place = join(root, 'integration', 'rig');
  expect(() => git(place, 'merge', request.head)).toThrow();
  write(place, { leftover: 'x' });
  const variables = { PATH: environment.PATH, YARDMASTER_RUN: `integration/rig@${root}` };
  const orphan = spawn('sleep', ['300'], { env: variables, stdio: 'ignore', detached: true });
  writeFileSync(git(place, 'rev-parse', '--path-format=absolute', '--git-path', 'index.lock'), '');
  git(path, 'revert', '--no-edit', theirs);
  expect((await integrator.merge(request, never)).kind).toBe('merged');
  expect(existsSync(join(place, 'leftover'))).toBe(false);
  expect(isThere(orphan.pid ?? 0)).toBe(false);

  const again = await setUp();
  await again.integrator.merge({ ...again.request, test: ['no-such-tool'] }, never).catch(() => {});
  rmSync(join(again.root, 'integration'), { recursive: true });
  expect((await again.integrator.merge(again.request, never)).kind).toBe('merged');
});

test('a merge that is called off ends its tests and moves nothing', async () => {
  const { root, path, request, integrator, base } = await setUp();
  const off = new AbortController();
  const merge = integrator.merge({ ...request, test: ['sh', '-c', 'echo $$ > ../../child; sleep 300'] }, off.signal);
  const pid = await soon(() =>
    existsSync(join(root, 'child')) ? readFileSync(join(root, 'child'), 'utf8').trim() || undefined : undefined,
  );
  off.abort();
  await expect(merge).rejects.toMatchObject({ name: 'Retryable' });
  expect(isThere(pid)).toBe(false);
  expect(main(path)).toBe(base);
});

test('merges of one rig happen one after the other', async () => {
  const { path, request, integrator, root } = await setUp();
  const worktrees = new Worktrees({ root, git: createGit({ environment }) });
  const requests = [request];
  for (const epoch of [2, 3, 4]) {
    const made = await worktrees.add({ bead: `gt-${epoch}`, epoch }, { path, targetBranch: 'main' });
    commit(made.worktree, { [`file-${epoch}`]: '1' }, 'Work');
    const { head } = await worktrees.collect(made);
    requests.push({ ...request, bead: `gt-${epoch}`, epoch, branch: made.branch, head });
  }
  const outcomes = await Promise.all(requests.map((each) => integrator.merge(each, never)));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['merged', 'merged', 'merged', 'merged']);
  expect(git(path, 'rev-list', '--count', '--first-parent', 'main')).toBe('5');
  expect(git(path, 'status', '--porcelain')).toBe('');
});
