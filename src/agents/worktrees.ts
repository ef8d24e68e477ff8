/**
 * One git worktree and one branch for each attempt: made from the target branch, and read as evidence when the
 * attempt has ended.
 */
import { lstat, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../core/errors.ts';
import { makePrivateFolder } from './files.ts';
import { checkIdentifier, type Git } from './git.ts';
import type { Evidence } from './port.ts';
import { branchHead, resolveBranch } from './repository.ts';
import { inTurn } from './turns.ts';

export type AttemptWorktree = {
  /** The repository that it is a worktree of. */
  readonly repository: string;
  readonly worktree: string;
  readonly branch: string;
  /** Commit that the attempt began at. */
  readonly base: string;
};

export type Attempt = { readonly bead: string; readonly epoch: number };

/** Branch of an attempt, `attempt/<bead>/<epoch>`. */
export function attemptBranch({ bead, epoch }: Attempt): string {
  return `attempt/${bead}/${epoch}`;
}

/**
 * Where an attempt began is kept as a ref, so that "the branch adds nothing" and "all of it is merged" can be told
 * apart later.
 */
export function attemptBaseRef(branch: string): string {
  return `refs/yardmaster/base/${branch}`;
}

/** Where the files are kept that an agent with commits of its own left uncommitted. */
export function checkpointRef(branch: string): string {
  return `refs/yardmaster/checkpoint/${branch}`;
}

/** Calls that change a repository's list of worktrees are made one at a time: git locks them, and does not wait. */
export async function inRepositoryTurn<T>(repository: string, call: () => Promise<T>): Promise<T> {
  return inTurn(`repository:${await realpath(repository).catch(() => repository)}`, call);
}

export class Worktrees {
  readonly #folder: string;
  readonly #git: Git;

  constructor(options: { root: string; git: Git }) {
    this.#folder = join(options.root, 'worktrees');
    this.#git = options.git;
  }

  /**
   * Makes the worktree and the branch of an attempt, or takes up what a crash left of them.
   * @throws Refused `invalid`, `not_found` for ids, paths and branches; Retryable with git's words.
   */
  async add(attempt: Attempt, from: { path: string; targetBranch: string }): Promise<AttemptWorktree> {
    checkIdentifier(attempt.bead, 'bead');
    const branch = attemptBranch(attempt);
    const repository = from.path;
    return inRepositoryTurn(repository, async () => {
      await makePrivateFolder(this.#folder);
      const worktree = join(await realpath(this.#folder), `${attempt.bead}-${attempt.epoch}`);
      const { base, head } = await this.#refs(from, branch);
      if (!(await this.#isWorktree(worktree, branch))) {
        await rm(worktree, { recursive: true, force: true });
        const start = head === null ? ['--no-track', '-b', branch, '--', worktree, base] : ['--', worktree, branch];
        await this.#git.run(repository, ['worktree', 'add', '--force', ...start]);
      }
      await refuseRedirected(worktree);
      return { repository, worktree, branch, base };
    });
  }

  /**
   * What the attempt left. Uncommitted files are committed first, and commits that are not on the branch although
   * they follow it (made on a detached head) are brought onto it. Where the folder is no worktree any more, the
   * branch alone speaks.
   */
  async collect(attempt: AttemptWorktree): Promise<Evidence> {
    const { repository, branch, base } = attempt;
    const tree = await this.#look(attempt);
    const checkpointed = tree !== null && (await this.#checkpoint(attempt, tree));
    let head = await branchHead(this.#git, repository, branch);
    const here = checkpointed ? await this.#git.run(attempt.worktree, ['rev-parse', 'HEAD']) : tree?.head;
    if (here !== undefined && head !== here && (head === null || (await this.#isAncestor(repository, head, here)))) {
      await this.#git.run(repository, ['update-ref', `refs/heads/${branch}`, here, head ?? '']);
      head = here;
    }
    const tip = head ?? base;
    const counted = tip === base ? '0' : await this.#git.run(repository, ['rev-list', '--count', `${base}..${tip}`]);
    return { branch, base, head: tip, commits: Number(counted), checkpointed };
  }

  /** Removes the folder; the branch stays. */
  async remove({ repository, worktree }: AttemptWorktree): Promise<void> {
    await inRepositoryTurn(repository, async () => {
      await rm(worktree, { recursive: true, force: true });
      await this.#git.try(repository, ['worktree', 'prune']);
    });
  }

  /** Removes all traces of an attempt that never began. */
  async discard(attempt: AttemptWorktree): Promise<void> {
    await this.remove(attempt);
    await this.#git.try(attempt.repository, ['update-ref', '-d', `refs/heads/${attempt.branch}`, attempt.base]);
    await this.#git.try(attempt.repository, ['update-ref', '-d', attemptBaseRef(attempt.branch)]);
  }

  /** Where the attempt begins (as it was the first time), and where its branch is, if there is one. */
  async #refs(
    from: { path: string; targetBranch: string },
    branch: string,
  ): Promise<{ base: string; head: string | null }> {
    const names = [attemptBaseRef(branch), `refs/heads/${branch}`];
    const listed = await this.#git.run(from.path, ['for-each-ref', '--format=%(refname) %(objectname)', ...names]);
    const found = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string]));
    const kept = found.get(attemptBaseRef(branch));
    const base = kept ?? (await resolveBranch(this.#git, from.path, from.targetBranch));
    if (kept === undefined) await this.#git.run(from.path, ['update-ref', attemptBaseRef(branch), base]);
    return { base, head: found.get(`refs/heads/${branch}`) ?? null };
  }

  async #isWorktree(worktree: string, branch: string): Promise<boolean> {
    if ((await lstat(worktree).catch(() => null)) === null) return false;
    const asked = ['rev-parse', '--show-toplevel', '--symbolic-full-name', 'HEAD'];
    const { code, stdout } = await this.#git.try(worktree, asked);
    return code === 0 && stdout === `${worktree}\nrefs/heads/${branch}`;
  }

  /**
   * What git says about an attempt's folder; null when it is none of the repository's worktrees. Git looks for a
   * repository in the folders above, too: what it finds there must never be committed to by us.
   */
  async #look({ repository, worktree }: AttemptWorktree): Promise<{ lock: string; head: string } | null> {
    const absolute = ['rev-parse', '--path-format=absolute'];
    const asked = [...absolute, '--show-toplevel', '--git-common-dir', '--git-path', 'index.lock', 'HEAD'];
    const { code, stdout } = await this.#git.try(worktree, asked);
    const [top, shared, lock = '', head = ''] = stdout.split('\n');
    if (code !== 0 || top !== worktree) return null;
    return shared === (await this.#git.run(repository, [...absolute, '--git-common-dir'])) ? { lock, head } : null;
  }

  /**
   * Saves what was not committed. An agent that made no commit leaves its files as its work; one that did has chosen
   * what its work is, and the rest is kept aside, where nothing is merged from.
   */
  async #checkpoint(attempt: AttemptWorktree, { lock, head }: { lock: string; head: string }): Promise<boolean> {
    const { worktree, branch, base } = attempt;
    // All processes of the run are gone: a lock that is still there belongs to a git that was killed.
    await rm(lock, { force: true });
    const changed = await this.#git.run(worktree, ['status', '--porcelain', '--untracked-files=normal']);
    if (changed === '') return false;
    await this.#git.run(worktree, ['add', '--all']);
    const message = `Checkpoint of ${branch}: what was not committed when the run ended`;
    const { code } = await this.#git.try(worktree, ['diff', '--cached', '--quiet', '--no-ext-diff']);
    if (code === 0) return false;
    if (head === base) await this.#git.run(worktree, ['commit', '--no-verify', '--quiet', '--message', message]);
    else await this.#setAside(attempt, { head, message });
    return true;
  }

  async #setAside({ repository, worktree, branch }: AttemptWorktree, what: { head: string; message: string }) {
    const tree = await this.#git.run(worktree, ['write-tree']);
    const commit = await this.#git.run(worktree, ['commit-tree', tree, '-p', what.head, '-m', what.message]);
    await this.#git.run(repository, ['update-ref', checkpointRef(branch), commit]);
  }

  async #isAncestor(repository: string, older: string, newer: string): Promise<boolean> {
    return (await this.#git.try(repository, ['merge-base', '--is-ancestor', older, newer])).code === 0;
  }
}

/** A path that leads elsewhere is not ours to hand out. */
async function refuseRedirected(worktree: string): Promise<void> {
  const state = await lstat(worktree);
  if (state.isDirectory() && (await realpath(worktree)) === worktree) return;
  throw new Refused('forbidden', `${worktree} leads to another place: remove the symbolic link there`);
}
