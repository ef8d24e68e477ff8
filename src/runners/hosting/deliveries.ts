/**
 * Brings home what runs left: their branches, from the copy of the repository here to the repository of the rig.
 *
 * Invariant: a run's end is told after its branch has come home, or with the reason why it can not.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from '../../agents/git.ts';
import type { Evidence } from '../../agents/port.ts';
import type { RunRecord } from '../../agents/run-files.ts';
import { inTurn } from '../../agents/turns.ts';
import { attemptBaseRef, checkpointRef } from '../../agents/worktrees.ts';
import { Refused, Retryable } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';

type Left = { readonly bead: string; readonly epoch: number; readonly base: string; readonly head: string };

export type DeliveriesOptions = {
  readonly git: Git;
  readonly env: Env;
  /** Folder for bundles on their way. */
  readonly spool: string;
  readonly upload: (left: Left, file: string) => Promise<void>;
};

/** What the town does not know may be a whole history. */
const packMs = 10 * 60_000;
/** So many are remembered: a run that was finished for a merge ends right after. */
const doneMax = 1_000;

export class Deliveries {
  readonly #options: DeliveriesOptions;
  /** What came home: run → the commits that did. */
  readonly #done = new Map<string, string>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all that a run left is at home; at once when it left nothing.
   * @throws Refused when the town will not take it, Retryable when it did not answer.
   */
  bringHome(record: RunRecord, evidence: Evidence): Promise<void> {
    const key = `${record.bead}/${record.epoch}`;
    return inTurn(`delivery:${record.repository}:${key}`, async () => {
      const refs = await this.#refsOf(record, evidence);
      const state = refs.map(({ name, commit }) => `${name} ${commit}`).join('\n');
      if (state === '' || this.#done.get(key) === state) return;
      await this.#send(
        record,
        evidence,
        refs.map(({ name }) => name),
      );
      this.#done.set(key, state);
      const [oldest] = this.#done.keys();
      if (this.#done.size > doneMax && oldest !== undefined) this.#done.delete(oldest);
    });
  }

  /** Removes the branch here, once the town has the end; its objects stay, for whoever goes on from it. */
  async forget({ repository, branch }: RunRecord): Promise<void> {
    for (const name of [`refs/heads/${branch}`, checkpointRef(branch), attemptBaseRef(branch)]) {
      await this.#options.git.try(repository, ['update-ref', '-d', name]);
    }
  }

  /** The branch, where it has commits, and what was left uncommitted beside them. */
  async #refsOf({ repository }: RunRecord, { branch, base, head }: Evidence) {
    const names = [...(head !== base ? [`refs/heads/${branch}`] : []), checkpointRef(branch)];
    const format = '--format=%(refname) %(objectname)';
    const listed = await this.#options.git.run(repository, ['for-each-ref', format, ...names]);
    return listed.split('\n').flatMap((line) => {
      const [name = '', commit = ''] = line.split(' ');
      return names.includes(name) ? [{ name, commit }] : [];
    });
  }

  /** What it adds to where it began; all of its history, when the town has not got that any more. */
  async #send(record: RunRecord, evidence: Evidence, names: readonly string[]): Promise<void> {
    const { bead, epoch, repository } = record;
    const { base, head } = evidence;
    const left = { bead, epoch, base, head };
    try {
      await this.#sendBundle(repository, left, [...names, `^${base}`]);
    } catch (thrown) {
      if (!(thrown instanceof Refused) || thrown.code !== 'conflict') throw thrown;
      await this.#sendBundle(repository, left, names);
    }
  }

  async #sendBundle(repository: string, left: Left, revisions: readonly string[]): Promise<void> {
    const { git, env, spool, upload } = this.#options;
    await mkdir(spool, { recursive: true, mode: 0o700 });
    const file = join(spool, `${env.hex(16)}.bundle`);
    try {
      const made = await git.try(repository, ['bundle', 'create', '--quiet', file, ...revisions], {
        timeoutMs: packMs,
      });
      if (made.code !== 0) throw new Retryable(`what ${left.bead} left could not be packed: ${made.stderr.trim()}`, 0);
      await upload(left, file);
    } finally {
      await rm(file, { force: true });
    }
  }
}
