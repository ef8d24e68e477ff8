/**
 * The files of a SQLite store: who may read them, which of them are refused, and copies of them.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { Refused, Terminal } from '../../src/core/errors.ts';
import { migrations } from '../../src/store/migrations.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqlite, openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { applyAll, birth, change, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const hall = { machine: 'lamp', id: 'hall' };
let count = 0;
let file = '';

beforeEach(() => {
  file = join(folder(), `${++count}`, 'town.db');
});

const open = (path = file): Store => openSqlite({ file: path, env: standingEnv(), synchronous: 'normal' });
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Runs statements on a file that no store has open. */
function edit(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

describe('private files', () => {
  test("SEC24 every file is the owner's alone, and so is a folder that was made for them", async () => {
    const store = prepared(open());
    applyAll(store, birth('lamp/hall'));
    await store.backup(join(folder(), `${count}`, 'copy.db'));
    const names = readdirSync(join(folder(), `${count}`)).sort();
    expect(names).toEqual(['copy.db', 'town.db', 'town.db-shm', 'town.db-wal', 'town.db.lock']);
    for (const name of names) expect(`${name} ${mode(join(folder(), `${count}`, name))}`).toBe(`${name} 600`);
    expect(mode(join(folder(), `${count}`))).toBe('700');
    store.close();
  });

  test('a folder that was there keeps its mode', () => {
    mkdirSync(join(folder(), `${count}`));
    chmodSync(join(folder(), `${count}`), 0o755);
    open().close();
    expect(mode(join(folder(), `${count}`))).toBe('755');
  });

  test('SEC26 what was deleted is not left in the file', () => {
    const store = prepared(open());
    const secret = 'a-secret-that-must-go';
    const saved = { principal: 'ann', key: 'k', hash: 'h', response: { secret }, at: 1 };
    store.commit((tx) => tx.saveRequest(saved));
    store.rest();
    expect(readFileSync(file).includes(secret)).toBe(true);
    store.commit((tx) => tx.prune(2, 9));
    store.rest();
    for (const name of [file, `${file}-wal`]) expect(readFileSync(name).includes(secret), name).toBe(false);
    store.close();
  });

  test('a rest empties the write-ahead log', () => {
    const store = prepared(open());
    applyAll(store, birth('lamp/hall'));
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    store.rest();
    expect(statSync(`${file}-wal`).size).toBe(0);
    store.close();
  });
});

describe('opening', () => {
  test('what was committed is there when it is opened again, and numbering goes on', () => {
    const store = prepared(open());
    applyAll(
      store,
      birth('lamp/hall', { index: { scope: 'inside', labels: ['warm'], links: [{ kind: 'likes', to: hall }] } }),
    );
    store.close();
    const again = open();
    expect(again.read.entity(hall)).toMatchObject({ state: 'off', scope: 'inside', labels: ['warm'] });
    expect(applyAll(again, change('lamp/hall', { index: { labels: ['cold'] } }))).toEqual([2]);
    expect(again.read.entities({ machine: 'lamp', label: 'warm' }, { limit: 9 }).items).toEqual([]);
    expect(again.read.links(hall, 'likes', 'in')).toEqual([]);
    again.close();
  });

  test('a database of a newer version is refused, and unharmed', () => {
    open().close();
    edit(file, "UPDATE meta SET value = '99' WHERE name = 'schema'");
    const before = readFileSync(file);
    expect(() => open()).toThrow(Refused);
    expect(() => open()).toThrow(/newer version \(schema 99; this one knows up to \d+\).*Nothing was changed/s);
    expect(() => openSqliteReadOnly({ file })).toThrow(Refused);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a database of another program is refused, and unharmed', () => {
    mkdirSync(join(folder(), `${count}`));
    edit(file, 'CREATE TABLE recipe (name TEXT)');
    const before = readFileSync(file);
    expect(() => open()).toThrow(/another program/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('what is no database is refused for good, and unharmed', () => {
    mkdirSync(join(folder(), `${count}`));
    writeFileSync(file, 'Dear diary, '.repeat(1_000));
    expect(() => open()).toThrow(Terminal);
    expect(() => open()).toThrow(/town\.db is no SQLite database.*Nothing was changed/);
    expect(readFileSync(file, 'utf8')).toBe('Dear diary, '.repeat(1_000));
  });

  test('a damaged database is refused for good', () => {
    open().close();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 100, 8_192);
    writeFileSync(file, bytes);
    expect(() => open()).toThrow(Terminal);
    expect(() => open()).toThrow(/go back to a backup/);
  });

  test('a folder that can not be made is a failure with a remedy', () => {
    writeFileSync(join(folder(), `${count}`), 'a file where a folder is wanted');
    expect(() => open()).toThrow(Terminal);
    expect(() => open()).toThrow(/folder .* can not be made/);
  });

  test('an opening that failed leaves nothing locked', () => {
    open().close();
    edit(file, "UPDATE meta SET value = '99' WHERE name = 'schema'");
    expect(() => open()).toThrow(Refused);
    edit(file, `UPDATE meta SET value = '${migrations.length}' WHERE name = 'schema'`);
    open().close();
  });
});

describe('one writer', () => {
  test('a second opening is refused with the owner and the remedy, also through another path', () => {
    const store = open();
    symlinkSync(file, `${file}-link`);
    for (const path of [file, `${file}-link`]) {
      expect(() => open(path)).toThrow(/town\.db is open for writing in this process.*stop that one first/s);
    }
    expect(prepared(store).read.definition(1)).not.toBeNull();
    store.close();
    open().close();
  });

  test('ST4 a writer whose database was taken over commits nothing', () => {
    const store = prepared(open());
    edit(file, `UPDATE meta SET value = '{"id":"other","pid":1,"at":2}' WHERE name = 'boot'`);
    expect(() => applyAll(store, birth('lamp/hall'))).toThrow(Terminal);
    expect(() => applyAll(store, birth('lamp/hall'))).toThrow(/taken over/);
    expect(store.read.entity(hall)).toBeNull();
    store.close();
  });

  test('a lock of another program is waited for a moment, then it is to be tried again', () => {
    const store = prepared(open());
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    expect(() => applyAll(store, birth('lamp/hall'))).toThrow(
      expect.objectContaining({ name: 'Retryable', afterMs: 1_000 }),
    );
    other.exec('ROLLBACK');
    other.close();
    expect(applyAll(store, birth('lamp/hall'))).toEqual([1]);
    store.close();
  });
});

describe('reading beside the writer', () => {
  test('a reader sees each commit of a running writer, and can not be mistaken for one', () => {
    const store = prepared(open());
    const { read, close } = openSqliteReadOnly({ file });
    expect(read.entity(hall)).toBeNull();
    applyAll(store, birth('lamp/hall'));
    expect(read.entity(hall)?.state).toBe('off');
    store.commit((tx) => {
      tx.apply(change('lamp/hall', {}));
      expect(read.entity(hall)?.state).toBe('off');
    });
    expect(read.lastSeq()).toBe(2);
    close();
    store.close();
  });

  test('what a reader looks at together is of one moment', () => {
    const store = prepared(open());
    applyAll(store, birth('lamp/hall'));
    const { read, atOneMoment, close } = openSqliteReadOnly({ file });
    const seen = atOneMoment(() => {
      const before = read.lastSeq();
      applyAll(store, change('lamp/hall', {}));
      return [before, read.lastSeq()];
    });
    expect([...seen, read.lastSeq()]).toEqual([1, 1, 2]);
    close();
    store.close();
  });

  test('a reader needs no writer', () => {
    const store = prepared(open());
    applyAll(store, birth('lamp/hall'));
    store.close();
    const { read, close } = openSqliteReadOnly({ file });
    expect(read.census()).toMatchObject([{ state: 'off', count: 1 }]);
    close();
  });

  test('a reader of nothing is refused and makes nothing', () => {
    expect(() => openSqliteReadOnly({ file })).toThrow(expect.objectContaining({ code: 'not_found' }));
    mkdirSync(join(folder(), `${count}`));
    expect(() => openSqliteReadOnly({ file })).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(readdirSync(join(folder(), `${count}`))).toEqual([]);
  });
});

describe('backup', () => {
  test('a backup is a whole store of its own', async () => {
    const store = prepared(open());
    applyAll(store, birth('lamp/hall'));
    const copy = join(folder(), `${count}`, 'copy.db');
    await store.backup(copy);
    applyAll(store, change('lamp/hall', {}));
    const opened = open(copy);
    expect(opened.read.entity(hall)?.state).toBe('off');
    expect(applyAll(opened, change('lamp/hall', { to: 'dim' }))).toEqual([2]);
    opened.close();
    expect(store.read.entity(hall)?.state).toBe('on');
    store.close();
  });

  test('a store that is opened from a copy gives out no number that the first one gave out after it', async () => {
    const store = open();
    store.commit((tx) => tx.next('epoch'));
    const copy = join(folder(), `${count}`, 'copy.db');
    const { backup, close } = openSqliteReadOnly({ file });
    await backup(copy);
    close();
    const later = Array.from({ length: 5 }, () => store.commit((tx) => tx.next('epoch')));
    const restored = open(copy);
    expect(later).not.toContain(restored.commit((tx) => tx.next('epoch')));
    restored.close();
    store.close();
  });

  test('a backup replaces nothing', async () => {
    const store = prepared(open());
    const copy = join(folder(), `${count}`, 'copy.db');
    writeFileSync(copy, 'precious');
    await expect(store.backup(copy)).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.backup(file)).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(copy, 'utf8')).toBe('precious');
    store.close();
  });

  test('a backup to a folder that is not there fails with a sentence', async () => {
    const store = prepared(open());
    await expect(store.backup(join(folder(), 'nowhere', 'copy.db'))).rejects.toBeInstanceOf(Terminal);
    store.close();
  });
});
