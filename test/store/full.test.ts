/**
 * A full disk, a real one: nothing of the failed commit is kept, and the store goes on when there is space again.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Retryable } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqlite, openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { applyAll, birth, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
/** Only root may mount a small disk; elsewhere there is none to fill. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
let disk = '';

describe.skipIf(!mayMount)('a full disk', () => {
  beforeEach(() => {
    disk = join(folder(), 'disk');
    mkdirSync(disk, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    expect(mounted.stderr.toString()).toBe('');
  });
  afterEach(() => {
    spawnSync('umount', ['-l', disk]);
  });

  const wide = (n: number) => birth(`lamp/${n}`, { snapshot: JSON.stringify({ text: 'x'.repeat(3_000) }) });

  /** Commits until the disk is full; returns how many were kept. */
  function fill(store: Store): number {
    for (let n = 0; ; n++) {
      try {
        applyAll(store, wide(n));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Retryable);
        expect((thrown as Error).message).toMatch(/The disk that holds .*town\.db is full.*free space/s);
        return n;
      }
    }
  }

  test('keeps what was told, loses nothing else, and commits again when there is space', () => {
    const file = join(disk, 'town.db');
    const ballast = join(disk, 'ballast');
    const store = prepared(openSqlite({ file, env: standingEnv() }));
    writeFileSync(ballast, Buffer.alloc(200_000));
    const kept = fill(store);
    expect(kept).toBeGreaterThan(10);
    expect(() => applyAll(store, wide(kept))).toThrow(Retryable);
    expect(store.read.lastSeq()).toBe(kept);
    expect(store.read.census()).toMatchObject([{ count: kept }]);

    rmSync(ballast);
    expect(applyAll(store, wide(kept), wide(kept + 1))).toEqual([kept + 1, kept + 2]);
    store.close();

    const { read, close } = openSqliteReadOnly({ file });
    expect(read.log({}, { limit: 10_000, order: 'asc' })).toHaveLength(kept + 2);
    close();
  });

  test('dooms the whole commit: what follows the failure is refused, also in savepoints of its own', () => {
    const file = join(disk, 'town.db');
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(100_000));
    const store = prepared(openSqlite({ file, env: standingEnv() }));
    const outcomes: string[] = [];
    const many = () =>
      store.commit((tx) => {
        for (let n = 0; n < 40; n++) {
          try {
            tx.savepoint(() => tx.apply(birth(`lamp/${n}`, { snapshot: JSON.stringify('x'.repeat(2_000_000)) })));
            outcomes.push('kept');
          } catch (thrown) {
            outcomes.push((thrown as Error).name);
          }
        }
      });
    expect(many).toThrow(Retryable);
    expect(outcomes.at(-1)).toBe('Retryable');
    expect(outcomes.lastIndexOf('kept')).toBeLessThan(outcomes.indexOf('Retryable'));
    expect(store.read.lastSeq()).toBe(0);
    rmSync(ballast);
    expect(applyAll(store, birth('lamp/small'))).toEqual([1]);
    store.close();
  });
});
