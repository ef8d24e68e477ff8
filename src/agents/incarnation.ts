/**
 * The incarnation of a container on this machine: an id that stays as long as its runs can be alive.
 */
import { join } from 'node:path';
import type { Env } from '../env/env.ts';
import { readJson, writePrivate } from './files.ts';
import { hostBoot } from './processes.ts';

type Incarnation = { readonly id: string; readonly boot: string };

/** The kept incarnation, or a new one when there is none or the machine has started anew since. */
export async function loadIncarnation(root: string, id: string, env: Env): Promise<string> {
  const kept = await readJson<Incarnation>(join(root, 'incarnation.json'));
  if (kept !== null && kept.boot === hostBoot()) return kept.id;
  return renewIncarnation(root, id, env);
}

/** Takes a new incarnation: all runs of the earlier one are gone, or must be ended by the caller first. */
export async function renewIncarnation(root: string, id: string, env: Env): Promise<string> {
  const next: Incarnation = { id: `${id}-${env.hex(12)}`, boot: hostBoot() };
  await writePrivate(join(root, 'incarnation.json'), JSON.stringify(next));
  return next.id;
}
