/** Libraries that are preloaded into the real process: one that is compiled here, one that Debian has. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARIES = '/usr/lib';

/** Says on standard error what is not tested here, and why: a hardship that is left out must be seen. */
export function leftOut(what: string, remedy: string): void {
  process.stderr.write(`\nLEFT OUT: ${what}. To have it tested: ${remedy}\n`);
}

/** Compiles the library of crash points; null, told on standard error, where there is no C compiler for it. */
export function compileCrashPoints(): { readonly file: string; remove(): void } | null {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-native-'));
  const file = join(folder, 'crash-point.so');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const source = fileURLToPath(new URL('crash-point.c', import.meta.url));
  const words = ['-shared', '-fPIC', '-O1', '-o', file, source, '-ldl'];
  const made = process.platform === 'linux' ? spawnSync('cc', words, { encoding: 'utf8' }) : null;
  if (made?.status === 0) return { file, remove };
  remove();
  leftOut('death at named system calls', `Linux with a C compiler (${made?.stderr || made?.error?.message || 'none'})`);
  return null;
}

/** The library that turns clocks; null, told on standard error, where it is not installed. */
export function findFaketime(): string | null {
  const folders = existsSync(LIBRARIES) ? readdirSync(LIBRARIES).map((name) => join(LIBRARIES, name, 'faketime')) : [];
  const file = folders.map((folder) => join(folder, 'libfaketime.so.1')).find((path) => existsSync(path)) ?? null;
  if (file === null) leftOut('clocks that jump under the real process', 'apt-get install libfaketime');
  return file;
}
