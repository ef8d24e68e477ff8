/**
 * Merges what attempts made: in a worktree of its own, tested there, and only then set as the target branch's new
 * commit.
 *
 * Invariants
 * - I1 One merge of a rig at a time.
 * - I2 The target branch moves only to a commit that passed the tests, and only from the commit that this was merged
 *   with.
 * - I3 A merge that was cut short leaves nothing that the next one trips over: its worktree is cleaned first, and
 *   what still runs there is ended.
 */
import { existsSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Retryable, Terminal } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { forgetAttempts, listAttempts } from './attempt-branches.ts';
import { killAll } from './child.ts';
import { describeEarlier } from './earlier-work.ts';
import { baseEnvironment } from './environment.ts';
import { checkBranchName, checkCommit, checkIdentifier, createGit, type Git } from './git.ts';
import { Isolator } from './isolation.ts';
import type { Integrator, MergeOutcome, MergeRequest } from './port.ts';
import { branchHead, resolveBranch } from './repository.ts';
import type { Environment } from './secrets.ts';
import { advanceBranch } from './target.ts';
import { inTurn } from './turns.ts';
import { verify } from './verification.ts';
import { attemptBaseRef, inRepositoryTurn } from './worktrees.ts';

export type IntegratorOptions = {
  /** Folder of everything that it keeps; the worktrees are in `integration/`. */
  readonly root: string;
  readonly env: Env;
  /** The town's own environment: PATH and a few others are handed on to tests. */
  readonly environment: Environment;
  /** Folder of towns that no test has to see, beside the one that `root` is in; none when absent. */
  readonly hidden?: string;
  /** Values that the kept output of tests must not hold. */
  readonly secretValues?: readonly string[];
};

type Work = Omit<MergeRequest, 'test' | 'testTimeoutMs'>;

const attemptsMax = 2;

export function createIntegrator(options: IntegratorOptions): Integrator {
  const git = createGit({ environment: options.environment });
  const root = resolve(options.root);
  const work = new Integration({ ...options, root }, git);
  return {
    merge: (request, signal) => inTurn(`rig:${root}:${request.rig}`, () => work.merge(request, signal)),
    merged: (request) => inTurn(`rig:${root}:${request.rig}`, () => work.merged(request)),
    earlier: (repository, attempt) => describeEarlier(git, repository, attempt),
    attempts: (repository) => listAttempts(git, repository),
    forget: (repository, attempts) => forgetAttempts(git, repository, attempts),
  };
}

class Integration {
  readonly #options: IntegratorOptions;
  readonly #git: Git;
  readonly #isolator: Isolator;

  constructor(options: IntegratorOptions, git: Git) {
    this.#options = options;
    const { root, hidden = null, environment } = options;
    this.#isolator = new Isolator({ root, hidden, environment });
    this.#git = git;
  }

  async merge(request: MergeRequest, signal: AbortSignal): Promise<MergeOutcome> {
    checkNames(request);
    const { path, targetBranch } = request.repository;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (signal.aborted) throw new Retryable(`the merge of ${request.bead} was called off`, 0);
      const target = await resolveBranch(this.#git, path, targetBranch);
      const done = await this.#alreadyIn(request, target);
      if (done !== 'no') return done === 'nothing' ? { kind: 'nothing' } : { kind: 'merged', commit: done.commit };
      // Only now: the branch of work that is merged already may be gone.
      await this.#check(request);
      const folder = await this.#prepare(request, target);
      const merge = await this.#mergeIn(folder, request);
      if (merge.kind === 'conflict') return merge;
      const failed = await this.#test(folder, request, signal);
      if (failed !== null) return failed;
      if (signal.aborted) throw new Retryable(`the merge of ${request.bead} was called off`, 0);
      const moved = await advanceBranch(this.#git, { path, branch: targetBranch, from: target, to: merge.commit });
      if (moved.kind === 'moved') return { kind: 'merged', commit: merge.commit };
      if (moved.kind === 'blocked') return moved;
    }
    return { kind: 'blocked', reason: `"${targetBranch}" of ${path} was moved by others while the merge was tested` };
  }

  async merged(work: Work): Promise<{ commit: string } | null> {
    checkNames(work);
    const target = await branchHead(this.#git, work.repository.path, work.repository.targetBranch);
    const done = target === null ? 'no' : await this.#alreadyIn(work, target);
    return typeof done === 'string' ? null : done;
  }

  async #check(work: Work): Promise<void> {
    const head = await branchHead(this.#git, work.repository.path, work.branch);
    if (head === work.head) return;
    const is = head === null ? 'is gone' : `is at ${head}`;
    throw new Terminal(
      `branch ${work.branch} ${is}, not at ${work.head}, where its run ended: it is not merged as it is`,
    );
  }

  /**
   * Whether the target holds the work already: through a merge commit (ours of an earlier try, or a person's), or
   * because a person moved the target onto it. A branch that never had a commit of its own is `nothing`.
   */
  async #alreadyIn({ repository, branch, head }: Work, target: string): Promise<'no' | 'nothing' | { commit: string }> {
    const git = this.#git;
    const { path } = repository;
    if ((await git.try(path, ['merge-base', '--is-ancestor', head, target])).code !== 0) return 'no';
    const merges = await git.run(path, ['rev-list', '--merges', '--parents', '--ancestry-path', `${head}..${target}`]);
    const lines = merges.split('\n').map((line) => line.split(' '));
    const own = lines.findLast((parents) => parents.slice(2).includes(head));
    if (own?.[0]) return { commit: own[0] };
    const base = await git.try(path, ['rev-parse', '--verify', '--quiet', `${attemptBaseRef(branch)}^{commit}`]);
    return base.code !== 0 || base.stdout === head ? 'nothing' : { commit: head };
  }

  /**
   * The rig's integration worktree, clean, at the commit. Files that git ignores (installed packages) stay, to be
   * used again.
   */
  async #prepare({ rig, repository }: Work, commit: string): Promise<string> {
    const git = this.#git;
    const wanted = join(this.#options.root, 'integration', rig);
    await mkdir(dirname(wanted), { recursive: true, mode: 0o700 });
    const folder = join(await realpath(dirname(wanted)), rig);
    await killAll({ marker: this.#marker(rig), leader: null });
    const lock = await this.#lockOf(folder, repository.path);
    if (lock === null) {
      await inRepositoryTurn(repository.path, async () => {
        await rm(folder, { recursive: true, force: true });
        await git.run(repository.path, ['worktree', 'add', '--force', '--detach', '--', folder, commit]);
      });
      return folder;
    }
    await rm(lock, { force: true });
    await git.run(folder, ['reset', '--hard', '--quiet']);
    await git.run(folder, ['checkout', '--quiet', '--force', '--detach', commit]);
    await git.run(folder, ['clean', '-ffd', '--quiet']);
    return folder;
  }

  /** Where a git that was killed leaves its lock; null when the folder is no worktree of the repository. */
  async #lockOf(folder: string, repository: string): Promise<string | null> {
    if (!existsSync(folder)) return null;
    const absolute = ['rev-parse', '--path-format=absolute'];
    const asked = [...absolute, '--show-toplevel', '--git-common-dir', '--git-path', 'index.lock'];
    const { code, stdout } = await this.#git.try(folder, asked);
    const [top, shared, lock = ''] = stdout.split('\n');
    if (code !== 0 || top !== folder) return null;
    return shared === (await this.#git.run(repository, [...absolute, '--git-common-dir'])) ? lock : null;
  }

  async #mergeIn(
    folder: string,
    work: Work,
  ): Promise<{ kind: 'made'; commit: string } | (MergeOutcome & { kind: 'conflict' })> {
    const title = work.title
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, 200);
    const messages = [`Merge ${work.bead}: ${title}`, `Bead: ${work.bead}\nAttempt: ${work.branch}`];
    const flags = ['--no-ff', '--no-verify', '--no-stat', '--quiet'];
    const result = await this.#git.try(folder, [
      'merge',
      ...flags,
      ...messages.flatMap((text) => ['-m', text]),
      work.head,
    ]);
    if (result.code === 0) return { kind: 'made', commit: await this.#git.run(folder, ['rev-parse', 'HEAD']) };
    const unmerged = await this.#git.run(folder, ['diff', '--name-only', '--diff-filter=U', '-z']);
    const files = unmerged.split('\0').filter((name) => name !== '');
    await this.#git.run(folder, ['reset', '--hard', '--quiet']);
    if (files.length > 0) return { kind: 'conflict', files };
    throw new Terminal(
      `git could not merge ${work.branch} into ${work.repository.targetBranch}: ${result.stderr.trim()}`,
    );
  }

  async #test(folder: string, request: MergeRequest, signal: AbortSignal): Promise<MergeOutcome | null> {
    if (request.test.length === 0) return null;
    await this.#isolator.check({ mode: request.isolation ?? 'auto', limits: request.limits ?? {} });
    const environment = {
      ...baseEnvironment(this.#options.environment),
      YARDMASTER_BEAD: request.bead,
      YARDMASTER_BRANCH: request.branch,
      YARDMASTER_TARGET_BRANCH: request.repository.targetBranch,
      YARDMASTER_RUN: this.#marker(request.rig),
    };
    const order = {
      argv: request.test,
      directory: folder,
      environment,
      secretValues: this.#options.secretValues ?? [],
      timeoutMs: request.testTimeoutMs,
      box: (argv: readonly string[]) =>
        this.#isolator.wrap({
          ...{ argv, directory: folder, readable: [], repository: request.repository.path },
          ...{ mode: request.isolation ?? 'auto', limits: request.limits ?? {} },
        }),
    };
    const result = await verify(this.#options.env, order, signal);
    return result.kind === 'passed' ? null : { kind: 'tests_failed', code: result.code, tail: result.tail };
  }

  /** Tests of one rig below one root: no other town has these. */
  #marker(rig: string): string {
    return `integration/${rig}@${this.#options.root}`;
  }
}

function checkNames({ rig, bead, branch, head, repository }: Work): void {
  checkIdentifier(rig, 'rig');
  checkIdentifier(bead, 'bead');
  checkBranchName(branch);
  checkBranchName(repository.targetBranch);
  checkCommit(head);
}
