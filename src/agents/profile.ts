/**
 * What configures the runs of a rig on this machine, as one fingerprint: with another command, another program file or
 * another value of a secret it is another profile. The values are hashed and kept in memory alone.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { findProgram } from './command.ts';
import type { RunProfile, RunSpec } from './port.ts';

/** What is known of a profile once its secrets are resolved. */
export type ResolvedProfile = {
  readonly spec: RunProfile;
  /** Values by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Path of the program that is started. */
  readonly program: string;
  /** What its programs are looked up in. */
  readonly path: string | undefined;
};

/** Never rejects. */
export async function fingerprintOf({ spec, secrets, program, path }: ResolvedProfile): Promise<string> {
  const { rig, repository, command, env, isolation, limits } = spec;
  const places = { path, directory: repository.path };
  const driven = command.drives === undefined ? null : await findProgram(command.drives, places).catch(() => null);
  const files = await Promise.all([program, driven].map(identityOf));
  const hashes = Object.entries(secrets).map(([name, value]) => [name, spec.secrets[name], digest(value)]);
  return digest(JSON.stringify([rig, repository, command, env, isolation, limits, path, hashes.sort(), files]));
}

async function identityOf(file: string | null): Promise<readonly unknown[]> {
  const found = file === null ? null : await stat(file).catch(() => null);
  return [file, found?.mtimeMs ?? null, found?.size ?? null];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A run that is never started, to prepare as one would be. */
export function specOf(profile: RunProfile): RunSpec {
  return {
    ...profile,
    ...{ agent: 'readiness', bead: 'readiness', epoch: 1, title: '', prompt: '' },
    ...{ api: null, previousBranch: null, graceMs: 0 },
  };
}
