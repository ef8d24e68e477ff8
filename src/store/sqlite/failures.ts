/**
 * SQLite's failures as ours, each with a sentence that says what, where and what to do.
 */
import Database from 'better-sqlite3';
import { Bug, Refused, Retryable, Terminal } from '../../core/errors.ts';

const soonMs = 1_000;
const laterMs = 5_000;

/** Failures of the disk or of locks: they doom the whole commit, not one savepoint. */
const sentences: readonly { code: RegExp; afterMs: number; says: (file: string) => string }[] = [
  {
    code: /^SQLITE_FULL/,
    afterMs: laterMs,
    says: (file) => `The disk that holds ${file} is full. Nothing of this commit was kept; free space on it.`,
  },
  {
    code: /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    afterMs: soonMs,
    says: (file) => `Another program holds a lock on ${file}. Nothing of this commit was kept; close that program.`,
  },
  {
    code: /^SQLITE_READONLY/,
    afterMs: laterMs,
    says: (file) =>
      `${file} can not be written to. Nothing was kept; check the permissions of the file, its folder and disk.`,
  },
  {
    code: /^SQLITE_(CORRUPT|NOTADB)/,
    afterMs: laterMs,
    says: (file) => `${file} is damaged. Nothing of this commit was kept; stop, and go back to a backup.`,
  },
  {
    code: /^SQLITE_(IOERR|CANTOPEN|NOMEM)/,
    afterMs: laterMs,
    says: (file) =>
      `${file} can not be read or written. Nothing was kept; check the disk, and the limit of open files.`,
  },
];

/** What was thrown, with SQLite's errors as `Retryable` (disk, lock) or `Bug` (a constraint, a wrong statement). */
export function translated(thrown: unknown, file: string): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  const known = sentences.find(({ code }) => code.test(thrown.code));
  if (known) return new Retryable(`${known.says(file)} (${thrown.code})`, known.afterMs, { cause: thrown });
  return new Bug(`a write to ${file} broke a rule of the schema: ${thrown.message} (${thrown.code})`, {
    cause: thrown,
  });
}

/** As {@link translated}, while a file is opened: damage and permissions are `Terminal`, waiting mends neither. */
export function translatedAtOpening(thrown: unknown, file: string): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  const options = { cause: thrown };
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(thrown.code)) {
    const what = thrown.code === 'SQLITE_NOTADB' ? 'is no SQLite database' : 'is damaged';
    return new Terminal(`${file} ${what}. Nothing was changed; give another file, or go back to a backup.`, options);
  }
  if (/^SQLITE_READONLY_(ROLLBACK|RECOVERY|CANTINIT)/.test(thrown.code)) {
    // A reader may not mend it: a process was killed in its very first writes, before there was a write-ahead log.
    return new Refused(
      'conflict',
      `${file} was left in the middle of a write. Open it once for writing, which mends it.`,
      { file, needsWriting: true },
    );
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(thrown.code)) {
    return new Terminal(
      `${file} can not be opened: ${thrown.message}. Check that it exists, and its permissions.`,
      options,
    );
  }
  return translated(thrown, file);
}
