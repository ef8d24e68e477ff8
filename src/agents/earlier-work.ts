/**
 * What earlier attempts at a bead left in the repository of its rig: what the next attempt goes on from, and what it
 * is told of it. Only commits that the target branch does not have are work that could be lost.
 */
import type { Git } from './git.ts';
import { checkIdentifier } from './git.ts';
import type { EarlierWork, MergeRequest } from './port.ts';
import { branchHead } from './repository.ts';

type Place = MergeRequest['repository'];
type Attempt = { readonly bead: string; readonly epoch: number };

/** Where an earlier attempt ended, and where its history leaves that of the target branch. */
export type EarlierEnd = { readonly branch: string; readonly head: string; readonly base: string };

const STAT_FILES = 40;
const STAT_CHARACTERS = 2_000;
const DIFF_CHARACTERS = 6_000;
/** Changed lines that are shown in all: files with more are generated, or need a look of their own. */
const DIFF_LINES = 300;
const DIFF_FILES = 30;
const CANDIDATES_MAX = 10;

/** No program, no colour, no conversion: text that only git made. */
const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--ignore-submodules=all'];

/** Of the attempts before this one, the newest that left commits that the target branch does not have. */
export async function earlierEnd(git: Git, place: Place, attempt: Attempt): Promise<EarlierEnd | null> {
  const { path, targetBranch } = place;
  checkIdentifier(attempt.bead, 'bead');
  const branches = await earlierBranches(git, path, attempt);
  const target = branches.length === 0 ? null : await branchHead(git, path, targetBranch);
  if (target === null) return null;
  for (const { branch, head } of branches.slice(0, CANDIDATES_MAX)) {
    const merged = await git.try(path, ['merge-base', '--is-ancestor', head, target]);
    if (merged.code === 0) continue;
    const base = await git.try(path, ['merge-base', target, head]);
    // Without a common past it could never be merged.
    if (base.code === 0 && base.stdout !== '') return { branch, head, base: base.stdout };
  }
  return null;
}

/** Newest first: epochs only rise. */
async function earlierBranches(
  git: Git,
  path: string,
  { bead, epoch }: Attempt,
): Promise<readonly { branch: string; head: string; epoch: number }[]> {
  const format = '--format=%(refname:lstrip=2) %(objectname)';
  const listed = await git.run(path, ['for-each-ref', format, `refs/heads/attempt/${bead}`]);
  return listed
    .split('\n')
    .map((line) => {
      const [branch = '', head = ''] = line.split(' ');
      return { branch, head, epoch: Number(branch.slice(branch.lastIndexOf('/') + 1)) };
    })
    .filter((found) => Number.isSafeInteger(found.epoch) && found.branch !== '' && found.epoch < epoch)
    .sort((a, b) => b.epoch - a.epoch);
}

/** The same with what a successor is told: bounded, without what is no text. Null: nothing is there. */
export async function describeEarlier(git: Git, place: Place, attempt: Attempt): Promise<EarlierWork | null> {
  const end = await earlierEnd(git, place, attempt);
  if (end === null) return null;
  const { path, targetBranch } = place;
  const { branch, head, base } = end;
  const count = async (range: string) => Number(await git.run(path, ['rev-list', '--count', range]));
  const shown = ['diff', ...plain, `--stat=100`, `--stat-count=${STAT_FILES}`, base, head];
  const left = await git.try(path, [
    'rev-parse',
    '--verify',
    '--quiet',
    `refs/yardmaster/checkpoint/${branch}^{commit}`,
  ]);
  return {
    ...{ branch, head },
    commits: await count(`${base}..${head}`),
    behind: await count(`${head}..refs/heads/${targetBranch}`),
    stat: (await git.run(path, shown)).slice(0, STAT_CHARACTERS),
    ...(await boundedDiff(git, path, end)),
    uncommitted: left.code === 0 ? left.stdout : null,
  };
}

/** First come, first shown, as long as there is room. */
async function boundedDiff(
  git: Git,
  path: string,
  { base, head }: EarlierEnd,
): Promise<{ diff: string; isCut: boolean }> {
  const listed = await git.run(path, ['diff', ...plain, '--numstat', '-z', base, head]);
  const files = listed.split('\0').filter((entry) => entry !== '');
  const shown: string[] = [];
  let room = DIFF_LINES;
  for (const entry of files) {
    const [added, removed, ...name] = entry.split('\t');
    // Of what is no text, git counts no lines.
    const lines = Number(added) + Number(removed);
    if (!(lines <= room) || shown.length === DIFF_FILES) continue;
    room -= lines;
    shown.push(`:(literal)${name.join('\t')}`);
  }
  if (shown.length === 0) return { diff: '', isCut: files.length > 0 };
  const made = await git.try(path, ['diff', ...plain, base, head, '--', ...shown]).catch(() => null);
  const diff = made?.code === 0 ? made.stdout : '';
  return { diff: diff.slice(0, DIFF_CHARACTERS), isCut: shown.length < files.length || diff.length > DIFF_CHARACTERS };
}
