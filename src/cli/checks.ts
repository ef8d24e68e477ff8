/**
 * Everything that can be known to be wrong before a town is opened: the repository, the programs, the secrets, the
 * work file. Nothing is written here, and all that is wrong is told at once.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { defaultPolicy, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { findProgram, parseCommand } from '../agents/command.ts';
import { createGit } from '../agents/git.ts';
import type { AgentCommand } from '../agents/port.ts';
import { inspectRepository, type Repository } from '../agents/repository.ts';
import { checkSecrets } from '../agents/secrets.ts';
import { coerceError, Refused } from '../core/errors.ts';
import { parsePolicy } from '../town/founding.ts';
import { parseWorkFile, type WorkFile } from '../town/workfile.ts';
import { openOffline } from './offline.ts';
import { checkPolicy, parsePairs, parseSettings } from './parse.ts';
import { files, slug } from './places.ts';
import type { Shell } from './shell.ts';

/** What `run` and `up` are told of a rig on the command line. */
export type RigOptions = {
  readonly repo?: string;
  readonly agent?: string;
  readonly prompt?: AgentCommand['promptBy'];
  readonly test?: string;
  readonly branch?: string;
  readonly env?: readonly string[];
  readonly secret?: readonly string[];
};

export type CheckedRig = { readonly id: string; readonly config: RigConfig };

export type ReadWork = WorkFile<PolicyPatch>;

/** Throws Refused `invalid` when it can not be read, or with all its problems. */
export function readWork(shell: Shell, file: string): ReadWork {
  return parseWorkFile(readText(resolve(shell.directory, file), 'the work file'), file, policyPatchSchema);
}

/** The settings of a policy file and of `--set`, which wins. Throws Refused `invalid`. */
export function readPolicy(shell: Shell, file: string | undefined, settings: readonly string[] = []): PolicyPatch {
  return { ...(file ? readPolicyFile(shell, file) : {}), ...parseSettings(settings) };
}

/** The settings that a town would have with these. Throws Refused `invalid` when they do not fit together. */
export function checkTogether(shell: Shell, directory: string, patch: PolicyPatch): PolicyPatch {
  parsePolicy({ ...storedPolicy(shell, directory), ...patch });
  return patch;
}

function storedPolicy(shell: Shell, directory: string): PolicyPatch {
  if (!existsSync(files.database(directory))) return defaultPolicy;
  using town = openOffline(directory, shell.env);
  return town.policy();
}

function readPolicyFile(shell: Shell, file: string): PolicyPatch {
  const text = readText(resolve(shell.directory, file), 'the policy file');
  try {
    return checkPolicy(parseYaml(text) ?? {}, file);
  } catch (thrown) {
    if (thrown instanceof Refused) throw thrown;
    throw new Refused('invalid', `${file} is no YAML or JSON: ${coerceError(thrown).message}`);
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'it does not exist' : coerceError(thrown).message;
    throw new Refused('invalid', `${what} ${path} can not be read (${why}): correct its path`);
  }
}

/** The options over what a work file says; paths of a work file are relative to it. */
export function rigOptions(given: RigOptions, work: ReadWork | null, file: string): RigOptions {
  const { repo, env = {}, secrets = {}, ...rest } = work?.rig ?? {};
  const pairs = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).map(([name, value]) => `${name}=${value}`);
  return {
    ...rest,
    ...(repo !== undefined && { repo: resolve(dirname(file), repo) }),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    env: [...pairs(env), ...(given.env ?? [])],
    secret: [...pairs(secrets), ...(given.secret ?? [])],
  };
}

/** A rig that can start agents. Throws Refused `invalid` with everything that is in the way. */
export async function checkRig(shell: Shell, options: RigOptions): Promise<CheckedRig> {
  const problems: string[] = [];
  const attempt = async <T>(check: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await check();
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      problems.push(thrown.message);
      return null;
    }
  };
  const { repo } = options;
  if (repo === undefined) problems.push('no repository is given: use --repo <folder>');
  const repository = repo === undefined ? null : await attempt(() => inspect(shell, repo, options.branch));
  const directory = repository?.path ?? shell.directory;
  const command = await attempt(() => checkCommand(shell, { text: options.agent, option: '--agent', directory }));
  const test = options.test
    ? await attempt(() => checkCommand(shell, { text: options.test, option: '--test', directory }))
    : null;
  const env = await attempt(() => parsePairs(options.env ?? [], '--env'));
  const secrets = await attempt(() => parsePairs(options.secret ?? [], '--secret'));
  for (const { variable, reason } of await checkSecrets(secrets ?? {}, shell.environment)) {
    problems.push(`the secret ${variable} is missing: ${reason}`);
  }
  if (problems.length > 0 || !repository || !command || !env || !secrets) throw refusal(problems);
  const config: RigConfig = {
    ...{ path: repository.path, branch: repository.targetBranch, argv: [...command.argv] },
    ...{ promptBy: options.prompt ?? command.promptBy, test: [...(test?.argv ?? [])], merge: true, env, secrets },
  };
  return { id: slug(basename(repository.path)), config };
}

function refusal(problems: readonly string[]): Refused {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new Refused('invalid', `nothing was started, nothing was changed:\n${list}`, { problems });
}

function inspect(shell: Shell, repo: string, branch: string | undefined): Promise<Repository> {
  return inspectRepository(createGit({ environment: shell.environment }), resolve(shell.directory, repo), branch);
}

type Wanted = { readonly text: string | undefined; readonly option: string; readonly directory: string };

async function checkCommand(shell: Shell, { text, option, directory }: Wanted): Promise<AgentCommand> {
  if (text === undefined) throw new Refused('invalid', `no command is given: use ${option} '<program> <arguments>'`);
  const command = parseCommand(text);
  await findProgram(command.argv[0] ?? '', { path: shell.environment.PATH, directory });
  return command;
}
