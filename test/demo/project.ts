/** A copy of the demo's project in a git repository of its own, and the orders in which a town may work on it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const DEMO = fileURLToPath(new URL('../../data/demo', import.meta.url));

/** All tests of a folder in one child, which takes a tenth of the time of `node --test`. */
const RUNNER = `
  import { pathToFileURL } from 'node:url';
  for (const file of process.argv.slice(1)) await import(pathToFileURL(file));
`;

export type Project = Awaited<ReturnType<typeof createProject>>;

/** Copies the project into a temporary repository with the branch `main`. */
export async function createProject() {
  const path = await mkdtemp(join(tmpdir(), 'yardmaster-demo-'));
  const git = async (...args: string[]) => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    return (await run('git', [...identity, ...args], { cwd: path })).stdout;
  };
  await cp(join(DEMO, 'project'), path, { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=Begin');
  return {
    path,
    git,
    branch: (bead: string) => git('checkout', '--quiet', '-b', bead, 'main'),
    commit: async (bead: string) => {
      await git('add', '--all');
      await git('commit', '--quiet', `--message=${bead}`);
    },
    merge: async (bead: string) => {
      await git('checkout', '--quiet', 'main');
      await git('merge', '--quiet', '--no-ff', `--message=Merge ${bead}`, bead);
    },
    merged: async () => (await git('log', '--merges', '--format=%s', 'main')).split('\n').filter(Boolean),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Applies the solution of a bead to the files of a folder, as the demo's agent does. */
export async function applySolution(bead: string, folder: string): Promise<void> {
  const solution = await import(pathToFileURL(join(DEMO, 'solutions', `${bead}.mjs`)).href);
  const { applyEdits } = await import(pathToFileURL(join(DEMO, 'edits.mjs')).href);
  await applyEdits(solution.default.edits, folder);
}

/** The names of the tests that fail in a copy of the project. */
export async function testFailures(folder: string): Promise<readonly string[]> {
  const files = (await readdir(join(folder, 'test'))).map((file) => join(folder, 'test', file));
  const options = ['--test-reporter=tap', '--input-type=module', '--eval', RUNNER];
  const { stdout } = await run(process.execPath, [...options, ...files], { cwd: folder }).catch(
    (failed: { stdout: string }) => failed,
  );
  const failures = [...stdout.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name]) => String(name));
  return /^# pass [1-9]/m.test(stdout) ? failures : [...failures, `no test ran: ${stdout}`];
}

type Order = { readonly seed: number; readonly polecats: number; readonly without: string };
type Turn = { readonly cut: readonly string[]; readonly merge: string | null };

/**
 * Plays a town: whenever a polecat is free, a random ready bead gets a branch; then a random finished branch is merged.
 * The same seed gives the same turns.
 */
export function* dispatchOrders(
  dependencies: ReadonlyMap<string, readonly string[]>,
  { seed, polecats, without }: Order,
): Generator<Turn> {
  const dice = createDice(seed);
  const waiting = new Set([...dependencies.keys()].filter((bead) => bead !== without));
  const unmerged: string[] = [];
  const merged = new Set<string>();
  while (waiting.size + unmerged.length > 0) {
    const ready = [...waiting].filter((bead) => dependencies.get(bead)?.every((needed) => merged.has(needed)));
    const cut: string[] = [];
    while (ready.length > 0 && unmerged.length < polecats) {
      const [bead = ''] = ready.splice(dice(ready.length), 1);
      waiting.delete(bead);
      unmerged.push(bead);
      cut.push(bead);
    }
    const [merge = null] = unmerged.splice(dice(unmerged.length), 1);
    if (merge !== null) merged.add(merge);
    yield { cut, merge };
  }
}

/** Whole numbers below a bound, from a seed. */
function createDice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
