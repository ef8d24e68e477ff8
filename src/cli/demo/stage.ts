/** Where the demo plays: a fresh repository of the sample project beside a fresh town. */
import { accessSync, constants, cpSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createGit } from '../../agents/git.ts';
import { Refused } from '../../core/errors.ts';
import { packageRoot } from '../package.ts';
import { readAddress } from '../places.ts';
import type { Shell } from '../shell.ts';

export type Stage = {
  /** The demo's own files: work file, agent, solutions, project. */
  readonly props: string;
  readonly repository: string;
  /** The town's folder. */
  readonly directory: string;
};

/** Takes away what an earlier demo left. Throws Refused `busy` while that one is still open. */
export async function setStage(shell: Shell, folder: string | undefined): Promise<Stage> {
  const root = folder === undefined ? defaultFolder(shell) : resolve(shell.directory, folder);
  const [repository, directory] = [join(root, 'shop'), join(root, 'town')];
  const open = readAddress(directory);
  if (open) throw new Refused('busy', `an earlier demo is still open at ${open.url}: end process ${open.pid} first`);
  for (const path of [repository, directory]) rmSync(path, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const props = join(packageRoot(), 'data', 'demo');
  cpSync(join(props, 'project'), repository, { recursive: true });
  const git = createGit({ environment: shell.environment });
  await git.run(repository, ['init', '--quiet', '--initial-branch=main']);
  await git.run(repository, ['add', '--all']);
  await git.run(repository, ['commit', '--quiet', '--message=Begin']);
  return { props, repository: realpathSync(repository), directory };
}

/** Inside the package where that can be written to, as in a clone; else at home. */
function defaultFolder({ environment }: Shell): string {
  const data = join(packageRoot(), 'data');
  try {
    accessSync(data, constants.W_OK);
    return join(data, 'demo-run');
  } catch {
    return join(environment.HOME ?? homedir(), '.yardmaster', 'demo-run');
  }
}
