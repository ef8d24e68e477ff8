/** The hands against hostile names and hostile repositories: the canary file must never appear. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkBranchName, createGit } from '../../src/agents/git.ts';
import { createIntegrator } from '../../src/agents/integrator.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import {
  commit,
  container,
  env,
  environment,
  folder,
  git,
  never,
  Reports,
  repository,
  script,
  write,
} from '../agents/workshop.ts';

const hostile = (canary: string) => [
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `; touch ${canary} ;`,
  `x\ntouch ${canary}\n`,
  `' && touch ${canary} && '`,
  `--upload-pack=touch ${canary}`,
  `-oProxyCommand=touch ${canary}`,
  `{prompt} $\{IFS} | touch ${canary}`,
];

test('SEC13 titles and prompts are arguments and never commands', async () => {
  const [root, path] = [folder(), repository()];
  const canary = join(folder(), 'canary');
  const local = container({ root });
  const reports = new Reports(local);
  for (const [index, text] of hostile(canary).entries()) {
    const argv = ['sh', '-c', 'cat; printf "%s" "$1" "$YARDMASTER_TITLE"', 'sh', '{title}'];
    const spec = script(
      '',
      { path },
      { epoch: index + 1, title: text, prompt: text, command: { argv, promptBy: 'stdin' } },
    );
    expect(await local.start(spec, never)).toMatchObject({ kind: 'accepted' });
    const end = await reports.next('exited');
    expect(end).toMatchObject({ code: 0, tail: expect.stringContaining(text.slice(0, 12)) });
  }
  expect(existsSync(canary)).toBe(false);
});

/** An attempt with a commit, and the request to merge it. */
async function attempt(title: string, files: Readonly<Record<string, string>>) {
  const [root, path] = [folder(), repository()];
  const worktrees = new Worktrees({ root, git: createGit({ environment }) });
  const made = await worktrees.add({ bead: 'gt-1', epoch: 1 }, { path, targetBranch: 'main' });
  commit(made.worktree, files, 'Bread');
  const { head } = await worktrees.collect(made);
  const integrator = createIntegrator({ root, env, environment });
  const request = {
    ...{ rig: 'rig', bead: 'gt-1', title, epoch: 1, repository: { path, targetBranch: 'main' } },
    ...{ branch: made.branch, head, test: [], testTimeoutMs: 20_000 },
  };
  return { root, path, made, merge: () => integrator.merge(request, never) };
}

test('SEC13 SEC20 a hostile title is the subject of a merge and nothing else', async () => {
  const canary = join(folder(), 'canary');
  const title = hostile(canary).join(' ');
  const { path, merge } = await attempt(title, { 'bread.txt': 'bread' });
  expect(await merge()).toMatchObject({ kind: 'merged' });
  expect(git(path, 'log', '-1', '--format=%s', 'main')).toContain('Merge gt-1: $(touch');
  expect(existsSync(canary)).toBe(false);
});

test('SEC20 what we take for a branch, git takes for one too', () => {
  const names = ['main', 'a/b', 'v1.2', 'x_y-z', 'a.b/c', 'UPPER', '1', 'attempt/gt-1/3', `a${'b'.repeat(200)}`];
  for (const name of names) {
    expect(() => checkBranchName(name)).not.toThrow();
    expect(execFileSync('git', ['check-ref-format', '--branch', name], { encoding: 'utf8' }).trim()).toBe(name);
  }
  const refused = [
    '-x',
    '--exec=x',
    'a..b',
    'a@{1}',
    'a.lock',
    'a/.b',
    'a//b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'ä',
    '',
    '/a',
    'a/',
    '.',
    'HEAD',
    'a\n',
    'a\0',
  ];
  for (const name of refused) expect(() => checkBranchName(name), JSON.stringify(name)).toThrow();
});

test('SEC21 what an agent sets in the configuration of its repository runs nothing of ours', async () => {
  const canary = join(folder(), 'canary');
  const { path, made, merge } = await attempt('Bread', { 'bread.txt': 'bread' });
  const program = `touch ${canary}; false`;
  for (const name of [
    'core.fsmonitor',
    'core.sshCommand',
    'core.pager',
    'core.editor',
    'diff.external',
    'gpg.program',
  ]) {
    git(made.worktree, 'config', name, program);
  }
  git(made.worktree, 'config', 'commit.gpgSign', 'true');
  const hooks = join(path, '.git', 'hooks');
  const names = [
    'post-checkout',
    'pre-commit',
    'post-commit',
    'pre-merge-commit',
    'post-merge',
    'reference-transaction',
  ];
  const text = `#!/bin/sh\n${program}\n`;
  write(hooks, Object.fromEntries(names.map((name) => [name, text])));
  execFileSync('chmod', ['+x', ...readdirSync(hooks).map((name) => join(hooks, name))]);
  expect(await merge()).toMatchObject({ kind: 'merged' });
  expect(existsSync(canary)).toBe(false);
});

test.fails('SEC21 a filter that an agent names in the configuration is run by our git, as the same user', async () => {
  const canary = join(folder(), 'canary');
  const { made, merge } = await attempt('Bread', {
    'bread.txt': 'bread',
    '.gitattributes': '* filter=evil merge=evil\n',
  });
  git(made.worktree, 'config', 'filter.evil.smudge', `touch ${canary}; cat`);
  git(made.worktree, 'config', 'filter.evil.clean', `touch ${canary}; cat`);
  git(made.worktree, 'config', 'merge.evil.driver', `touch ${canary}; false`);
  await merge();
  expect(existsSync(canary)).toBe(false);
});
