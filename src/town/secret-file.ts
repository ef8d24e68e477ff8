/** A small file that is made once, whole or not at all, and that only its owner may read. */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Refused } from '../core/errors.ts';

/**
 * The text in the file; what `make` gives when there is no such file. A process that is killed meanwhile leaves no
 * half of it. Refused `invalid` when others can read the file.
 */
export function readOrMake(file: string, make: () => string): string {
  if (!lstatSync(file, { throwIfNoEntry: false })) link(file, make());
  return read(file);
}

/** Does nothing when somebody else made it meanwhile. */
function link(file: string, text: string): void {
  const mine = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(mine, `${text}\n`, { flag: 'wx', mode: 0o600, flush: true });
    linkSync(mine, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(mine, { force: true });
  }
}

function read(file: string): string {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Refused('invalid', `${file} can be read by others: run chmod 600 on it, or remove it for a new one`);
  }
  return readFileSync(file, 'utf8').trim();
}
