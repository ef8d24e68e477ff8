/** A consistent copy of an open database, made while it is written to. */
import { unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { Refused } from '../../core/errors.ts';
import { makePrivateFile } from '../files.ts';
import { skipNumbers } from '../write-statements.ts';
import { translated } from './failures.ts';

/** Writes the copy to a new file that only its owner may read. Refused `conflict` when the file exists. */
export async function copyDatabase(db: Database.Database, file: string): Promise<void> {
  const path = resolve(file);
  if (!makePrivateFile(path)) {
    throw new Refused('conflict', `${path} exists already; a backup replaces nothing. Give the name of a new file.`);
  }
  try {
    await db.backup(path);
    leaveRoom(path);
  } catch (thrown) {
    unlinkSync(path);
    throw translated(thrown, path);
  }
}

/**
 * The copied town goes on giving out numbers (its runs' epochs among them) while the copy lies in a drawer. A town
 * that is
 * opened from the copy must not give out the same ones: processes of the other life may still carry them.
 */
function leaveRoom(path: string): void {
  const copy = new Database(path);
  try {
    copy.exec(skipNumbers);
    copy.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    copy.close();
  }
}
