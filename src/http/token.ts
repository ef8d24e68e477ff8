/** The operator's token: 256 random bits in a file that its owner alone may read. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refused } from '../core/errors.ts';
import { readOrMake } from '../town/secret-file.ts';

const BYTES = 32;
const PREFIX = 'ymo_';

/**
 * The token in `file`; a new one when there is no such file. Its directory is made private (0700) when it is made here.
 * Refused `invalid` when others can read the file, or when it holds no token.
 */
export function loadOrCreateToken(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const token = readOrMake(file, () => PREFIX + randomBytes(BYTES).toString('base64url'));
  if (/^[\x21-\x7e]{43,512}$/.test(token)) return token;
  throw new Refused('invalid', `${file} holds no token of 256 bits or more: remove it, and a new one is made`);
}
