/**
 * A write-ahead log that a power cut has torn: the store opens as it was after some commit, never between two.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import { applyAll, birth, change, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const commits = 40;

/** Takes the files of a running store, as a power cut would leave them. */
function leftBehind(): { db: string; wal: Buffer } {
  const file = join(folder(), 'running.db');
  const store = prepared(openSqlite({ file, env: standingEnv(), synchronous: 'normal' }));
  store.rest();
  for (let n = 0; n < commits; n++) {
    const effects = [{ type: 'glow', params: { n }, scope: null }];
    applyAll(store, birth(`lamp/${n}`, { effects }), change(`lamp/${n}`, { effects }));
  }
  const db = join(folder(), 'left.db');
  copyFileSync(file, db);
  const wal = readFileSync(`${file}-wal`);
  store.close();
  return { db, wal };
}

/** Opens the files with this log, checks that all tables tell of the same number of whole commits, and returns it. */
function reopened(db: string, wal: Buffer, name: string): number {
  const file = join(folder(), `${name}.db`);
  copyFileSync(db, file);
  writeFileSync(`${file}-wal`, wal);
  const store = openSqlite({ file, env: standingEnv(), synchronous: 'normal' });
  const { read } = store;
  const whole = read.lastSeq() / 2;
  expect(Number.isInteger(whole), `${name}: a commit of two events was torn`).toBe(true);
  expect(read.log({}, { limit: 1_000, order: 'asc' }).map((row) => row.seq)).toEqual(
    Array.from({ length: whole * 2 }, (_, i) => i + 1),
  );
  expect(read.census()).toMatchObject(whole === 0 ? [] : [{ state: 'on', count: whole }]);
  expect(read.effects({}, { limit: 1_000 }).items).toHaveLength(whole * 2);
  expect(applyAll(store, birth('lamp/next'))).toEqual([whole * 2 + 1]);
  store.close();
  return whole;
}

describe('a torn write-ahead log', () => {
  test('K3 opens as a prefix of whole commits', () => {
    const { db, wal } = leftBehind();
    expect(reopened(db, wal, 'whole')).toBe(commits);
    const kept: number[] = [];
    for (let part = 0; part <= 10; part++) {
      const cut = Math.floor((wal.length * part) / 10) - (part % 3) * 17;
      kept.push(reopened(db, wal.subarray(0, Math.max(0, cut)), `cut-${part}`));
    }
    expect(kept[0]).toBe(0);
    expect([...kept].sort((a, b) => a - b)).toEqual(kept);
    for (let part = 1; part < 10; part++) {
      const flipped = Buffer.from(wal);
      const at = Math.floor((wal.length * part) / 10);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(reopened(db, flipped, `flipped-${part}`)).toBeLessThan(commits);
    }
  });
});
