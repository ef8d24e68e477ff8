/** The operator's token: 256 random bits in a file that its owner alone may read. */
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refused } from '../core/errors.ts';

const BYTES = 32;
const PREFIX = 'ymo_';

/**
 * The token in `file`; a new one when there is no such file. Its directory is made private (0700) when it is made here.
 * Refused `invalid` when others can read the file, or when it holds no token.
 */
export function loadOrCreateToken(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return create(file) ?? load(file);
}

function create(file: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw thrown;
  }
  const token = PREFIX + randomBytes(BYTES).toString('base64url');
  try {
    chmodSync(file, 0o600);
    writeSync(descriptor, `${token}\n`);
  } finally {
    closeSync(descriptor);
  }
  return token;
}

function load(file: string): string {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Refused('invalid', `${file} can be read by others: run chmod 600 on it, or remove it for a new token`);
  }
  const token = readFileSync(file, 'utf8').trim();
  if (/^[\x21-\x7e]{43,512}$/.test(token)) return token;
  throw new Refused('invalid', `${file} holds no token of 256 bits or more: remove it, and a new one is made`);
}
