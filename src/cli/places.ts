/**
 * Where a town keeps its things, and how its own process is found from another one.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { identify, isAlive } from '../agents/processes.ts';
import { Refused } from '../core/errors.ts';
import type { Shell } from './shell.ts';

const HASH_DIGITS = 6;
const NAME_MAX = 40;

/** Files of a town's folder. */
export const files = {
  database: (directory: string) => join(directory, 'town.db'),
  token: (directory: string) => join(directory, 'operator.token'),
  address: (directory: string) => join(directory, 'address.json'),
  integration: (directory: string) => join(directory, 'local', 'integration'),
};

/** `my-app-3f2a1b` for `/home/me/My App`: readable, and not the same for two repositories of one name. */
export function townName(repository: string): string {
  const path = settled(repository);
  const hash = createHash('sha256').update(path).digest('hex').slice(0, HASH_DIGITS);
  return `${slug(basename(path))}-${hash}`;
}

/** A text as an id: small letters, digits and dashes. */
export function slug(text: string): string {
  const letters = text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  const words = letters.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return words.slice(0, NAME_MAX).replace(/-+$/, '') || 'town';
}

/** The folder of a repository's town: what `--data` says, else `YARDMASTER_DATA`, else one below `~/.yardmaster`. */
export function placeOfRepository(shell: Shell, repository: string, data: string | undefined): string {
  const given = data ?? shell.environment.YARDMASTER_DATA;
  return given ? resolve(shell.directory, given) : join(home(shell), townName(repository));
}

/**
 * The folder of the town that a command is about: what is given, else that of the repository of the current folder,
 * else the only one there is. Throws Refused `unavailable`.
 */
export function placeOfTown(shell: Shell, data: string | undefined): string {
  const given = data ?? shell.environment.YARDMASTER_DATA;
  if (given) return existing(resolve(shell.directory, given));
  const repository = repositoryAround(shell.directory);
  const own = repository && join(home(shell), townName(repository));
  if (own && isTown(own)) return own;
  const all = townsBelow(home(shell));
  if (all.length === 1 && all[0]) return all[0];
  const hint =
    all.length === 0
      ? 'there is no town yet: begin with `yardmaster run` or `yardmaster up`'
      : `there are: ${all.join(', ')}`;
  throw new Refused('unavailable', `no town belongs to ${shell.directory}; give its folder with --data (${hint})`);
}

function existing(directory: string): string {
  if (isTown(directory)) return directory;
  throw new Refused('unavailable', `there is no town in ${directory}: correct --data, or begin with \`yardmaster up\``);
}

function home({ environment }: Shell): string {
  return join(environment.HOME ?? homedir(), '.yardmaster');
}

function isTown(directory: string): boolean {
  return existsSync(files.database(directory));
}

function townsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter(isTown)
    .sort();
}

/** The nearest folder with a `.git`, from here upwards. */
function repositoryAround(directory: string): string | null {
  for (let folder = settled(directory); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

function settled(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

const addressSchema = z.object({ url: z.string(), pid: z.number().int(), startedAt: z.string() });
export type Address = z.infer<typeof addressSchema>;

/** Tells other commands where the town is served, and by which process; null when that one has closed it. */
export function writeAddress(directory: string, url: string, pid: number | null): void {
  const file = files.address(directory);
  const startedAt = (pid !== null && identify(pid)?.startedAt) || '';
  const address: Address = { url, pid: pid ?? 0, startedAt };
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(address)}\n`, { mode: 0o600, flag: 'wx' });
}

/** The address of the process that has the town open; null when none has, whatever an earlier one left. */
export function readAddress(directory: string): Address | null {
  const address = readAddressFile(directory);
  return address && address.pid > 0 && isAlive(address) ? address : null;
}

/** The port that the town was last served on: runs that went on know it. */
export function lastPort(directory: string): number | null {
  const address = readAddressFile(directory);
  return address && Number(new URL(address.url).port);
}

function readAddressFile(directory: string): Address | null {
  try {
    const file = files.address(directory);
    // The token goes to this address: only what this user wrote is believed.
    if (statSync(file).uid !== process.getuid?.()) return null;
    return addressSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
