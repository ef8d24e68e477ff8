/**
 * The model check as a town asks for it: in portions, between which a running town goes on, and once for each policy.
 *
 * What was found sound is remembered beside the database, by a hash of the policy, the charts and their code, so that
 * a town pays for it once and not at each start. What was refused is never remembered.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../machines/policy.ts';
import { coerceError } from '../core/errors.ts';
import { fingerprint, stableText } from '../core/json.ts';
import type { JsonValue } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { PolicyCheck } from '../town/options.ts';
import { quickScene } from './check.ts';
import { checkingPolicy, isTooMuch } from './policy.ts';
import { type MachineMaker, realMachines } from './scene.ts';
import type { Portions } from './search.ts';

const FILE = 'sound-policies.json';
const KEPT_MAX = 20;

/** Keys of what this process has found sound, whichever town asked. */
const sound = new Set<string>();

/**
 * A check to hand to `createTown`: refuses every policy with which the machines could get stuck, with the way there.
 * The search itself takes 0.4 to 2 s; the event loop is free every few milliseconds of it.
 */
export function createPolicyCheck(machines: MachineMaker = realMachines): PolicyCheck {
  return async (policy, { directory, env }) => {
    const key = keyOf(policy, machines);
    const known = readKeys(directory);
    if (known.includes(key)) return [];
    if (!sound.has(key)) {
      const problems = await inPortions(checkingPolicy(policy, machines), env);
      if (problems.length > 0) return problems;
      sound.add(key);
    }
    // A town that is not founded yet has no folder: it asks again when it has one.
    if (existsSync(directory)) remember(directory, [...known, key].slice(-KEPT_MAX), env);
    return [];
  };
}

async function inPortions<T>(work: Portions<T>, { clock }: Env): Promise<T> {
  let portion = work.next(false);
  while (!portion.done) {
    await new Promise<void>((resolve) => clock.soon(resolve));
    portion = work.next(isTooMuch(portion.value));
  }
  return portion.value;
}

/** Another number for another policy, another chart, or other code in its guards and actions. */
function keyOf(policy: Policy, machines: MachineMaker): string {
  const code = Object.values(machines(policy)).map(({ name, hash, machine: { implementations } }) => {
    const { guards, actions, delays } = implementations;
    const texts = Object.entries({ ...guards, ...actions, ...delays }).map(([part, made]) => `${part} ${String(made)}`);
    return [name, hash, ...texts];
  });
  return fingerprint(stableText([quickScene.name, policy, code] as unknown as JsonValue));
}

function readKeys(directory: string): readonly string[] {
  try {
    const keys: unknown = JSON.parse(readFileSync(join(directory, FILE), 'utf8'));
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  } catch {
    // Not there, or not readable: the check is made again.
    return [];
  }
}

/** A town that can not remember it checks again next time. */
function remember(directory: string, keys: readonly string[], env: Env): void {
  const file = join(directory, FILE);
  try {
    writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (thrown) {
    env.log('warn', `the policy check is not remembered: ${coerceError(thrown).message}`);
  }
}
