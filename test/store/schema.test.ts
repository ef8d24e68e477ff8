/**
 * The schema as a person reads it, how a file comes to it, and what it will not hold.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { Refused, Terminal } from '../../src/core/errors.ts';
import { migrate, migrations, schemaVersion } from '../../src/store/migrations.ts';
import { assertRuntime, assertSqlite } from '../../src/store/sqlite/runtime.ts';
import { openSqlite, openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { applyAll, birth, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();

describe('schema', () => {
  test('reads as in the golden file', async () => {
    const db = new Database(':memory:');
    migrate(db);
    const statements = db.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').pluck().all();
    db.close();
    await expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot('../golden/schema.sql');
  });

  test('holds no state, status or count that can not be', () => {
    const file = join(folder(), 'rules.db');
    const store = prepared(openSqlite({ file, env: standingEnv(), synchronous: 'normal' }));
    applyAll(store, birth('lamp/hall', { effects: [{ type: 'glow', params: {}, scope: null }] }));
    store.close();
    const db = new Database(file);
    const impossible = [
      "UPDATE entity SET status = 'happy'",
      "UPDATE entity SET status = 'quarantined'",
      'UPDATE entity SET rev = 0',
      "UPDATE entity SET rank = 'high'",
      'UPDATE leaf SET population = -1',
      "UPDATE outbox SET status = 'lost'",
      'UPDATE log SET cause = seq',
      'UPDATE log SET entity = 99',
      "UPDATE meta SET value = 'no json'",
    ];
    for (const sql of impossible) expect(() => db.exec(sql), sql).toThrow(/constraint failed|cannot store/);
    db.close();
  });
});

describe('migrations', () => {
  const renamed = 'ALTER TABLE word RENAME TO phrase;';

  test('run forward from where the file is, each once', () => {
    const db = new Database(':memory:');
    migrate(db);
    const known = migrations.length;
    expect(schemaVersion(db)).toBe(known);
    const steps = [...migrations, renamed];
    migrate(db, steps);
    migrate(db, steps);
    expect(schemaVersion(db, steps)).toBe(known + 1);
    expect(() => migrate(db)).toThrow(Refused);
    db.close();
  });

  test('a step that fails changes nothing', () => {
    const db = new Database(':memory:');
    migrate(db);
    expect(() => migrate(db, [...migrations, `${renamed} DROP TABLE absent;`])).toThrow(/no such table/);
    expect(schemaVersion(db)).toBe(migrations.length);
    expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'word'").pluck().get()).toBe(1);
    db.close();
  });
});

describe('a database of the first version', () => {
  test('is brought up to date when it is opened for writing; until then it is not read', () => {
    const file = join(folder(), 'first.db');
    const db = new Database(file);
    migrate(db, migrations.slice(0, 1));
    db.exec(
      `INSERT INTO name (machine, id) VALUES ('lamp', 'hall'); INSERT INTO word (text) VALUES ('PRESS'), ('off');
       INSERT INTO log (seq, at, entity, type, definition, before, "by") VALUES (1, 5, 1, 1, 1, 2, 'operator'),
       (2, 6, 1, 1, 1, 2, 'lamp/hall'); UPDATE log SET cause = 1 WHERE seq = 2`,
    );
    db.close();
    expect(() => openSqliteReadOnly({ file })).toThrow(/older version. Open it once for writing/);
    const store = openSqlite({ file, env: standingEnv(), synchronous: 'normal' });
    const [first] = store.read.log({}, { limit: 9, order: 'asc' });
    expect(first).toMatchObject({ seq: 1, by: 'operator', event: { type: 'PRESS' } });
    expect(first).not.toHaveProperty('reason');
    expect(store.read.caused(1, 9).map(({ seq }) => seq)).toEqual([2]);
    store.close();
  });
});

describe('the runtime', () => {
  test('a binding that would crash this Node is refused before it can', () => {
    expect(() => assertRuntime({ node: '20.20.2', binding: '13.2.0' })).toThrow(Terminal);
    expect(() => assertRuntime({ node: '20.20.2', binding: '13.2.0' })).toThrow(/needs Node 22.*better-sqlite3@\^12/);
    for (const sound of [
      { node: '20.20.2', binding: '12.11.1' },
      { node: '22.23.3', binding: '13.2.0' },
    ]) {
      expect(() => assertRuntime(sound)).not.toThrow();
    }
  });

  test('a SQLite with the fault of the write-ahead log is refused', () => {
    for (const unsound of ['3.51.2', '3.50.9', '2.99.9']) expect(() => assertSqlite(unsound)).toThrow(Terminal);
    for (const sound of ['3.51.3', '3.52.0', '4.0.0']) expect(() => assertSqlite(sound)).not.toThrow();
  });
});
