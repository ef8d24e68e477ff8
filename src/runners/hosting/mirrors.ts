/**
 * Copies of the rigs' repositories, for runs that share no disk with their town: made from bundles, one for each rig,
 * and brought up to date before each start.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBranchName, checkCommit, checkIdentifier, type Git } from '../../agents/git.ts';
import { inTurn } from '../../agents/turns.ts';
import { Refused, Retryable } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import { within } from '../../env/waiting.ts';
import type { Source } from '../protocol.ts';

export type MirrorsOptions = {
  readonly git: Git;
  readonly env: Env;
  /** Folder of the copies. */
  readonly folder: string;
  /** Folder for bundles that are being read. */
  readonly spool: string;
  /** Writes a bundle of what a run of the bead needs into a file. */
  readonly bring: (rig: string, asked: { bead: string; have: readonly string[] }, file: string) => Promise<void>;
};

export type Wanted = { readonly rig: string; readonly bead: string; readonly source: Source };

/** A branch, or what was left uncommitted beside the branch of an attempt. */
const shape = /^refs\/(?:heads|yardmaster\/checkpoint(?=\/attempt\/))\/(.+)$/;
const attemptRefs = ['refs/heads/attempt', 'refs/yardmaster/checkpoint/attempt'];
const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
/** Shorter than a start may take: what goes on longer goes on without it, and the next start finds it done. */
const patienceMs = 40_000;
/** The first copy of a large repository is written for long. */
const fetchMs = 30 * 60_000;
const haveMax = 20;
const packsMax = 50;

export class Mirrors {
  readonly #options: MirrorsOptions;

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  pathOf(rig: string): string {
    checkIdentifier(rig, 'rig');
    return join(this.#options.folder, `${rig}.git`);
  }

  /**
   * Resolves with the path of a copy that has what the run begins with.
   * @throws Retryable when that takes longer than a start can wait; it goes on.
   */
  async ready(wanted: Wanted): Promise<string> {
    const path = this.pathOf(wanted.rig);
    for (const { name, commit } of wanted.source.heads) {
      const [, branch] = shape.exec(name) ?? [];
      if (branch === undefined) throw new Refused('invalid', `${name} is no branch: nothing was fetched`);
      checkBranchName(branch);
      checkCommit(commit);
    }
    const update = inTurn(`mirror:${path}`, () => this.#update(path, wanted));
    update.catch(() => undefined);
    if (await within(this.#options.env, patienceMs, update)) return path;
    throw new Retryable(`the repository of rig ${wanted.rig} is still being copied: the start is tried again`, 0);
  }

  async #update(path: string, { rig, bead, source }: Wanted): Promise<void> {
    const { git } = this.#options;
    await this.#make(path, source.format);
    const heads = await this.#wanted(path, source);
    const missing = await this.#missing(path, heads);
    if (missing.length > 0) {
      const file = await this.#spoolFile();
      try {
        await this.#options.bring(rig, { bead, have: await this.#have(path) }, file);
        // A bundle names no ref that adds nothing to what is here already.
        const refs = missing.map(({ name }) => `+${name}:${name}`);
        await git.run(path, ['fetch', ...quiet, '--', file, ...refs], { timeoutMs: fetchMs });
      } finally {
        await rm(file, { force: true });
      }
    }
    const orders = heads.map(({ name, commit }) => `update ${name} ${commit}\n`).join('');
    await git.run(path, ['update-ref', '--stdin'], { input: orders });
    await this.#tidy(path);
  }

  async #make(path: string, format: string): Promise<void> {
    const { git } = this.#options;
    await mkdir(path, { recursive: true, mode: 0o700 });
    const asked = await git.try(path, ['rev-parse', '--show-object-format'], { gitFolder: path });
    if (asked.code === 0 && asked.stdout === format) return;
    if (asked.code === 0) throw new Refused('conflict', `${path} is a copy of another repository: remove it`);
    await git.run(path, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '.']);
  }

  /** The target branch, and earlier attempts that were elsewhere: one that was here may not have come home yet. */
  async #wanted(path: string, { heads: [target, ...attempts] }: Source): Promise<Source['heads']> {
    const listed = await this.#options.git.run(path, ['for-each-ref', '--format=%(refname)', ...attemptRefs]);
    const here = new Set(listed.split('\n'));
    return [...(target ? [target] : []), ...attempts.filter(({ name }) => !here.has(name))];
  }

  async #missing(path: string, heads: Source['heads']): Promise<Source['heads']> {
    const missing: Source['heads'] = [];
    for (const head of heads) {
      const { code } = await this.#options.git.try(path, ['cat-file', '-e', `${head.commit}^{commit}`]);
      if (code !== 0) missing.push(head);
    }
    return missing;
  }

  async #have(path: string): Promise<readonly string[]> {
    const newest = ['for-each-ref', '--sort=-committerdate', `--count=${haveMax}`, '--format=%(objectname)'];
    const listed = await this.#options.git.run(path, [...newest, 'refs/heads']);
    return [...new Set(listed.split('\n').filter((text) => text !== ''))];
  }

  async #spoolFile(): Promise<string> {
    const { spool, env } = this.#options;
    await mkdir(spool, { recursive: true, mode: 0o700 });
    return join(spool, `${env.hex(16)}.bundle`);
  }

  /** Each bundle is a pack of its own; when there are many, the small ones become one. Nothing is dropped. */
  async #tidy(path: string): Promise<void> {
    const names = await readdir(join(path, 'objects', 'pack')).catch(() => []);
    if (names.filter((name) => name.endsWith('.pack')).length <= packsMax) return;
    await this.#options.git.try(path, ['repack', '--geometric=2', '-d', '--quiet']);
  }
}
