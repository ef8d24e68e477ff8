/**
 * Small private files that survive a crash whole or not at all.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inTurn } from './turns.ts';

/** Makes a folder that only its owner may enter, and those above it. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Writes a file of mode 0600 in one piece: a reader sees the old text or the new one, also after a power cut. */
export function writePrivate(path: string, text: string): Promise<void> {
  return inTurn(`file:${path}`, () => replace(path, text));
}

async function replace(path: string, text: string): Promise<void> {
  const next = join(dirname(path), `.${basename(path)}.next`);
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}

/** The JSON of a file of ours; null when it is absent or unreadable. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
