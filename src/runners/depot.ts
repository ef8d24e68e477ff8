/**
 * What goes between a rig's repository and the runners, as bundles of git: to them what a run begins with, from them
 * what it left. What comes is a stranger's until it was looked through.
 *
 * Invariants
 * - D1 Of what a runner sends, only `attempt/<bead>/<epoch>` and its checkpoint become refs of the repository, and only
 *   after all of their objects were checked in a repository apart.
 */
import { rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCommit, checkIdentifier, type Git } from '../agents/git.ts';
import { resolveBranch } from '../agents/repository.ts';
import { attemptBaseRef, attemptBranch, checkpointRef, inRepositoryTurn } from '../agents/worktrees.ts';
import { Refused, Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { RUN_BRANCHES_MAX, type Source } from './protocol.ts';

export type DepotPlace = { readonly path: string; readonly targetBranch: string };
export type AttemptName = { readonly bead: string; readonly epoch: number };

export type DepotOptions = {
  readonly git: Git;
  readonly env: Env;
  /** Where bundles wait while they are sent or looked through. */
  readonly folder: string;
};

const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
/** Git judges what it takes, and knows of no submodule or link that leads astray. */
const careful = ['-c', 'fetch.fsckObjects=true', '-c', 'transfer.fsckObjects=true'];
/** A whole history may be large. Whoever waits for the first byte waits five minutes. */
const packMs = 280_000;
const HAVE_MAX = 100;

export class Depot {
  readonly #options: DepotOptions;

  constructor(options: DepotOptions) {
    this.#options = options;
  }

  /** The refs that a run of a bead begins with: the target branch, and the branches of its earlier attempts. */
  async source({ path, targetBranch }: DepotPlace, { bead, epoch }: AttemptName): Promise<Source> {
    checkIdentifier(bead, 'bead');
    const { git } = this.#options;
    const commit = await resolveBranch(git, path, targetBranch);
    const asked = ['rev-parse', '--is-shallow-repository', '--show-object-format'];
    const [isShallow, format] = (await git.run(path, asked)).split('\n');
    if (isShallow === 'true') {
      const remedy = 'run git fetch --unshallow in it';
      throw new Refused('invalid', `${path} holds a part of its history only, which no runner can copy: ${remedy}`);
    }
    const listed = await git.run(path, [
      ...['for-each-ref', `--count=${RUN_BRANCHES_MAX}`, '--sort=-committerdate', '--format=%(refname) %(objectname)'],
      ...[`refs/heads/attempt/${bead}`, checkpointRef(`attempt/${bead}`)],
    ]);
    const own = attemptBranch({ bead, epoch });
    const earlier = listed.split('\n').flatMap((line) => {
      const [name = '', commit = ''] = line.split(' ');
      return name === '' || [`refs/heads/${own}`, checkpointRef(own)].includes(name) ? [] : [{ name, commit }];
    });
    const heads = [{ name: `refs/heads/${targetBranch}`, commit }, ...earlier];
    return { format: format === 'sha256' ? 'sha256' : 'sha1', heads };
  }

  /** A file with all that the refs need and the runner does not have; null when it has everything. */
  async pack({ path }: DepotPlace, names: readonly string[], have: readonly string[]): Promise<string | null> {
    const { git } = this.#options;
    const file = await this.newFile();
    const known: string[] = [];
    for (const commit of have.slice(0, HAVE_MAX)) {
      if ((await git.try(path, ['cat-file', '-e', `${commit}^{commit}`])).code === 0) known.push(`^${commit}`);
    }
    const made = await git.try(path, ['bundle', 'create', '--quiet', file, ...names, ...known], { timeoutMs: packMs });
    if (made.code === 0) return file;
    await rm(file, { force: true });
    if (made.stderr.includes('empty bundle')) return null;
    throw new Retryable(`the repository could not be packed: ${made.stderr.trim()}`, 0);
  }

  /**
   * Takes what an attempt left into the repository.
   * @throws Refused `conflict` when the bundle needs commits that are not here: a whole one is needed; `invalid` when
   * it holds anything but this attempt, or objects that git does not accept.
   */
  async take({ path }: DepotPlace, file: string, left: AttemptName & { base: string; head: string }): Promise<void> {
    const { bead, epoch, base, head } = left;
    checkIdentifier(bead, 'bead');
    for (const commit of [base, head]) checkCommit(commit);
    const branch = attemptBranch({ bead, epoch });
    const named = await this.#namesIn(path, file);
    const allowed = [`refs/heads/${branch}`, checkpointRef(branch)];
    const strange = named.filter((name) => !allowed.includes(name));
    if (strange.length > 0 || named.length === 0) {
      const holds = strange.length > 0 ? `holds ${strange.slice(0, 3).join(', ')}` : 'is empty';
      throw new Refused('invalid', `the bundle ${holds}: it may hold what ${branch} left, and nothing else`);
    }
    await inRepositoryTurn(path, () => this.#takeThrough(path, file, { branch, base, head, named }));
  }

  /** The attempt of an epoch whose branch came home; null when there is none. Epochs are unique in a town. */
  async found({ path }: DepotPlace, epoch: number): Promise<{ branch: string; base: string; head: string } | null> {
    const { git } = this.#options;
    const listed = await git.run(path, [
      'for-each-ref',
      '--format=%(refname:lstrip=2) %(objectname)',
      'refs/heads/attempt',
    ]);
    const line = listed.split('\n').find((text) => text.split(' ')[0]?.endsWith(`/${epoch}`));
    const [branch = '', head = ''] = line?.split(' ') ?? [];
    if (branch === '') return null;
    const { code, stdout } = await git.try(path, ['rev-parse', '--verify', '--quiet', attemptBaseRef(branch)]);
    return code === 0 ? { branch, head, base: stdout } : null;
  }

  /** How many commits an attempt has of its own. */
  async count({ path }: DepotPlace, { base, head }: { base: string; head: string }): Promise<number> {
    return Number(await this.#options.git.run(path, ['rev-list', '--count', `${base}..${head}`]));
  }

  /** A name that nobody has, in the folder of things that wait. */
  async newFile(): Promise<string> {
    const { folder, env } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${env.hex(16)}.bundle`);
  }

  /** What waited when the process before ended waits for nobody. */
  clear(): void {
    rmSync(this.#options.folder, { recursive: true, force: true });
  }

  async #namesIn(path: string, file: string): Promise<readonly string[]> {
    const { code, stdout, stderr } = await this.#options.git.try(path, ['bundle', 'list-heads', file]);
    if (code !== 0) throw new Refused('invalid', `it is no bundle of git: ${stderr.trim().slice(0, 200)}`);
    return stdout.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
  }

  /** Into a repository apart, which borrows the objects of the real one; and from there, judged, into that. */
  async #takeThrough(
    path: string,
    file: string,
    left: { branch: string; base: string; head: string; named: readonly string[] },
  ): Promise<void> {
    const { git } = this.#options;
    const { branch, base, head, named } = left;
    const apart = `${file}.git`;
    try {
      await this.#makeApart(path, apart);
      const wanted = named.map((name) => `+${name}:${name}`);
      const fetched = await git.try(apart, ['fetch', ...quiet, '--', file, ...wanted], { timeoutMs: packMs });
      if (fetched.code !== 0) throw refusedBundle(fetched.stderr);
      await this.#checkEnds(apart, { branch, base, head });
      const judged = await git.try(path, [...careful, 'fetch', ...quiet, '--', apart, ...wanted], {
        timeoutMs: packMs,
      });
      if (judged.code !== 0) throw refusedBundle(judged.stderr);
      await git.run(path, ['update-ref', attemptBaseRef(branch), base]);
    } finally {
      await rm(apart, { recursive: true, force: true });
    }
  }

  async #makeApart(path: string, apart: string): Promise<void> {
    const { git } = this.#options;
    const asked = ['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--show-object-format'];
    const [objects = '', format = 'sha1'] = (await git.run(path, asked)).split('\n');
    await mkdir(apart, { mode: 0o700 });
    await git.run(apart, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '.']);
    await mkdir(join(apart, 'objects', 'info'), { recursive: true });
    await writeFile(join(apart, 'objects', 'info', 'alternates'), `${objects}\n`);
  }

  /** The branch is where the runner says that its run ended, and follows what it began with. */
  async #checkEnds(
    apart: string,
    { branch, base, head }: { branch: string; base: string; head: string },
  ): Promise<void> {
    const { git } = this.#options;
    const at = await git.try(apart, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]);
    if (at.code === 0 && at.stdout !== head) {
      throw new Refused('invalid', `the bundle has ${branch} at ${at.stdout}, its run ended at ${head}`);
    }
    const follows = await git.try(apart, ['merge-base', '--is-ancestor', base, head]);
    if (follows.code !== 0) throw new Refused('invalid', `${branch} does not follow ${base}, where its run began`);
  }
}

function refusedBundle(words: string): Refused {
  const lacks = /prerequisite|does not have|unpack.*missing|Could not read|bad object/i.test(words);
  const text = words.trim().slice(0, 500);
  return lacks
    ? new Refused('conflict', `the bundle builds on commits that are not here: send a whole one (${text})`)
    : new Refused('invalid', `git does not accept what the run left: ${text}`);
}
