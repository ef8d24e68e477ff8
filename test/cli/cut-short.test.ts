/** A founding that was cut short, or a database of an older version: the next opening brings it up to date. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { folder, testShell } from './shell.ts';
import { workshop } from './workshop.ts';

/** A database of which nothing was written yet. */
function empty(file: string): void {
  writeFileSync(file, '', { mode: 0o600 });
}

/** A database whose writer died while its pages were on their way, with the journal that takes them back. */
function halfWritten(file: string): void {
  const original = join(folder(), 'town.db');
  const db = new Database(original);
  db.pragma('cache_size = 1');
  db.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT); DROP TABLE meta; BEGIN; CREATE TABLE wide (text)');
  for (let row = 0; row < 200; row += 1) db.prepare('INSERT INTO wide VALUES (?)').run('x'.repeat(1_000));
  for (const part of ['', '-journal']) copyFileSync(`${original}${part}`, `${file}${part}`);
  db.close();
}

test.each([
  ['with its repository, before its first write', empty, true],
  ['without, before its first write', empty, false],
  ['with its repository, in the middle of its first write', halfWritten, true],
])('up goes on where a founding was cut short, %s', async (_, cutShort, isRepeated) => {
  const { data, rig } = workshop();
  mkdirSync(data, { mode: 0o700 });
  cutShort(join(data, 'town.db'));
  const shell = testShell();
  const ended = shell.run('up', '--port', '0', ...(isRepeated ? rig : ['--data', data]));
  await shell.out.has(/is at http/);
  shell.signal('SIGTERM');
  expect(await ended).toBe(exits.done);
});
