/**
 * Brings a database file to this version's schema, forward only, each step in a transaction of its own.
 */
import type Database from 'better-sqlite3';
import { Refused, Terminal } from '../core/errors.ts';
import { inspection, metaSchema, schema, sealing } from './schema.ts';

/** SQL of each step; the version of a database is how many of them it has seen. Steps are appended, never changed. */
export const migrations: readonly string[] = [schema, inspection, sealing];

/** How many steps a file has seen, 0 for an empty one. Refuses what another program or a newer version wrote. */
export function schemaVersion(db: Database.Database, steps: readonly string[] = migrations): number {
  const tables = db.prepare('SELECT name FROM sqlite_schema WHERE type = ?').pluck().all('table') as string[];
  if (tables.length === 0) return 0;
  const version = tables.includes('meta') ? storedVersion(db) : null;
  if (version === null) {
    throw new Refused(
      'conflict',
      `${db.name} is a SQLite database of another program. Nothing was changed; give another file.`,
      { file: db.name },
    );
  }
  if (version > steps.length) {
    throw new Refused(
      'conflict',
      `${db.name} was written by a newer version (schema ${version}; this one knows up to ${steps.length}). ` +
        'Nothing was changed; run the newer version, or go back to a backup that was made before it.',
      { file: db.name, schema: version, known: steps.length },
    );
  }
  return version;
}

/** Runs the steps that the file has not seen. Throws what {@link schemaVersion} throws; the file is then as it was. */
export function migrate(db: Database.Database, steps: readonly string[] = migrations): void {
  const seen = schemaVersion(db, steps);
  for (let version = seen + 1; version <= steps.length; version++) {
    const step = steps[version - 1] ?? '';
    db.transaction(() => {
      if (version === 1) db.exec(metaSchema);
      db.exec(step);
      db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
        'schema',
        String(version),
      );
    }).immediate();
  }
}

function storedVersion(db: Database.Database): number | null {
  const text = db.prepare("SELECT value FROM meta WHERE name = 'schema'").pluck().get() as string | undefined;
  if (text === undefined) return null;
  const version: unknown = JSON.parse(text);
  if (typeof version === 'number' && Number.isInteger(version) && version > 0) return version;
  throw new Terminal(`The schema version in ${db.name} is ${text}, which is no version. Go back to a backup.`);
}
