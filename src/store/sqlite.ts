/**
 * The store on SQLite: one writer with group commits, and a read-only view for other processes.
 *
 * Invariants
 * - One process writes: it holds the lock file, and each commit finds its own boot in `meta` (ST4).
 * - Nothing is written to a file before it is known to be ours and of this version or an older one.
 */
import Database from 'better-sqlite3';
import { Bug, Refused, Terminal } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { makePrivateFile, settledPath } from './files.ts';
import { takeLock } from './lock.ts';
import { migrate, migrations, schemaVersion } from './migrations.ts';
import type { Reads, Store } from './port.ts';
import { copyDatabase } from './sqlite/backup.ts';
import { Directory } from './sqlite/directory.ts';
import { translatedAtOpening } from './sqlite/failures.ts';
import { readsOf } from './sqlite/lists.ts';
import { assertRuntime, assertSqlite } from './sqlite/runtime.ts';
import { readingOf, Writer } from './sqlite/writer.ts';
import { prepareAll, reads } from './statements.ts';

export type SqliteOptions = {
  /** Path of the database; its folder is made when missing. */
  readonly file: string;
  readonly env: Env;
  /** `full` (default): a power cut loses nothing that was acknowledged. `normal`: it may lose the last commits. */
  readonly synchronous?: 'full' | 'normal';
};

/** How long a statement waits for a lock of another program, ms: the event loop stands still meanwhile. */
const lockWaitMs = 200;
const cacheKib = 32 * 1024;
const checkpointPages = 10_000;

/**
 * Opens the database for writing, making it when missing.
 * Throws `Refused('busy')` when another process has it, `Refused('conflict')` when a newer version or another
 * program wrote it, `Terminal` when it is damaged or can not be opened.
 */
export function openSqlite({ file, env, synchronous = 'full' }: SqliteOptions): Store {
  assertRuntime();
  const path = settledPath(file);
  return opening(path, (closeOnFailure) => {
    const lock = takeLock(path);
    if (!lock) throw takenBy(path);
    closeOnFailure(() => lock.release());
    makePrivateFile(path);
    const db = new Database(path, { timeout: lockWaitMs });
    closeOnFailure(() => db.close());
    assertSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    schemaVersion(db);
    tune(db, synchronous);
    migrate(db);
    return new Writer({ db, env, lock, path });
  });
}

/** A database that another process may be writing to. */
export type ReadOnlyStore = {
  readonly read: Reads;
  /** What is read inside is of one moment, whatever a writer commits meanwhile. Synchronous. */
  atOneMoment<T>(look: () => T): T;
  /** Writes a consistent copy to a new file (0600); refuses an existing one. */
  backup(file: string): Promise<void>;
  close(): void;
};

/**
 * Reads a database without being its writer, also while a writer runs. Sees each commit as it comes.
 * Throws `Refused('not_found')` when there is none, `Refused('conflict')` when its schema is not this version's.
 */
export function openSqliteReadOnly({ file }: { readonly file: string }): ReadOnlyStore {
  assertRuntime();
  return opening(file, (closeOnFailure) => {
    const db = openExisting(file);
    closeOnFailure(() => db.close());
    const version = schemaVersion(db);
    if (version < migrations.length) {
      throw new Refused(
        'conflict',
        `${file} is of an older version. Open it once for writing, which brings it up to date.`,
        { file, needsWriting: true },
      );
    }
    const statements = prepareAll(db, reads);
    const members = readsOf(statements, new Directory(statements));
    return {
      read: readingOf(members, file),
      atOneMoment: (look) => db.transaction(look)(),
      backup: (copy) => copyDatabase(db, copy),
      close: () => void db.close(),
    };
  });
}

function openExisting(file: string): Database.Database {
  try {
    return new Database(file, { readonly: true, fileMustExist: true, timeout: lockWaitMs });
  } catch (thrown) {
    const missing = thrown instanceof TypeError || (thrown as { code?: string }).code === 'SQLITE_CANTOPEN';
    if (missing) throw new Refused('not_found', `There is no database at ${file} that can be read. Give its path.`);
    throw thrown;
  }
}

/** Runs the opening; when it fails, what was opened so far is closed, the last first. */
function opening<T>(file: string, open: (closeOnFailure: (close: () => void) => void) => T): T {
  const closers: (() => void)[] = [];
  try {
    return open((close) => closers.push(close));
  } catch (thrown) {
    for (const close of closers.reverse()) close();
    throw translatedAtOpening(thrown, file);
  }
}

/** The settings of a connection that writes. */
export function tune(db: Database.Database, synchronous: 'full' | 'normal'): void {
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  db.pragma('foreign_keys = ON');
  db.pragma('secure_delete = ON');
  db.pragma('temp_store = MEMORY');
  db.pragma(`cache_size = -${cacheKib}`);
  const level = db.pragma('synchronous', { simple: true });
  if (level !== (synchronous === 'full' ? 2 : 1))
    throw new Bug(`SQLite took synchronous = ${level}, not ${synchronous}`);
  const mode = db.pragma('journal_mode', { simple: true });
  if (mode !== 'wal') {
    throw new Terminal(
      `${db.name} lies on a disk that can not hold a write-ahead log (mode ${mode}). Use a local disk.`,
    );
  }
}

/** The lock tells that somebody has it; the database tells who. */
function takenBy(path: string): Refused {
  const boot = ownerOf(path);
  const pid = boot?.pid;
  const who = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new Refused(
    'busy',
    `${path} is open for writing in ${who}. One process writes a database: stop that one first, or give another file.`,
    { file: path, ...(pid === undefined ? {} : { pid }) },
  );
}

function ownerOf(path: string): { pid: number } | null {
  try {
    const { read, close } = openSqliteReadOnly({ file: path });
    const boot = read.meta('boot') as { pid: number } | null;
    close();
    return boot;
  } catch {
    return null;
  }
}
