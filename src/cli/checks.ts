/**
 * Everything that can be known to be wrong before a town is opened: the repository, the programs, the secrets, the
 * work file. Nothing is written here, and all that is wrong is told at once.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { defaultPolicy, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import { parseCommand } from '../agents/command.ts';
import type { AgentCommand } from '../agents/port.ts';
import { inspectRig, noting, refuseRig } from '../agents/rig-check.ts';
import { coerceError, Refused } from '../core/errors.ts';
import { checkId, parsePolicy } from '../town/founding.ts';
import { LOCAL_PLACE } from '../town/options.ts';
import { planOf } from '../town/runtime.ts';
import { parseWorkFile, toRuntime, type WorkFile } from '../town/workfile.ts';
import { openBefore } from './offline.ts';
import { checkPolicy, parseLimits, parsePairs, parseSettings } from './parse.ts';
import { slug } from './places.ts';
import { type RuntimeOptions, readRuntime } from './runtime.ts';
import type { Shell } from './shell.ts';

/** What `run` and `up` are told of a rig on the command line. */
export type RigOptions = RuntimeOptions & {
  /** What the work file says of a runtime. */
  readonly described?: RigRuntime;
  readonly repo?: string;
  readonly agent?: string;
  readonly prompt?: AgentCommand['promptBy'];
  readonly test?: string;
  readonly branch?: string;
  readonly env?: readonly string[];
  readonly secret?: readonly string[];
  readonly isolation?: RigConfig['isolation'];
  readonly limit?: readonly string[];
  readonly runsOn?: readonly string[];
  /** False: nothing runs on this machine. */
  readonly local?: boolean;
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
  const { repo, env = {}, secrets = {}, limits = {}, isolation, runtime, agent, labels, ...rest } = work?.rig ?? {};
  // What is said on the command line of how agents are run is said instead of what the file says.
  const isDriven = given.runtime !== undefined;
  const hasAgent = given.agent !== undefined;
  const pairs = (record: Readonly<Record<string, string | number | undefined>>) =>
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return {
    ...rest,
    ...(agent !== undefined && !isDriven && { agent }),
    ...(runtime !== undefined && !hasAgent && { described: toRuntime(runtime) }),
    ...(isolation !== undefined && { isolation }),
    ...(repo !== undefined && { repo: resolve(dirname(file), repo) }),
    ...(labels && { runsOn: labels }),
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
  const runtime = await noting(problems, () => readRuntime(shell, options, options.described));
  // A runtime that can not be read is told as it is, and no other command is asked for.
  const command = runtime === null ? null : await noting(problems, () => agentOf(options, runtime));
  const test = options.test ? await noting(problems, () => commandOf(options.test, '--test')) : null;
  const env = await noting(problems, () => parsePairs(options.env ?? [], '--env'));
  const secrets = await noting(problems, () => parsePairs(options.secret ?? [], '--secret'));
  const limits = await noting(problems, () => parseLimits(options.limit ?? []));
  for (const label of options.runsOn ?? []) await noting(problems, () => checkId(label, '--runs-on'));
  const plan = {
    ...(repo !== undefined && { path: resolve(shell.directory, repo) }),
    ...(branch !== undefined && { branch }),
    ...{ test: test?.argv ?? [] },
    // What its agents need is looked for where they run.
    ...(runsHere(options) && { argv: command?.argv ?? [], secrets: secrets ?? {} }),
    ...(runsHere(options) && runtime && partOf(runtime, secrets ?? {})),
  };
  const { problems: found, repository } = await inspectRig(plan, shell.environment);
  problems.push(...found);
  if (problems.length > 0 || !repository || !command || !env || !secrets) throw refuseRig(problems);
  const config: RigConfig = {
    ...{ path: repository.path, branch: repository.targetBranch, argv: [...command.argv] },
    ...{ promptBy: options.prompt ?? command.promptBy, test: [...(test?.argv ?? [])], merge: true, env, secrets },
    ...(runtime && { runtime }),
    ...(options.isolation !== undefined && { isolation: options.isolation }),
    ...(options.runsOn && { labels: [...options.runsOn] }),
    ...(limits && Object.keys(limits).length > 0 && { limits }),
  };
  return { id: slug(basename(repository.path)), config };
}

function runsHere({ local, runsOn = [] }: RigOptions): boolean {
  return local !== false && runsOn.every((label) => LOCAL_PLACE.labels.includes(label));
}

/** A rig has a command of its own, or drives a runtime. */
function agentOf({ agent }: RigOptions, runtime: RigRuntime | undefined): AgentCommand {
  if (runtime === undefined) return commandOf(agent, '--agent');
  if (agent === undefined && runtime.driver !== undefined) return { argv: [], promptBy: 'stdin' };
  if (agent === undefined) {
    throw new Refused('invalid', 'the runtime has no name: say which one it is with --runtime <name>');
  }
  throw new Refused('invalid', 'the agent is given twice, as a command and as a runtime: use --agent or --runtime');
}

/** The program and the secrets that a runtime needs. */
function partOf(runtime: RigRuntime, secrets: Readonly<Record<string, string>>) {
  if (runtime.driver === undefined) return {};
  const config = { path: '', branch: '', argv: [], promptBy: 'stdin' as const, test: [], merge: true, env: {} };
  const plan = planOf({ ...config, secrets: { ...secrets }, runtime }, null);
  return { argv: plan.argv, secrets: plan.secrets };
}

function commandOf(text: string | undefined, option: string): AgentCommand {
  if (text !== undefined) return parseCommand(text);
  throw new Refused('invalid', `no command is given: use ${option} '<program> <arguments>' or --runtime <name>`);
}
