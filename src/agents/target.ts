/**
 * Moves a target branch forward to a merge commit, only from where it was when the merge was made, and never over a
 * person's work.
 */
import { existsSync } from 'node:fs';
import type { Git } from './git.ts';
import { branchHead, changedFiles, nameSome } from './repository.ts';

export type Advance =
  | { readonly kind: 'moved' }
  /** Somebody else moved the branch in between. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'blocked'; readonly reason: string };

export type Move = { readonly path: string; readonly branch: string; readonly from: string; readonly to: string };

/**
 * Compare and set. A checkout that has the branch goes along with it, or blocks it when it holds uncommitted changes.
 */
export async function advanceBranch(git: Git, move: Move): Promise<Advance> {
  const { path, branch, from, to } = move;
  const checkout = await checkoutOf(git, path, branch);
  if (checkout.kind === 'blocked') return checkout;
  if (checkout.kind === 'at') return advanceCheckout(git, move, checkout.folder);
  const moved = await git.try(path, ['update-ref', '-m', 'yardmaster: merge', `refs/heads/${branch}`, to, from]);
  if (moved.code === 0) return { kind: 'moved' };
  if ((await branchHead(git, path, branch)) !== from) return { kind: 'lost' };
  return { kind: 'blocked', reason: `git did not move "${branch}": ${moved.stderr.trim()}` };
}

async function advanceCheckout(git: Git, { path, branch, from, to }: Move, folder: string): Promise<Advance> {
  const files = await changedFiles(git, folder);
  if (files.length > 0) {
    return { kind: 'blocked', reason: `${folder} has uncommitted changes (${nameSome(files)}): commit or stash them` };
  }
  if ((await branchHead(git, path, branch)) !== from) return { kind: 'lost' };
  const merged = await git.try(folder, ['merge', '--ff-only', '--no-verify', '--quiet', '--no-stat', to]);
  const head = await branchHead(git, path, branch);
  if (head === to) return { kind: 'moved' };
  if (head !== from) return { kind: 'lost' };
  return { kind: 'blocked', reason: `${folder} can not take the merge: ${firstLines(merged.stderr)}` };
}

type Checkout = { kind: 'none' } | { kind: 'at'; folder: string } | { kind: 'blocked'; reason: string };

/** Which working tree has the branch; one in the middle of a rebase of it does not say so, but will put it back. */
async function checkoutOf(git: Git, path: string, branch: string): Promise<Checkout> {
  const listed = await git.run(path, ['worktree', 'list', '--porcelain']);
  for (const block of listed.split('\n\n')) {
    const lines = block.split('\n');
    const folder = lines[0]?.replace(/^worktree /, '');
    if (folder === undefined || lines.includes('bare') || lines.some((line) => line.startsWith('prunable'))) continue;
    if (lines.includes(`branch refs/heads/${branch}`)) {
      const unfinished = await isUnderWay(git, folder, ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD']);
      if (unfinished) return { kind: 'blocked', reason: `a merge is under way in ${folder}: finish or abort it` };
      return { kind: 'at', folder };
    }
    if (lines.includes('detached') && (await isUnderWay(git, folder, ['rebase-merge', 'rebase-apply']))) {
      return { kind: 'blocked', reason: `a rebase is under way in ${folder}: finish or abort it` };
    }
  }
  return { kind: 'none' };
}

async function isUnderWay(git: Git, folder: string, marks: readonly string[]): Promise<boolean> {
  const asked = marks.flatMap((mark) => ['--git-path', mark]);
  const listed = await git.run(folder, ['rev-parse', '--path-format=absolute', ...asked]);
  return listed.split('\n').some((path) => existsSync(path));
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 6).join(' ').replace(/\s+/g, ' ');
}
