/**
 * Files of the store are private: made with mode 0600 before SQLite opens them, in folders of mode 0700.
 * SQLite gives its `-wal` and `-shm` files the mode of the database.
 */
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { coerceError, Terminal } from '../core/errors.ts';

/** The one true path of a file that may not exist yet; its folder is made when missing. Throws `Terminal`. */
export function settledPath(file: string): string {
  const path = resolve(file);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return realPath(path) ?? join(realpathSync(dirname(path)), basename(path));
  } catch (thrown) {
    throw new Terminal(
      `The folder of ${path} can not be made or entered (${coerceError(thrown).message}). Give another.`,
    );
  }
}

/** Makes an empty private file; false when there is one already. Throws `Terminal`. */
export function makePrivateFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600));
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new Terminal(
      `${file} can not be made (${coerceError(thrown).message}). Check the permissions of its folder.`,
    );
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}
