/**
 * Everything that can be known to be wrong before a town is opened: the repository, the programs, the secrets, the
 * work file. Nothing is written here, and all that is wrong is told at once.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { defaultPolicy, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { parseCommand } from '../agents/command.ts';
import type { AgentCommand } from '../agents/port.ts';
import { inspectRig, noting, refuseRig } from '../agents/rig-check.ts';
import { coerceError, Refused } from '../core/errors.ts';
import { parsePolicy } from '../town/founding.ts';
import { parseWorkFile, type WorkFile } from '../town/workfile.ts';
import { openBefore } from './offline.ts';
import { checkPolicy, parseLimits, parsePairs, parseSettings } from './parse.ts';
import { slug } from './places.ts';
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
  readonly isolation?: RigConfig['isolation'];
  readonly limit?: readonly string[];
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
  using town = openBefore(directory, shell.env);
  return town?.policy() ?? defaultPolicy;
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
  const { repo, env = {}, secrets = {}, limits = {}, isolation, ...rest } = work?.rig ?? {};
  const pairs = (record: Readonly<Record<string, string | number | undefined>>) =>
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return {
    ...rest,
    ...(isolation !== undefined && { isolation }),
    ...(repo !== undefined && { repo: resolve(dirname(file), repo) }),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    env: [...pairs(env), ...(given.env ?? [])],
    secret: [...pairs(secrets), ...(given.secret ?? [])],
    limit: [...pairs(limits), ...(given.limit ?? [])],
  };
}

/** A rig that can start agents. Throws Refused `invalid` with everything that is in the way. */
export async function checkRig(shell: Shell, options: RigOptions): Promise<CheckedRig> {
  const problems: string[] = [];
  const { repo, branch } = options;
  if (repo === undefined) problems.push('no repository is given: use --repo <folder>');
  const command = await noting(problems, () => commandOf(options.agent, '--agent'));
  const test = options.test ? await noting(problems, () => commandOf(options.test, '--test')) : null;
  const env = await noting(problems, () => parsePairs(options.env ?? [], '--env'));
  const secrets = await noting(problems, () => parsePairs(options.secret ?? [], '--secret'));
  const limits = await noting(problems, () => parseLimits(options.limit ?? []));
  const plan = {
    ...(repo !== undefined && { path: resolve(shell.directory, repo) }),
    ...(branch !== undefined && { branch }),
    ...{ argv: command?.argv ?? [], test: test?.argv ?? [], secrets: secrets ?? {} },
  };
  const { problems: found, repository } = await inspectRig(plan, shell.environment);
  problems.push(...found);
  if (problems.length > 0 || !repository || !command || !env || !secrets) throw refuseRig(problems);
  const config: RigConfig = {
    ...{ path: repository.path, branch: repository.targetBranch, argv: [...command.argv] },
    ...{ promptBy: options.prompt ?? command.promptBy, test: [...(test?.argv ?? [])], merge: true, env, secrets },
    ...(options.isolation !== undefined && { isolation: options.isolation }),
    ...(limits && Object.keys(limits).length > 0 && { limits }),
  };
  return { id: slug(basename(repository.path)), config };
}

function commandOf(text: string | undefined, option: string): AgentCommand {
  if (text !== undefined) return parseCommand(text);
  throw new Refused('invalid', `no command is given: use ${option} '<program> <arguments>'`);
}
