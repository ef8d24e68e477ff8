/** The hands against hostile names and hostile repositories: the canary file must never appear. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** An attempt that has begun, and the request to merge it when its head is known. */
async function begun(title = 'Bread') {
  const [root, path] = [folder(), repository()];
  const worktrees = new Worktrees({ root, git: createGit({ environment }) });
  const made = await worktrees.add({ bead: 'gt-1', epoch: 1 }, { path, targetBranch: 'main' });
  const integrator = createIntegrator({ root, env, environment });
  const request = {
    ...{ rig: 'rig', bead: 'gt-1', title, epoch: 1, repository: { path, targetBranch: 'main' } },
    ...{ branch: made.branch, test: [], testTimeoutMs: 20_000 },
  };
  return { path, made, worktrees, integrator, request };
}

/** An attempt with a commit that is ready to be merged. */
async function attempt(title: string, files: Readonly<Record<string, string>>) {
  const { path, made, worktrees, integrator, request } = await begun(title);
  commit(made.worktree, files, 'Bread');
  const { head } = await worktrees.collect(made);
  return { path, made, merge: () => integrator.merge({ ...request, head }, never) };
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

/** What an agent may do to its clone before its run ends. */
const tampered: Readonly<Record<string, (worktree: string, canary: string) => void>> = {
  'a filter and a merge driver': (worktree, canary) => {
    write(worktree, { '.gitattributes': '* filter=evil merge=evil diff=evil\n', 'README.md': 'changed\n' });
    for (const name of ['filter.evil.smudge', 'filter.evil.clean', 'filter.evil.process', 'diff.evil.textconv'])
      git(worktree, 'config', name, `touch ${canary}; cat`);
    git(worktree, 'config', 'merge.evil.driver', `touch ${canary}; false`);
  },
  'attributes and hooks of the clone': (worktree, canary) => {
    write(join(worktree, '.git'), {
      'info/attributes': '* filter=evil\n',
      'hooks/reference-transaction': '#!/bin/sh\n',
    });
    git(worktree, 'config', 'core.attributesFile', join(worktree, '.git/info/attributes'));
    git(worktree, 'config', 'filter.evil.clean', `touch ${canary}; cat`);
    git(worktree, 'config', 'uploadpack.packObjectsHook', `touch ${canary}; false`);
    git(worktree, 'config', 'core.fsmonitor', `touch ${canary}; false`);
    git(worktree, 'config', 'core.alternateRefsCommand', `touch ${canary}; false`);
  },
  'settings by a detour': (worktree, canary) => {
    write(worktree, {
      '.git/more': `[core]\n\tfsmonitor = touch ${canary}\n[filter "evil"]\n\tclean = touch ${canary}\n`,
    });
    git(worktree, 'config', 'include.path', 'more');
    git(worktree, 'config', 'extensions.worktreeConfig', 'true');
    write(worktree, {
      '.git/config.worktree': `[core]\n\tfsmonitor = touch ${canary}\n`,
      '.gitattributes': '* filter=evil\n',
    });
  },
  'a promise that missing objects are elsewhere': (worktree, canary) => {
    git(worktree, 'config', 'remote.evil.url', `ext::sh -c "touch ${canary}"`);
    git(worktree, 'config', 'remote.evil.promisor', 'true');
    git(worktree, 'config', 'extensions.partialClone', 'evil');
    git(worktree, 'config', 'protocol.ext.allow', 'always');
    git(worktree, 'config', 'core.sshCommand', `touch ${canary}`);
  },
  'a repository inside with a filter of its own': (worktree, canary) => {
    const inner = join(worktree, 'inner');
    git(worktree, 'init', '--quiet', 'inner');
    commit(inner, { a: '1', '.gitattributes': '* filter=evil\n' }, 'Inner');
    git(worktree, 'add', 'inner');
    git(inner, 'config', 'filter.evil.clean', `touch ${canary}; cat`);
    git(inner, 'config', 'core.fsmonitor', `touch ${canary}; false`);
    write(inner, { a: 'changed' });
  },
};

test.each(Object.entries(tampered))('SEC21 %s in the clone of a run is not read by our git', async (_, tamper) => {
  const canary = join(folder(), 'canary');
  const { path, made, worktrees, integrator, request } = await begun();
  commit(made.worktree, { 'bread.txt': 'bread' }, 'Bread');
  tamper(made.worktree, canary);
  rmSync(canary, { force: true });
  const { head, commits } = await worktrees.collect(made);
  expect(commits).toBeGreaterThan(0);
  expect(await integrator.merge({ ...request, head }, never)).toMatchObject({ kind: 'merged' });
  expect(git(path, 'show', 'main:bread.txt')).toBe('bread');
  expect(existsSync(canary)).toBe(false);
});

test('SEC21 links in the clone of a run lead nothing of ours to another place', async () => {
  const { path, made, worktrees } = await begun();
  const head = commit(made.worktree, { 'bread.txt': 'bread' }, 'Bread');
  const other = repository();
  const before = git(other, 'for-each-ref');
  rmSync(join(made.worktree, '.git', 'refs', 'tags'), { recursive: true, force: true });
  symlinkSync(join(other, '.git', 'refs', 'heads'), join(made.worktree, '.git', 'refs', 'tags'));
  rmSync(join(made.worktree, '.git', 'config'));
  const target = join(folder(), 'somebody-elses.config');
  writeFileSync(target, 'mine');
  symlinkSync(target, join(made.worktree, '.git', 'config'));
  expect(await worktrees.collect(made)).toMatchObject({ head, commits: 1 });
  expect([git(other, 'for-each-ref'), readFileSync(target, 'utf8')]).toEqual([before, 'mine']);
  expect(git(path, 'rev-parse', made.branch)).toBe(head);

  const gone = await begun();
  commit(gone.made.worktree, { 'bread.txt': 'bread' }, 'Bread');
  rmSync(join(gone.made.worktree, '.git'), { recursive: true });
  symlinkSync(join(other, '.git'), join(gone.made.worktree, '.git'));
  expect(await gone.worktrees.collect(gone.made)).toMatchObject({ commits: 0, checkpointed: false });
  expect(git(other, 'status', '--porcelain')).toBe('');
});
