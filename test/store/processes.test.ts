/**
 * Real processes on one database: the second is refused, and a killed one leaves a whole store and no lock.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openSqlite, openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const script = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url));
const deadlineMs = 20_000;

type Writer = { readonly process: ChildProcess; readonly lines: AsyncIterator<string>; readonly told: string[] };

function start(file: string): Writer {
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: string[] = [];
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, lines, told };
}

async function line(writer: Writer): Promise<string> {
  const { value } = await writer.lines.next();
  writer.told.push(String(value));
  return String(value);
}

/** Kills it as a power switch would, and reads what it still had told. */
async function kill(writer: Writer): Promise<void> {
  const gone = once(writer.process, 'exit');
  writer.process.kill('SIGKILL');
  await gone;
  for (let next = await writer.lines.next(); !next.done; next = await writer.lines.next()) writer.told.push(next.value);
}

test('a second process is refused, and told who has the database', { timeout: deadlineMs }, async () => {
  const file = join(folder(), 'one.db');
  const first = start(file);
  expect(await line(first)).toBe('open');
  expect(() => openSqlite({ file, env: standingEnv() })).toThrow(
    expect.objectContaining({ code: 'busy', details: { file, pid: first.process.pid } }),
  );
  const second = start(file);
  expect(await line(second)).toMatch(
    new RegExp(`^refused busy: .*one\\.db is open for writing in process ${first.process.pid}`),
  );
  await kill(first);
});

test('kill -9 frees the lock; every told number is there, nothing is torn', { timeout: deadlineMs }, async () => {
  const file = join(folder(), 'killed.db');
  for (let life = 1; life <= 3; life++) {
    const writer = start(file);
    expect(await line(writer)).toBe('open');
    for (let n = 0; n < 10 * life; n++) await line(writer);
    await kill(writer);
    const last = Number(writer.told.at(-1));
    const { read, close } = openSqliteReadOnly({ file });
    expect(read.lastSeq()).toBeGreaterThanOrEqual(last);
    close();
  }
  const store = openSqlite({ file, env: standingEnv() });
  const rows = store.read.log({}, { limit: 10_000, order: 'asc' });
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1));
  expect(store.read.census()).toMatchObject([{ state: 'off', count: rows.length }]);
  expect(store.read.effects({}, { limit: 10_000 }).items).toHaveLength(rows.length);
  store.close();
  const db = new Database(file, { readonly: true });
  expect(db.pragma('quick_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
});
