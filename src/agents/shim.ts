/**
 * The `yardmaster` command of this installation, first in the PATH of every run: what a run calls its town with, and
 * what drives its runtime, without anything that was installed for everybody.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makePrivateFolder } from './files.ts';
import { inTurn } from './turns.ts';

/** The command's name. */
export const shimName = 'yardmaster';

/** Where it lies. */
export type Shim = { readonly folder: string; readonly file: string };

/** Program and arguments of this installation's command line; null where only a part of it was installed. */
export function ownCommand(): readonly string[] | null {
  // The source is TypeScript where it is developed; only there is a loader needed.
  const isSource = import.meta.url.endsWith('.ts');
  const entry = fileURLToPath(new URL(isSource ? '../cli.ts' : '../cli.js', import.meta.url));
  if (!existsSync(entry)) return null;
  if (!isSource) return [process.execPath, entry];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return [process.execPath, '--import', loader, entry];
}

/** Makes the command below the container's folder, or makes it anew for another installation. Null: there is none. */
export async function makeShim(root: string): Promise<Shim | null> {
  const command = ownCommand();
  if (command === null) return null;
  const folder = join(root, 'bin');
  const file = join(folder, shimName);
  const text = scriptOf(command);
  await inTurn(`shim:${file}`, async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) return;
    await makePrivateFolder(folder);
    const next = join(folder, `.${shimName}.next`);
    await writeFile(next, text, { mode: 0o700 });
    // In one piece: a run that looks for it now finds the old one or the new one.
    await rename(next, file);
  });
  return { folder, file };
}

function scriptOf(command: readonly string[]): string {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return `#!/bin/sh\n# Made by yardmaster for its runs; made anew when it is gone.\nexec ${words.join(' ')} "$@"\n`;
}
