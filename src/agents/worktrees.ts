/**
 * A clone and a branch of its own for each attempt, borrowing the objects of the rig's repository: it begins where an
 * earlier attempt at the bead stopped, else at the target branch, and is read as evidence when it has ended. Only then
 * its branch comes to the rig's repository, fetched like that of a stranger: no setting, hook or filter of an agent is
 * ever read by our git.
 */
import { lstat, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../core/errors.ts';
import { earlierEnd } from './earlier-work.ts';
import { makePrivateFolder } from './files.ts';
import { checkIdentifier, type Git, type GitResult } from './git.ts';
import { makeOwn, type Origin, readOrigin, writeOwn } from './git-folder.ts';
import type { Evidence } from './port.ts';
import { branchHead, resolveBranch } from './repository.ts';
import { inTurn } from './turns.ts';

export type AttemptWorktree = {
  /** The repository that it is a clone of. */
  readonly repository: string;
  readonly worktree: string;
  readonly branch: string;
  /** Where its history leaves that of the target branch. */
  readonly base: string;
  /** Commit that the attempt began at: the base, or the end of an earlier attempt. Absent in old records: the base. */
  readonly start?: string;
};

export type Attempt = { readonly bead: string; readonly epoch: number };

/** Branch of an attempt, `attempt/<bead>/<epoch>`. */
export function attemptBranch({ bead, epoch }: Attempt): string {
  return `attempt/${bead}/${epoch}`;
}

/**
 * Where an attempt left the target branch is kept as a ref, so that "the branch adds nothing" and "all of it is
 * merged" can be told apart later.
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
   * Makes the clone and the branch of an attempt, or takes up what a crash left of them.
   * @throws Refused `invalid`, `not_found` for ids, paths and branches; Retryable with git's words.
   */
  async add(
    attempt: Attempt,
    from: { path: string; targetBranch: string },
  ): Promise<AttemptWorktree & { readonly start: string }> {
    checkIdentifier(attempt.bead, 'bead');
    const branch = attemptBranch(attempt);
    const repository = from.path;
    await makePrivateFolder(this.#folder);
    const worktree = join(await realpath(this.#folder), `${attempt.bead}-${attempt.epoch}`);
    const { base, start, head, target } = await this.#refs(from, attempt);
    const origin = await readOrigin(this.#git, repository);
    const made = { repository, worktree, branch, base, start };
    if (!(await this.#isThere(made, origin)))
      await this.#clone({ ...made, head: head ?? start, bead: attempt.bead }, { ...from, target }, origin);
    await refuseRedirected(worktree);
    return made;
  }

  /**
   * What the attempt left. Uncommitted files are committed first, and commits that are not on the branch although
   * they follow it (made on a detached head) are brought onto it. Where the folder is no clone any more, what came
   * from it before speaks.
   */
  async collect(attempt: AttemptWorktree): Promise<Evidence> {
    const { repository, branch, base, start = base } = attempt;
    const origin = await readOrigin(this.#git, repository);
    const isThere = await makeOwn(attempt.worktree, origin);
    const checkpointed = isThere && (await this.#bringHome(attempt));
    const found = await branchHead(this.#git, repository, branch);
    const tip = found ?? start;
    const inherited = found === null ? 0 : await this.#count(repository, base, start);
    const commits = await this.#count(repository, start, tip);
    return { branch, base, head: tip, commits, ...(inherited > 0 && { inherited }), checkpointed };
  }

  async #count(repository: string, from: string, to: string): Promise<number> {
    return from === to ? 0 : Number(await this.#git.run(repository, ['rev-list', '--count', `${from}..${to}`]));
  }

  /** Removes the folder; what was collected stays. */
  async remove({ worktree }: AttemptWorktree): Promise<void> {
    await rm(worktree, { recursive: true, force: true });
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
    attempt: Attempt,
  ): Promise<{ base: string; start: string; target: string; head: string | null }> {
    const branch = attemptBranch(attempt);
    const names = [attemptBaseRef(branch), `refs/heads/${branch}`];
    const found = await this.#listRefs(from.path, names);
    const kept = found.get(attemptBaseRef(branch));
    const target = await resolveBranch(this.#git, from.path, from.targetBranch);
    const earlier = await earlierEnd(this.#git, from, attempt);
    const base = kept ?? earlier?.base ?? target;
    if (kept === undefined) await this.#git.run(from.path, ['update-ref', attemptBaseRef(branch), base]);
    // One that began before there was an earlier end, begins there again.
    const goesOn = earlier !== null && (await this.#follows(from.path, base, earlier.head));
    const start = goesOn ? earlier.head : base;
    return { base, start, target: goesOn ? target : base, head: found.get(`refs/heads/${branch}`) ?? null };
  }

  async #follows(repository: string, older: string, newer: string): Promise<boolean> {
    return (await this.#git.try(repository, ['merge-base', '--is-ancestor', older, newer])).code === 0;
  }

  async #listRefs(repository: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const listed = await this.#git.run(repository, ['for-each-ref', '--format=%(refname) %(objectname)', ...names]);
    return new Map(listed.split('\n').flatMap((line) => (line ? [line.split(' ') as [string, string]] : [])));
  }

  /** True when the folder is the attempt's clone, and on its branch. */
  async #isThere(attempt: AttemptWorktree, origin: Origin): Promise<boolean> {
    if (!(await makeOwn(attempt.worktree, origin))) return false;
    const { code, stdout } = await this.#inside(attempt, ['symbolic-ref', '--quiet', 'HEAD']);
    if (code !== 0 || stdout !== `refs/heads/${attempt.branch}`) return false;
    return (await this.#inside(attempt, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])).code === 0;
  }

  async #clone(
    attempt: AttemptWorktree & { head: string; bead: string },
    { targetBranch, target }: { targetBranch: string; target: string },
    origin: Origin,
  ): Promise<void> {
    const { repository, worktree, branch, head, bead } = attempt;
    await rm(worktree, { recursive: true, force: true });
    const kind = ['--template=', `--object-format=${origin.format}`, `--initial-branch=${branch}`];
    await this.#git.run(this.#folder, ['init', '--quiet', ...kind, '--', worktree]);
    await writeOwn(worktree, origin);
    // Earlier attempts of the bead are there under their names, so that a retry can go on from one.
    const earlier = await this.#listRefs(repository, [`refs/heads/attempt/${bead}`]);
    const refs = new Map([
      ...earlier,
      [`refs/heads/${targetBranch}`, target],
      [`refs/remotes/origin/${targetBranch}`, target],
      [`refs/heads/${branch}`, head],
    ]);
    const orders = [...refs].map(([name, commit]) => `create ${name} ${commit}\n`).join('');
    await this.#run(attempt, ['update-ref', '--stdin'], orders);
    await this.#run(attempt, ['reset', '--hard', '--quiet']);
  }

  /** Saves what was not committed, and fetches the branch. True: something was saved. */
  async #bringHome(attempt: AttemptWorktree): Promise<boolean> {
    const { repository, worktree, branch, base, start = base } = attempt;
    const here = await this.#commitAt(attempt, 'HEAD');
    if (here === null) return false;
    const saved = await this.#checkpoint(attempt, here);
    const [last, onBranch] = [
      await this.#commitAt(attempt, 'HEAD'),
      await this.#commitAt(attempt, `refs/heads/${branch}`),
    ];
    const follows = async (older: string, newer: string) =>
      (await this.#inside(attempt, ['merge-base', '--is-ancestor', older, newer])).code === 0;
    const isAhead = last !== null && last !== onBranch && (await follows(onBranch ?? start, last));
    const tip = isAhead ? last : onBranch;
    const wanted = [
      ...(tip === null ? [] : [`+${tip}:refs/heads/${branch}`]),
      ...(saved === 'aside' ? [`+${checkpointRef(branch)}:${checkpointRef(branch)}`] : []),
    ];
    if (isAhead) await this.#run(attempt, ['update-ref', `refs/heads/${branch}`, last]);
    if (wanted.length > 0) {
      const quiet = [
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--no-auto-maintenance',
      ];
      await this.#git.run(repository, ['fetch', ...quiet, '--', worktree, ...wanted]);
    }
    return saved !== 'nothing';
  }

  /**
   * An agent that made no commit leaves its files as its work; one that did has chosen what its work is, and the rest
   * is kept aside, where nothing is merged from.
   */
  async #checkpoint(attempt: AttemptWorktree, head: string): Promise<'nothing' | 'committed' | 'aside'> {
    const { branch, base, start = base } = attempt;
    const asked = ['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'];
    const status = await this.#inside(attempt, asked);
    // An index that an agent left half written is made again.
    if (status.code !== 0) await this.#run(attempt, ['read-tree', '--reset', 'HEAD']);
    if ((status.code === 0 ? status.stdout : await this.#run(attempt, asked)) === '') return 'nothing';
    await this.#run(attempt, ['add', '--all']);
    const message = `Checkpoint of ${branch}: what was not committed when the run ended`;
    const tree = await this.#run(attempt, ['write-tree']);
    if (tree === (await this.#run(attempt, ['rev-parse', 'HEAD^{tree}']))) return 'nothing';
    const commit = await this.#run(attempt, ['commit-tree', tree, '-p', head, '-m', message]);
    const isWork = head === start;
    await this.#run(attempt, ['update-ref', isWork ? 'HEAD' : checkpointRef(branch), commit]);
    return isWork ? 'committed' : 'aside';
  }

  async #commitAt(attempt: AttemptWorktree, name: string): Promise<string | null> {
    const { code, stdout } = await this.#inside(attempt, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return code === 0 ? stdout : null;
  }

  /** Git in the clone and nowhere else: it would look for a repository in the folders above, too. */
  #inside({ worktree }: AttemptWorktree, args: readonly string[]): Promise<GitResult> {
    return this.#git.try(worktree, args, { gitFolder: join(worktree, '.git') });
  }

  #run({ worktree }: AttemptWorktree, args: readonly string[], input?: string): Promise<string> {
    const gitFolder = join(worktree, '.git');
    return this.#git.run(worktree, args, { gitFolder, ...(input !== undefined && { input }) });
  }
}

/** A path that leads elsewhere is not ours to hand out. */
async function refuseRedirected(worktree: string): Promise<void> {
  const state = await lstat(worktree);
  if (state.isDirectory() && (await realpath(worktree)) === worktree) return;
  throw new Refused('forbidden', `${worktree} leads to another place: remove the symbolic link there`);
}
