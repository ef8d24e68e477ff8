/**
 * One writer for each database: the operating system's lock on a file beside it, held for the life of the process.
 * The kernel drops it when the process dies, however it dies. The lock file stays; nothing but SQLite may open it,
 * since closing any other descriptor of it in this process would drop the lock.
 */
import Database from 'better-sqlite3';
import { makePrivateFile } from './files.ts';

export interface Lock {
  release(): void;
}

/** Takes the lock of a database file; null when another opener, in this process or another, holds it. */
export function takeLock(file: string): Lock | null {
  const lockFile = `${file}.lock`;
  makePrivateFile(lockFile);
  const db = new Database(lockFile, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => void db.close() };
  } catch (thrown) {
    db.close();
    if (thrown instanceof Database.SqliteError && thrown.code.startsWith('SQLITE_BUSY')) return null;
    throw thrown;
  }
}
