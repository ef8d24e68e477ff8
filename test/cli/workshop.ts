/** A repository with a tiny agent for tests with real processes, and work files for it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folder } from './shell.ts';

const DEADLINE_MS = 20_000;

/**
 * The agent makes `<gate>/<bead>.begun`, writes a file named like its bead, and commits it.
 * `<gate>/<bead>` makes it wait until that file is gone; `<gate>/<bead>.fail` makes it fail.
 */
const AGENT = `#!/bin/sh
: > "$GATE/$YARDMASTER_BEAD.begun"
cat > /dev/null
while [ -e "$GATE/$YARDMASTER_BEAD" ]; do sleep 0.05; done
if [ -e "$GATE/$YARDMASTER_BEAD.fail" ]; then echo "can not do $YARDMASTER_BEAD"; exit 3; fi
echo "$YARDMASTER_BEAD" > "$YARDMASTER_BEAD.txt"
git add -A
git commit -qm "Do $YARDMASTER_BEAD"
`;

const environment = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...{ GIT_AUTHOR_NAME: 'Person', GIT_AUTHOR_EMAIL: 'person@example.org' },
  ...{ GIT_COMMITTER_NAME: 'Person', GIT_COMMITTER_EMAIL: 'person@example.org' },
};

export function git(directory: string, ...words: readonly string[]): string {
  return execFileSync('git', ['-C', directory, ...words], { env: environment, encoding: 'utf8' }).trim();
}

export type Workshop = {
  readonly root: string;
  readonly repository: string;
  /** The town's folder. */
  readonly data: string;
  readonly gate: string;
  /** Writes a work file and gives its path. */
  work(yaml: string): string;
  /** What `run` and `up` are given, with fast retries. */
  readonly rig: readonly string[];
};

export function workshop(): Workshop {
  const root = folder();
  const [repository, gate, data] = [join(root, 'shop'), join(root, 'gate'), join(root, 'town')];
  mkdirSync(repository);
  mkdirSync(gate);
  git(repository, 'init', '--quiet', '--initial-branch=main');
  writeFileSync(join(repository, 'agent.sh'), AGENT);
  chmodSync(join(repository, 'agent.sh'), 0o755);
  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--message=Begin');
  const work = (yaml: string) => {
    const file = join(root, 'work.yaml');
    writeFileSync(file, yaml);
    return file;
  };
  const rig = [
    ...['--repo', repository, '--agent', './agent.sh', '--env', `GATE=${gate}`, '--data', data],
    ...['--set', 'backoffMs=100ms', '--set', 'recycleMs=50ms', '--set', 'graceMs=200ms'],
  ];
  return { root, repository, data, gate, work, rig };
}

/** Resolves when the file is there; rejects after a deadline. */
export function appears(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(dirname(file), look);
    const late = setTimeout(() => finish(() => reject(new Error(`${file} did not appear in time`))), DEADLINE_MS);
    function finish(settle: () => void): void {
      clearTimeout(late);
      watcher.close();
      settle();
    }
    function look(): void {
      if (existsSync(file)) finish(resolve);
    }
    look();
  });
}

/** The subjects of merges into main, oldest first. */
export function merges(repository: string): readonly string[] {
  const listed = git(repository, 'log', '--merges', '--reverse', '--format=%s', 'main');
  return listed === '' ? [] : listed.split('\n');
}
