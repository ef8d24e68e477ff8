/** The town that a command is about: over HTTP when a process has it open, from its database otherwise. */
import { readFileSync } from 'node:fs';
import { coerceError, Refused } from '../core/errors.ts';
import type { EntityRef } from '../core/types.ts';
import { Client } from './client.ts';
import { openOffline } from './offline.ts';
import { files, placeOfTown, readAddress } from './places.ts';
import type { Reader } from './reader.ts';
import type { Shell } from './shell.ts';

/** Options that say which town. */
export type TownChoice = { readonly data?: string };

/** The client of the running town; null when no process has it open. */
export function connect(shell: Shell, directory: string): Client | null {
  const address = readAddress(directory);
  return address && new Client({ url: address.url, token: readToken(files.token(directory)), env: shell.env });
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (thrown) {
    throw new Refused('unavailable', `the operator token ${file} can not be read: ${coerceError(thrown).message}`);
  }
}

/** For commands that only look. */
export async function reading<T>(shell: Shell, { data }: TownChoice, use: (town: Reader) => Promise<T>): Promise<T> {
  const directory = placeOfTown(shell, data);
  const client = connect(shell, directory);
  if (client) return use(client);
  using offline = openOffline(directory, shell.env);
  return await use(offline);
}

/** For commands that change something. Throws Refused `unavailable` when no process has the town open. */
export function acting(shell: Shell, { data }: TownChoice): Client {
  const directory = placeOfTown(shell, data);
  const client = connect(shell, directory);
  if (client) return client;
  throw new Refused('unavailable', `no process has the town open: start it with \`yardmaster up --data ${directory}\``);
}

/** `agent/toast` as it is; a bare id is a bead, or else an agent. Throws Refused `unknown_entity`. */
export async function findSubject(town: Pick<Reader, 'get'>, text: string): Promise<EntityRef> {
  const slash = text.indexOf('/');
  const ref = { machine: text.slice(0, Math.max(slash, 0)), id: text.slice(slash + 1) };
  const candidates = slash < 0 ? ['bead', 'agent'].map((machine) => ({ machine, id: text })) : [ref];
  for (const candidate of candidates) if (await town.get(candidate)) return candidate;
  const what = slash < 0 ? `bead or agent ${text}` : text;
  throw new Refused('unknown_entity', `there is no ${what} in this town: \`yardmaster list\` shows what there is`);
}
