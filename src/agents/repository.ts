/**
 * Whether a folder is a repository that a town can work on, and what it looks like.
 */
import { realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { Refused } from '../core/errors.ts';
import { checkBranchName, type Git } from './git.ts';

export type Repository = {
  /** Real path of its top folder (of the repository itself, when it is bare). */
  readonly path: string;
  readonly bare: boolean;
  readonly targetBranch: string;
  /** Commit that the target branch is at. */
  readonly head: string;
};

const namedMax = 5;

/**
 * Looks at a repository before it becomes a rig. Without a target branch, the one that is checked out is taken.
 * @throws Refused `not_found` (no such folder, no such branch), `invalid` (no repository, no commit, detached HEAD
 * and no branch named), `conflict` (the target branch is checked out with uncommitted changes: merges into it would
 * have to wait).
 */
export async function inspectRepository(git: Git, folder: string, targetBranch?: string): Promise<Repository> {
  const { path, bare } = await locate(git, folder);
  const current = await currentBranch(git, path);
  const target = targetBranch ?? current;
  if (target === null) {
    throw new Refused('invalid', `HEAD of ${path} is detached: name the branch that work is to be merged into`);
  }
  const head = await resolveBranch(git, path, target);
  if (!bare && current === target) await refuseDirty(git, path, target);
  return { path, bare, targetBranch: target, head };
}

/**
 * The commit that a branch is at.
 * @throws Refused `not_found` naming the branches that there are, `invalid` when there is no commit at all.
 */
export async function resolveBranch(git: Git, path: string, branch: string): Promise<string> {
  checkBranchName(branch);
  const head = await branchHead(git, path, branch);
  if (head !== null) return head;
  const listed = await git.try(path, [
    'for-each-ref',
    '--format=%(refname:short)',
    `--count=${namedMax}`,
    'refs/heads',
  ]);
  if (listed.code !== 0) throw new Refused('not_found', `${path} is not a git repository: correct the path of the rig`);
  const names = listed.stdout.split('\n').filter((name) => name !== '');
  if (names.length > 0)
    throw new Refused('not_found', `${path} has no branch "${branch}"; it has: ${names.join(', ')}`);
  throw new Refused('invalid', `${path} has no commit yet: make a first commit on "${branch}"`);
}

/** The commit that a branch is at; null when there is no such branch. */
export async function branchHead(git: Git, path: string, branch: string): Promise<string | null> {
  const { code, stdout } = await git.try(path, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]);
  return code === 0 ? stdout : null;
}

/**
 * What a relative path is in the tree of a branch: runs have it in their clones, also where no files are checked out.
 */
export async function kindInBranch(
  git: Git,
  path: string,
  at: { branch: string; name: string },
): Promise<'program' | 'file' | 'absent'> {
  const name = posix.normalize(at.name);
  if (posix.isAbsolute(name) || name.startsWith('..')) return 'absent';
  const { code, stdout } = await git.try(path, ['ls-tree', `refs/heads/${at.branch}`, '--', name]);
  if (code !== 0 || stdout === '') return 'absent';
  return stdout.startsWith('100755 ') ? 'program' : 'file';
}

/** Files with uncommitted changes; files that git does not track do not count. */
export async function changedFiles(git: Git, path: string): Promise<readonly string[]> {
  const listed = await git.run(path, ['status', '--porcelain', '-z', '--untracked-files=no', '--no-renames']);
  return listed
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => entry.slice(3));
}

/** At most five names, and how many there are beyond. */
export function nameSome(names: readonly string[]): string {
  const some = names.slice(0, namedMax).join(', ');
  return names.length > namedMax ? `${some} and ${names.length - namedMax} more` : some;
}

async function locate(git: Git, folder: string): Promise<{ path: string; bare: boolean }> {
  const state = await stat(folder).catch(() => null);
  if (!state?.isDirectory())
    throw new Refused('not_found', `${folder} is not a folder: give the path of a git repository`);
  const { code, stdout, stderr } = await git.try(folder, ['rev-parse', '--is-bare-repository', '--absolute-git-dir']);
  if (stderr.includes('dubious ownership')) {
    throw new Refused(
      'forbidden',
      `${folder} belongs to another user, and git does not trust it: run the town as its owner`,
    );
  }
  if (code !== 0)
    throw new Refused('invalid', `${folder} is not a git repository: run git init there, or give another path`);
  const [bareWord, gitFolder = folder] = stdout.split('\n');
  if (bareWord === 'true') return { path: await realpath(gitFolder), bare: true };
  return { path: await realpath(await git.run(folder, ['rev-parse', '--show-toplevel'])), bare: false };
}

async function currentBranch(git: Git, path: string): Promise<string | null> {
  const { code, stdout } = await git.try(path, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return code === 0 ? stdout : null;
}

async function refuseDirty(git: Git, path: string, target: string): Promise<void> {
  const files = await changedFiles(git, path);
  if (files.length === 0) return;
  throw new Refused(
    'conflict',
    `${path} has uncommitted changes on "${target}" (${nameSome(files)}): ` +
      'commit or stash them, or name another target branch',
    { files: files.slice(0, namedMax) },
  );
}
