/**
 * Git, called so that neither a repository's own settings nor the user's can make it run something, ask something, or
 * sign something.
 */
import { execa } from 'execa';
import { Refused, Retryable, Terminal } from '../core/errors.ts';
import type { Environment } from './secrets.ts';

export type GitResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type GitOptions = {
  readonly signal?: AbortSignal;
  /** The repository of the folder, named outright: none is looked for. */
  readonly gitFolder?: string;
  /** Standard input. */
  readonly input?: string;
  /** Where the usual two minutes are too few. */
  readonly timeoutMs?: number;
};

/** Calls of git in one folder after the other; stateless. */
export interface Git {
  /**
   * Standard output without its last line feed.
   * @throws Retryable with git's own words when it fails or was cut short (disks fill up and locks are held: it may
   * work later); Terminal when there is no git.
   */
  run(directory: string, args: readonly string[], options?: GitOptions): Promise<string>;
  /** The same, where failing is an answer. Throws only when git could not run to its end. */
  try(directory: string, args: readonly string[], options?: GitOptions): Promise<GitResult>;
}

const callTimeoutMs = 120_000;
const failedAgainMs = 5_000;
const outputBytesMax = 32 * 1024 * 1024;

/** Each of these can name a program, or change what a call means. */
const settings: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.sshCommand=false',
  'protocol.ext.allow=never',
  'protocol.file.allow=always',
  'diff.ignoreSubmodules=all',
  'diff.external=',
  'credential.helper=',
  'commit.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'rerere.enabled=false',
  'submodule.recurse=false',
  'core.quotePath=false',
  // Agents commit at the same time: a held lock is waited for, not stumbled over.
  'core.filesRefLockTimeout=10000',
  'core.packedRefsTimeout=10000',
];

const identity = { NAME: 'Yardmaster', EMAIL: 'yardmaster@localhost' };

/** Git with a fixed environment; only PATH and TMPDIR are taken from the given one. */
export function createGit({ environment }: { environment: Environment }): Git {
  const env = {
    ...(environment.PATH === undefined ? {} : { PATH: environment.PATH }),
    ...(environment.TMPDIR === undefined ? {} : { TMPDIR: environment.TMPDIR }),
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_EDITOR: 'false',
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
  const attempt = (directory: string, args: readonly string[], options: GitOptions = {}) =>
    call({ directory, args, env, options });
  return {
    try: attempt,
    async run(directory, args, options) {
      const { code, stdout, stderr } = await attempt(directory, args, options);
      if (code === 0) return stdout;
      const words = stderr.trim() || stdout.trim() || 'no message';
      throw new Retryable(`git ${args[0]} failed in ${directory} (${code}): ${words}`, failedAgainMs);
    },
  };
}

type Call = {
  directory: string;
  args: readonly string[];
  env: Record<string, string>;
  options: GitOptions;
};

async function call({ directory, args, env, options }: Call): Promise<GitResult> {
  const { signal, gitFolder, input, timeoutMs = callTimeoutMs } = options;
  const place = gitFolder === undefined ? [] : [`--git-dir=${gitFolder}`, `--work-tree=${directory}`];
  const flags = settings.flatMap((setting) => ['-c', setting]);
  const result = await execa('git', ['-C', directory, ...place, ...flags, ...args], {
    env,
    extendEnv: false,
    shell: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    timeout: timeoutMs,
    maxBuffer: outputBytesMax,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  if (result.code === 'ENOENT') {
    throw new Terminal('the program "git" was not found in PATH: install git 2.31 or newer');
  }
  if (result.isCanceled) throw new Retryable(`git ${args[0]} in ${directory} was called off`, 0);
  if (result.timedOut)
    throw new Retryable(`git ${args[0]} in ${directory} did not end within ${timeoutMs} ms`, failedAgainMs);
  if (result.exitCode === undefined) {
    throw new Retryable(`git ${args[0]} in ${directory} was ended from outside: ${result.shortMessage ?? ''}`, 1_000);
  }
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/**
 * Variables that let a program with this environment commit: none when git finds an identity in the user's settings,
 * else one of the agent's own.
 */
export async function committerFor(
  name: string,
  at: { directory: string; environment: Readonly<Record<string, string>> },
): Promise<Readonly<Record<string, string>>> {
  const asked = await execa('git', ['-C', at.directory, 'config', '--get', 'user.email'], {
    env: at.environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: callTimeoutMs,
  });
  if (asked.exitCode === 0) return {};
  const email = `${name}@localhost`;
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

/** Ids that become parts of paths and branches: lower case, so that no file system folds two into one. */
const identifier = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** @throws Refused `invalid` when the text can not safely be a part of a path and of a branch's name. */
export function checkIdentifier(text: string, what: string): void {
  if (identifier.test(text) && isBranchName(text)) return;
  throw new Refused('invalid', `"${text}" can not be the id of one ${what}: use at most 64 of a-z, 0-9, ".", "_", "-"`);
}

/**
 * @throws Refused `invalid` when the text is no name of a branch, or one that could be taken for an option or a
 * revision.
 */
export function checkBranchName(text: string): void {
  if (isBranchName(text)) return;
  throw new Refused(
    'invalid',
    `"${text}" is not accepted as a branch: use letters, digits, "_", ".", "/" and "-", such as main`,
  );
}

/** The alphabet leaves of git's own rules (`check-ref-format`) only those about dots, slashes and `.lock`. */
function isBranchName(text: string): boolean {
  if (!/^[A-Za-z0-9][\w./-]{0,200}$/.test(text) || text === 'HEAD' || text.includes('..') || text.endsWith('.'))
    return false;
  return text.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

/** @throws Refused `invalid` when the text is no full commit id. */
export function checkCommit(text: string): void {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) return;
  throw new Refused('invalid', `"${text}" is no commit id: give all of its 40 hexadecimal digits`);
}
