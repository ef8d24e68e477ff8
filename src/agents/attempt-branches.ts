/**
 * The branches that attempts left in a repository: which there are, what the target branch has of them, and their
 * removal. Whether one may go is not decided here.
 */
import type { EpochMs } from '../core/types.ts';
import type { Git } from './git.ts';
import type { AttemptBranch, ForgottenAttempt } from './port.ts';
import { inTurn } from './turns.ts';
import { attemptBaseRef, attemptBranch, checkpointRef } from './worktrees.ts';

type Place = { readonly path: string; readonly targetBranch: string };

const shape = /^refs\/(?:heads|yardmaster\/(?:base|checkpoint))\/attempt\/([^/]+)\/(\d+)$/;
const places = ['refs/heads/attempt', 'refs/yardmaster/base/attempt', 'refs/yardmaster/checkpoint/attempt'];

type Ref = { readonly name: string; readonly commit: string; readonly at: EpochMs };

/** Every attempt that has left something. */
export async function listAttempts(git: Git, { path, targetBranch }: Place): Promise<readonly AttemptBranch[]> {
  const refs = await refsOf(git, path);
  const merged = await git.run(path, [
    'for-each-ref',
    `--merged=refs/heads/${targetBranch}`,
    '--format=%(refname)',
    ...places,
  ]);
  const inTarget = new Set(merged.split('\n'));
  const found = new Map<string, AttemptBranch>();
  for (const { name, at } of refs) {
    const [, bead = '', epoch = ''] = shape.exec(name) ?? [];
    const key = `${bead}/${epoch}`;
    const known = found.get(key);
    found.set(key, {
      ...{ bead, epoch: Number(epoch), branch: attemptBranch({ bead, epoch: Number(epoch) }) },
      // What an agent left uncommitted beside its work is no part of it.
      isMerged: (known?.isMerged ?? true) && (!name.startsWith('refs/heads/') || inTarget.has(name)),
      at: Math.max(known?.at ?? 0, at),
    });
  }
  return [...found.values()];
}

/** Removes what attempts left; a branch that somebody has checked out stays. */
export function forgetAttempts(git: Git, { path }: Place, attempts: readonly ForgottenAttempt[]): Promise<void> {
  return inTurn(`attempts:${path}`, async () => {
    const checkedOut = await git.run(path, ['worktree', 'list', '--porcelain']);
    const busy = new Set(checkedOut.split('\n').map((line) => line.replace(/^branch /, '')));
    const doomed = new Set(attempts.flatMap(refsToForget).filter((name) => !busy.has(name)));
    const orders = (await refsOf(git, path))
      .filter(({ name }) => doomed.has(name))
      .map(({ name, commit }) => `delete ${name} ${commit}\n`);
    if (orders.length > 0) await git.run(path, ['update-ref', '--stdin'], { input: orders.join('') });
  });
}

function refsToForget({ bead, epoch, withCheckpoint }: ForgottenAttempt): readonly string[] {
  const branch = attemptBranch({ bead, epoch });
  return [`refs/heads/${branch}`, attemptBaseRef(branch), ...(withCheckpoint ? [checkpointRef(branch)] : [])];
}

async function refsOf(git: Git, path: string): Promise<readonly Ref[]> {
  const format = '--format=%(refname) %(objectname) %(committerdate:unix)';
  const listed = await git.run(path, ['for-each-ref', format, ...places]);
  return listed.split('\n').flatMap((line) => {
    const [name = '', commit = '', seconds = '0'] = line.split(' ');
    return shape.test(name) ? [{ name, commit, at: Number(seconds) * 1_000 }] : [];
  });
}
