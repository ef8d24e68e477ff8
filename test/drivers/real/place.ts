/** Where a real run happens: a repository with a worktree, a home, and a host that keeps what the driver said. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll } from '../../../src/agents/child.ts';
import { processesOf } from '../../../src/agents/processes.ts';
import type { DriverHost, PersonInput } from '../../../src/drivers/host.ts';
import type { DriverEvent } from '../../../src/drivers/port.ts';
import { createSystemHost } from '../../../src/drivers/system-host.ts';
import { createSystemEnv } from '../../../src/env/system.ts';

const PERSON = {
  GIT_AUTHOR_NAME: 'Agent',
  GIT_AUTHOR_EMAIL: 'agent@example.org',
  GIT_COMMITTER_NAME: 'Agent',
  GIT_COMMITTER_EMAIL: 'agent@example.org',
};
const environment = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', GIT_CONFIG_NOSYSTEM: '1', ...PERSON };

/** Whatever a runtime asks of another machine goes to the gateway, which notes it and lets nothing through. */
export function proxyEnvironment(proxy: string): Readonly<Record<string, string>> {
  const local = '127.0.0.1,localhost';
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  return { ...Object.fromEntries(names.map((name) => [name, proxy])), NO_PROXY: local, no_proxy: local };
}

export type Place = {
  readonly root: string;
  readonly worktree: string;
  readonly home: string;
  readonly marker: string;
};

export function makePlace(name: string): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-real-')));
  const repository = join(root, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet', '--initial-branch=main');
  writeFileSync(join(repository, 'README.md'), 'A town.\n');
  git(repository, 'add', '.');
  git(repository, 'commit', '--quiet', '-m', 'First');
  git(repository, 'worktree', 'add', '--quiet', '-b', 'attempt/b1/1', join(root, 'worktree'));
  mkdirSync(join(root, 'home'));
  return { root, worktree: join(root, 'worktree'), home: join(root, 'home'), marker: `real/${name}/${process.pid}` };
}

export function removePlace(place: Place): void {
  rmSync(place.root, { recursive: true, force: true, maxRetries: 5 });
}

function git(directory: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', directory, ...args], { env: environment, encoding: 'utf8' }).trim();
}

/** Commits of the run's branch that main does not have. */
export function commits(place: Place): number {
  return Number(git(place.worktree, 'rev-list', '--count', 'main..HEAD'));
}

/** Ends all of a run and counts what would not end. */
export async function sweep({ marker }: Place): Promise<number> {
  await killAll({ marker, leader: null });
  return processesOf({ marker, leader: null }).length;
}

/** The run's processes, by the marker. */
export function running({ marker }: Place): readonly number[] {
  return processesOf({ marker, leader: null }).map(({ pid }) => pid);
}

export type PlainHost = DriverHost & { readonly events: readonly DriverEvent[] };

export type PlainHostParts = {
  readonly place: Place;
  readonly proxy: string;
  /** Whether the agent called `done`. */
  readonly reported: () => boolean;
  readonly say: (text: string) => void;
};

/** A host that does what a supervisor would, and no more. */
export function createPlainHost({ place, proxy, reported, say }: PlainHostParts): PlainHost {
  const events: DriverEvent[] = [];
  const persons = new Set<(input: PersonInput) => void>();
  // A person who says yes to everything.
  const answer = (id: string) => {
    for (const listener of persons) listener({ kind: 'answer', id, allow: true, text: 'That' });
  };
  const host = createSystemHost(createSystemEnv({ log: () => {} }), {
    environment: { ...environment, ...proxyEnvironment(proxy), YARDMASTER_RUN: place.marker },
    emit(event) {
      events.push(event);
      if (event.kind === 'waiting') setImmediate(answer, event.id);
      say(JSON.stringify(event));
    },
    log: say,
    workState: async () => (reported() ? 'reported' : commits(place) > 0 ? 'evident' : 'none'),
    onPerson(listener) {
      persons.add(listener);
      return () => persons.delete(listener);
    },
  });
  return { ...host, events };
}
