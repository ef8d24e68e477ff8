/** The seals of the log: what is changed, taken out, added or cut off afterwards is named. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { Refused } from '../../src/core/errors.ts';
import { migrations } from '../../src/store/migrations.ts';
import { sealedText, sealProblems } from '../../src/store/seal.ts';
import { openSqlite, openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { applyAll, birth, change, note, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const env = standingEnv();

let files = 0;

/** A file with rows 1 to 251 in commits of one to seven; a part of one was undone, and one failed whole. */
function written(): string {
  files += 1;
  const file = join(folder(), `town-${files}.db`);
  const store = prepared(openSqlite({ file, env, synchronous: 'normal' }));
  applyAll(store, birth('lamp/a', { event: { type: 'xstate.init', colour: 'red' } }));
  store.commit((tx) => {
    tx.apply(change('lamp/a', {}));
    try {
      tx.savepoint(() => {
        for (const by of ['nobody', 'no one']) tx.note(note('lamp/a', { by }));
        throw new Refused('invalid', 'undone');
      });
    } catch {
      // It left nothing, and its numbers are given out again.
    }
    tx.note(note('lamp/a', { event: { type: 'PRESS', hard: true }, rejected: 'no' }));
  });
  applyAll(store, birth('lamp/b'));
  const fails = () =>
    store.commit((tx) => {
      tx.note(note('lamp/b', { by: 'nobody' }));
      throw new Refused('invalid', 'undone');
    });
  expect(fails).toThrow('undone');
  store.commit((tx) => {
    tx.note(note('lamp/b', { by: 'ada', reason: 'because' }));
    tx.note(note('lamp/b', { taken: ['a→b', 'c'], cause: 1 }));
  });
  store.close();
  const again = openSqlite({ file, env, synchronous: 'normal' });
  for (let commits = 0; commits < 62; commits += 1) {
    again.commit((tx) => {
      for (let rows = 0; rows <= commits % 7; rows += 1) tx.note(note('lamp/a'));
    });
  }
  expect(again.read.lastSeq()).toBe(251);
  again.close();
  return file;
}

function problemsOf(file: string): readonly string[] {
  const { read, close } = openSqliteReadOnly({ file });
  try {
    return sealProblems(read).map(({ problem }) => problem);
  } finally {
    close();
  }
}

function tampered(...sql: readonly string[]): readonly string[] {
  const file = written();
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  for (const order of sql) db.exec(order);
  db.close();
  return problemsOf(file);
}

const changed = (first: number, last: number) =>
  `log rows ${first} to ${last} are not as written: a row or a seal was changed afterwards`;

describe('the seals of a log', () => {
  test('fit what was written, undone work and restarts included', () => {
    expect(problemsOf(written())).toEqual([]);
  });

  test('show a row that was changed, in whatever it says', () => {
    for (const change of [
      'at = 999 WHERE seq = 2',
      `event = '{"hard":false}' WHERE seq = 3`,
      'rejected = NULL WHERE seq = 3',
      `"by" = 'bob' WHERE seq = 5`,
      "reason = 'for fun' WHERE seq = 5",
      'cause = 2 WHERE seq = 6',
      'definition = 2 WHERE seq = 6',
    ]) {
      expect(tampered(`UPDATE log SET ${change}`), change).toEqual([changed(1, 100)]);
    }
    expect(tampered('UPDATE log SET at = 999 WHERE seq = 150')).toEqual([changed(101, 200)]);
    expect(tampered('UPDATE log SET at = 999 WHERE seq = 251')).toEqual([changed(201, 251)]);
    expect(tampered("UPDATE word SET text = 'PUSH' WHERE text = 'PRESS'")).toHaveLength(3);
    expect(tampered("UPDATE name SET id = 'c' WHERE id = 'b'")).toEqual([changed(1, 100)]);
  });

  test('show rows that were taken out or exchanged', () => {
    expect(tampered('DELETE FROM log WHERE seq = 105')).toEqual([
      'log rows 101 to 200 are not all there: row 105 was taken out',
    ]);
    const exchange = ['UPDATE log SET seq = 700 WHERE seq = 4', 'UPDATE log SET seq = 4, cause = NULL WHERE seq = 6'];
    expect(tampered(...exchange, 'UPDATE log SET seq = 6 WHERE seq = 700')).toEqual([changed(1, 100)]);
  });

  test('show an end that was cut off', () => {
    const cut = (last: number) => [`the log ends at row ${last}, but 251 rows were written: its end was cut off`];
    for (const last of [250, 200, 10, 0]) expect(tampered(`DELETE FROM log WHERE seq > ${last}`)).toEqual(cut(last));
  });

  test('show rows and seals that were added by hand', () => {
    const columns = 'at, entity, type, cause, definition, before, after, taken, "by", rejected, event, reason, seal';
    expect(tampered(`INSERT INTO log SELECT 252, ${columns} FROM log WHERE seq = 251`)).toEqual([
      'the log goes on after its last sealed row 251: rows were added by hand',
    ]);
    expect(tampered(`UPDATE log SET seal = '${'0'.repeat(64)}' WHERE seq = 100`)).toHaveLength(2);
  });

  test('begin where a file of an older version ended', () => {
    const file = written();
    const db = new Database(file);
    db.exec("ALTER TABLE log DROP COLUMN seal; DELETE FROM meta WHERE name IN ('head', 'unsealed')");
    db.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(String(migrations.length - 1));
    db.close();
    const store = openSqlite({ file, env, synchronous: 'normal' });
    expect(sealProblems(store.read)).toEqual([]);
    store.commit((tx) => tx.note(note('lamp/a')));
    expect([store.read.lastSeq(), sealProblems(store.read)]).toEqual([252, []]);
    store.close();
    const again = new Database(file);
    again.exec('UPDATE log SET at = 7 WHERE seq IN (1, 252)');
    again.close();
    expect(problemsOf(file)).toEqual(['log row 252 is not as written: a row or a seal was changed afterwards']);
  });
});

test('no two rows have the same sealed text', () => {
  const rows = [
    note('lamp/a'),
    note('lamp/a', { by: 'operator\n-' }),
    note('lamp/a', { before: '', after: 'offoff' }),
    note('lamp/a', { before: 'offoff', after: '' }),
    note('lamp/a', { taken: ['x', 'y'] }),
    note('lamp/a', { taken: ['x\n>1:y'] }),
    note('lamp/a', { rejected: '' }),
    note('lamp/a', { reason: '' }),
    note('lamp/a', { cause: 1 }),
    note('lamp/a/b'),
  ];
  expect(new Set(rows.map((row) => sealedText(row, { seq: 1, body: null }))).size).toBe(rows.length);
});
