/**
 * From the spec of a run to its first process: everything that can be refused is refused before anything is made.
 */
import { mkdir } from 'node:fs/promises';
import { Refused } from '../core/errors.ts';
import type { ChildOrder } from './child.ts';
import { fillCommand, findProgram } from './command.ts';
import { baseEnvironment, runEnvironment } from './environment.ts';
import { writePrivate } from './files.ts';
import { checkIdentifier, committerFor, type Git } from './git.ts';
import type { Isolator } from './isolation.ts';
import type { RunSpec } from './port.ts';
import { kindInBranch, resolveBranch } from './repository.ts';
import type { RunFiles, RunRecord } from './run-files.ts';
import { type Environment, resolveSecrets } from './secrets.ts';
import type { Shim } from './shim.ts';
import { type Supervision, startSupervisor } from './supervision.ts';
import { type AttemptWorktree, attemptBranch, type Worktrees } from './worktrees.ts';

export type LaunchPlace = {
  readonly git: Git;
  readonly worktrees: Worktrees;
  readonly environment: Environment;
  readonly home: string | undefined;
  /** Values, beside the run's own, that its kept output never holds. */
  readonly secretValues: readonly string[];
  readonly incarnation: string;
  readonly isolator: Isolator;
  /** Null: this installation has no command line. */
  readonly shim: Shim | null;
};

/** A start that nothing speaks against. */
export type PreparedRun = {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly promptToInput: boolean;
  readonly secretValues: readonly string[];
  readonly marker: string;
  /** What the profile of the rig is known by. */
  readonly program: string;
  readonly secrets: Readonly<Record<string, string>>;
};

export type Launched = Supervision & { readonly record: RunRecord };

/** @throws Refused `invalid` for what can not be a part of a path, a branch or a fence. */
export function checkRun(run: { agent: string; epoch: number }): void {
  checkIdentifier(run.agent, 'agent');
  if (Number.isSafeInteger(run.epoch) && run.epoch > 0) return;
  throw new Refused('invalid', `${run.epoch} can not be an epoch of ${run.agent}: use whole numbers from 1 on`);
}

/**
 * Checks ids, credentials, command and repository, and makes nothing.
 * @throws Refused with the first thing that is wrong and its remedy.
 */
export async function prepareRun(run: RunSpec, files: RunFiles, place: LaunchPlace): Promise<PreparedRun> {
  checkIdentifier(run.bead, 'bead');
  checkIdentifier(run.rig, 'rig');
  const secrets = await resolveSecrets(run.secrets, place.environment);
  const promptFile = files.path('prompt');
  const marker = `${run.town}/${run.agent}/${run.epoch}@${place.incarnation}`;
  const base = baseEnvironment(place.environment, place.home);
  const shim = place.shim?.folder ?? null;
  const environment = runEnvironment(run, {
    ...{ branch: attemptBranch(run), promptFile, marker, secrets, base, shim },
    handoverFile: run.handover ? files.path('handover') : null,
  });
  const { argv, stdin } = fillCommand(run.command, {
    prompt: run.prompt,
    promptFile,
    bead: run.bead,
    title: run.title,
  });
  const [name = '', ...rest] = argv;
  if (name === '') throw new Refused('invalid', `the agent command of ${run.agent} is empty: name a program`);
  await place.isolator.check(boxOf(run));
  await resolveBranch(place.git, run.repository.path, run.repository.targetBranch);
  const program = await programOf(run, name, { git: place.git, path: environment.PATH });
  const token = run.api === null ? [] : [run.api.token];
  return {
    // A path in the repository means the file in the worktree.
    argv: [name.includes('/') ? name : program, ...rest],
    environment,
    promptToInput: stdin,
    secretValues: [...Object.values(secrets), ...token, ...place.secretValues],
    ...{ marker, program, secrets },
  };
}

/**
 * Makes the worktree and the files of a run, then starts its supervisor. What was made is taken back when that does
 * not work. `mayStart` is asked last, right before the process.
 */
export async function launchRun(
  run: RunSpec,
  prepared: PreparedRun,
  at: { files: RunFiles; place: LaunchPlace; mayStart: () => void },
): Promise<Launched> {
  const { files, place } = at;
  const worktree = await place.worktrees.add(run, run.repository);
  try {
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    const record = toRecord(run, worktree, { marker: prepared.marker, incarnation: place.incarnation });
    await files.write('run', record);
    await writePrivate(files.path('prompt'), run.prompt);
    if (run.handover) await writePrivate(files.path('handover'), run.handover);
    const committer = await committerFor(run.agent, {
      directory: worktree.worktree,
      environment: prepared.environment,
    });
    const { argv, isBoxed } = await place.isolator.wrap({
      ...{ argv: prepared.argv, directory: worktree.worktree, repository: run.repository.path, ...boxOf(run) },
      readable: [
        files.path('prompt'),
        ...(run.handover ? [files.path('handover')] : []),
        ...(place.shim ? [place.shim.file] : []),
      ],
    });
    const order: ChildOrder = {
      ...{ argv, isBoxed },
      directory: worktree.worktree,
      environment: { ...committer, ...prepared.environment, YARDMASTER_START_COMMIT: worktree.start },
      inputFile: prepared.promptToInput ? files.path('prompt') : null,
      secretValues: prepared.secretValues,
    };
    at.mayStart();
    return { ...(await startSupervisor(files, order, place.environment.PATH ?? '')), record };
  } catch (thrown) {
    await files.remove();
    await place.worktrees.discard(worktree);
    throw thrown;
  }
}

/** In PATH, in the folder of the repository, or in its target branch, where that is bare. */
async function programOf(
  { repository: { path: directory, targetBranch: branch } }: RunSpec,
  name: string,
  { git, path }: { git: Git; path: string | undefined },
): Promise<string> {
  try {
    return await findProgram(name, { path, directory });
  } catch (thrown) {
    const kind = name.includes('/') ? await kindInBranch(git, directory, { branch, name }) : 'absent';
    if (kind === 'program') return name;
    if (kind === 'absent') throw thrown;
    const remedy = `run chmod +x on it, and commit that on ${branch}`;
    throw new Refused('not_found', `the command "${name}" is not executable: ${remedy}`);
  }
}

function boxOf({ isolation = 'auto', limits = {} }: RunSpec) {
  return { mode: isolation, limits };
}

function toRecord(run: RunSpec, worktree: AttemptWorktree, rest: { marker: string; incarnation: string }): RunRecord {
  const { town, agent, epoch, bead, rig, graceMs } = run;
  return { town, agent, epoch, bead, rig, graceMs, ...worktree, ...rest };
}
