/**
 * Whether a rig can start agents here: its repository, its programs and its secrets are there. Everything that is in
 * the way is told at once, and nothing is changed.
 */
import { Refused } from '../core/errors.ts';
import { findProgram } from './command.ts';
import { createGit } from './git.ts';
import type { RigPlan } from './port.ts';
import { inspectRepository, type Repository } from './repository.ts';
import { checkSecrets, type Environment } from './secrets.ts';
import { ownCommand, shimName } from './shim.ts';

/** Runs a check; a refusal becomes a sentence of the list. Null: it was refused. */
export async function noting<T>(problems: string[], check: () => T | Promise<T>): Promise<T | null> {
  try {
    return await check();
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    problems.push(thrown.message);
    return null;
  }
}

export type InspectedRig = { readonly problems: readonly string[]; readonly repository: Repository | null };

/** Looks at everything that a rig names. An empty path, program or test was refused by others, or is none. */
export async function inspectRig(plan: Partial<RigPlan>, environment: Environment): Promise<InspectedRig> {
  const { path, branch, argv = [], test = [], secrets = {} } = plan;
  const problems: string[] = [];
  const repository = path
    ? await noting(problems, () => inspectRepository(createGit({ environment }), path, branch))
    : null;
  const directory = repository?.path ?? path ?? '/';
  // Every run has our own command: it need not be installed for everybody.
  const isOurs = argv[0] === shimName && ownCommand() !== null;
  for (const [program] of [isOurs ? [] : argv, test]) {
    if (program) await noting(problems, () => findProgram(program, { path: environment.PATH, directory }));
  }
  for (const { variable, reason } of await checkSecrets(secrets, environment)) {
    problems.push(`the secret ${variable} is missing: ${reason}`);
  }
  return { problems, repository };
}

/** Refused `invalid` with all that is wrong. */
export function refuseRig(problems: readonly string[]): Refused {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new Refused('invalid', `nothing was started, nothing was changed:\n${list}`, { problems });
}
