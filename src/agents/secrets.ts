/**
 * References to secrets, `env:NAME` and `file:path`: found missing before a start, resolved at the last moment, never
 * stored.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { Refused } from '../core/errors.ts';

/** Environment variable of the run → where its value comes from. */
export type SecretReferences = Readonly<Record<string, string>>;
/** Variables that `env:` references read; the process's own, handed in by whoever wires the town. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A reference that yields nothing: the variable that wants it, the reference, and a sentence. Never a value. */
export type MissingSecret = { readonly variable: string; readonly reference: string; readonly reason: string };

/** Tells which references yield nothing, all of them at once. Never rejects. */
export async function checkSecrets(
  references: SecretReferences,
  environment: Environment,
): Promise<readonly MissingSecret[]> {
  return (await lookUp(references, environment)).missing;
}

/**
 * The values, by variable.
 * @throws Refused `unauthorized` naming every reference that yields nothing.
 */
export async function resolveSecrets(
  references: SecretReferences,
  environment: Environment,
): Promise<Readonly<Record<string, string>>> {
  const { values, missing } = await lookUp(references, environment);
  if (missing.length === 0) return values;
  const sentences = missing.map(({ variable, reason }) => `${variable}: ${reason}`);
  throw new Refused('unauthorized', `credentials are missing. ${sentences.join('; ')}`, { missing });
}

async function lookUp(references: SecretReferences, environment: Environment) {
  const values: Record<string, string> = {};
  const missing: MissingSecret[] = [];
  for (const [variable, reference] of Object.entries(references)) {
    const found = await lookUpOne(reference, environment);
    if (typeof found === 'string') values[variable] = found;
    else missing.push({ variable, reference: describe(reference), reason: found.reason });
  }
  return { values, missing };
}

async function lookUpOne(reference: string, environment: Environment): Promise<string | { reason: string }> {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    const value = environment[name];
    return value
      ? value
      : { reason: `the environment variable ${name} is not set where the town runs: export it and start again` };
  }
  if (reference.startsWith('file:')) return readSecretFile(reference.slice('file:'.length));
  return { reason: 'it is given as a value; name where it is kept instead, env:NAME or file:/absolute/path' };
}

async function readSecretFile(path: string): Promise<string | { reason: string }> {
  if (!isAbsolute(path)) return { reason: `the path of file:${path} is not absolute` };
  try {
    // An editor's last line feed is not part of a secret.
    const value = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    return value === '' ? { reason: `the file ${path} is empty` } : value;
  } catch {
    return { reason: `the file ${path} can not be read: create it, readable by the user that runs the town` };
  }
}

/** What is no reference may be a value that somebody pasted: it is not repeated. */
function describe(reference: string): string {
  return /^(env|file):/.test(reference) ? reference : '(not a reference)';
}
