/**
 * A temporary workshop for tests of the agents' hands: real repositories, real processes, and reports that can be
 * waited for.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished, vi } from 'vitest';
import { createLocalContainer, type LocalContainer, type LocalContainerOptions } from '../../src/agents/local.ts';
import type { Container, RunReport, RunSpec } from '../../src/agents/port.ts';
import { createSystemEnv } from '../../src/env/system.ts';

// Real processes on a busy machine: waits have deadlines of their own, which name what did not happen.
vi.setConfig({ testTimeout: 30_000 });

export const env = createSystemEnv({ log: () => {} });
export const never = new AbortController().signal;
/** What a town of tests has in its environment: enough to run programs, and a canary that must not reach them. */
export const environment = {
  PATH: process.env.PATH,
  LANG: 'C.UTF-8',
  HOME: '/nonexistent',
  CANARY: 'canary-of-the-town',
};

/** A folder that is removed after the test. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const gitEnvironment = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Person',
  GIT_AUTHOR_EMAIL: 'person@example.org',
  GIT_COMMITTER_NAME: 'Person',
  GIT_COMMITTER_EMAIL: 'person@example.org',
};

/** Git as a person runs it. */
export function git(directory: string, ...args: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync('git', ['-C', directory, ...args], {
    env: gitEnvironment,
    encoding: 'utf8',
    stdio: [...stdio],
  }).trim();
}

let template: string | null = null;
afterAll(() => {
  if (template !== null) rmSync(template, { recursive: true, force: true });
});

/** A repository with one commit on main, which is checked out. Made once, then copied. */
export function repository(): string {
  template ??= makeTemplate();
  const path = join(folder(), 'repository');
  cpSync(template, path, { recursive: true });
  return path;
}

function makeTemplate(): string {
  const path = mkdtempSync(join(tmpdir(), 'yardmaster-'));
  git(path, 'init', '--quiet', '--initial-branch=main', '--template=');
  commit(path, { 'README.md': 'a town\n' }, 'First');
  return path;
}

export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

export function commit(directory: string, files: Readonly<Record<string, string>>, message: string): string {
  write(directory, files);
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', message);
  return git(directory, 'rev-parse', 'HEAD');
}

/** A run of one shell script on a repository. */
export function script(text: string, at: { path: string }, more: Partial<RunSpec> = {}): RunSpec {
  return {
    town: 'town',
    agent: 'toast',
    bead: 'gt-1',
    epoch: 1,
    rig: 'rig',
    title: 'Make bread',
    prompt: 'Make some bread.',
    repository: { path: at.path, targetBranch: 'main' },
    command: { argv: ['sh', '-c', text], promptBy: 'stdin' },
    env: {},
    secrets: {},
    api: null,
    previousBranch: null,
    graceMs: 2_000,
    // What these tests see of processes and files is theirs; boxes have tests of their own.
    isolation: 'off',
    ...more,
  };
}

/** A container whose runs are ended after the test. */
export function container(options: Partial<LocalContainerOptions> & { root: string }): LocalContainer {
  const made = createLocalContainer({ id: 'local', env, environment, heartbeatMs: 60_000, ...options });
  onTestFinished(() => made.close('stop').catch(() => {}));
  return made;
}

type Heard<Kind> = Extract<RunReport, { kind: Kind }>;

/** Collects reports; `next` waits for one of a kind that was not taken before, at most thirty seconds. */
export class Reports {
  readonly all: RunReport[] = [];
  readonly #taken = new Set<RunReport>();
  readonly #listeners = new Set<() => boolean>();

  constructor(from: Container) {
    from.onReport(async (report) => {
      this.all.push(report);
      for (const listener of this.#listeners) listener();
    });
  }

  next<Kind extends RunReport['kind']>(kind: Kind): Promise<Heard<Kind>> {
    return eventually(
      (wake) => this.#listeners.add(wake),
      () => {
        const found = this.all.find((report) => report.kind === kind && !this.#taken.has(report));
        if (found) this.#taken.add(found);
        return found as Heard<Kind> | undefined;
      },
    );
  }
}

/**
 * Waits for a value that appears when something calls `wake`, at most thirty seconds. `wake` tells whether it is still
 * waited for.
 */
export function eventually<T>(subscribe: (wake: () => boolean) => void, look: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let waiting = true;
    const settle = (finish: () => void) => {
      waiting = false;
      deadline.cancel();
      finish();
    };
    const late = () => settle(() => reject(new Error('it did not happen within thirty seconds')));
    const deadline = env.clock.at(env.clock.now() + 30_000, late);
    const wake = () => {
      const found = waiting ? look() : undefined;
      if (found !== undefined) settle(() => resolve(found));
      return waiting;
    };
    subscribe(wake);
    wake();
  });
}

/** Looks every few milliseconds for something that no event tells of, at most thirty seconds. */
export function soon<T>(look: () => T | undefined): Promise<T> {
  return eventually((wake) => {
    const again = () => {
      if (wake()) env.clock.at(env.clock.now() + 10, again, { background: true });
    };
    again();
  }, look);
}

/** True when the process lives; one that has ended and was not collected yet does not. */
export function isThere(pid: number | string): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
