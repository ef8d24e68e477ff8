/**
 * A hundred thousand entities: opening does not read them, and what the scheduler asks for is found, not searched.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { birth, prepared, standingEnv } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const population = 100_000;
/** Far above what is needed even on a busy machine, far below what reading all rows costs. */
const openMaxMs = 500;
const readMaxMs = 5;

/** Rows as 100,000 births would leave them, each with a timer, made at once. */
const births = `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${population})
INSERT INTO name (key, machine, id) SELECT i, 'lamp', 'lamp-' || i FROM n;
INSERT INTO leaf (key, machine, state, population) VALUES (1, 'lamp', 'off', ${population});
INSERT INTO word (key, text) VALUES (1, 'xstate.init'), (2, 'off');
INSERT INTO entity (key, machine, born, definition, status, rev, created_at, updated_at, scope, rank, state, snapshot)
  SELECT key, 'lamp', key, 1, 'active', 1, key, key, 'rig' || (key % 7), key % 5, 'off',
    '{"value":"off","context":{"text":"' || hex(zeroblob(160)) || '"}}' FROM name;
INSERT INTO place (leaf, born, entity, since_at, since_seq, scope, rank)
  SELECT 1, born, key, created_at, born, scope, rank FROM entity;
INSERT INTO timer (entity, id, due_at, delay_ms, liveness, set_seq, name)
  SELECT key, 'patience', 1000000 + (key * 7919) % 100003, 500, 1, key, 'patience' FROM entity;
INSERT INTO log (seq, at, entity, type, definition, after, "by") SELECT key, key, key, 1, 1, 2, 'operator' FROM entity;
`;

function elapsedMs(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

describe('a hundred thousand entities', () => {
  let file = '';
  const open = (): Store => openSqlite({ file, env: standingEnv() });

  beforeAll(() => {
    file = join(folder(), 'large.db');
    prepared(open()).close();
    const db = new Database(file);
    db.exec(`BEGIN; ${births} COMMIT;`);
    db.close();
  });

  test('are opened at once', () => {
    let store: Store | undefined;
    expect(elapsedMs(() => (store = open()))).toBeLessThan(openMaxMs);
    expect(store?.read.lastSeq()).toBe(population);
    store?.close();
  });

  test('are counted, queued and waited for without being read', () => {
    const store = open();
    const { read } = store;
    const asked: Record<string, () => unknown> = {
      census: () => read.census(),
      queue: () => read.queue({ machine: 'lamp', state: 'off', limit: 50 }),
      'queue of a scope': () => read.queue({ machine: 'lamp', state: 'off', scope: 'rig3', limit: 50 }),
      'what is due': () => read.timersDue(1_000_010, 50),
      'when something is due': () => read.nextDueAt(),
      'one page': () => read.entities({ machine: 'lamp', state: 'off', scope: 'rig3' }, { limit: 50 }),
      'one history': () => read.log({ entity: { machine: 'lamp', id: 'lamp-5' } }, { limit: 50, order: 'desc' }),
      'one event': () => store.commit((tx) => tx.apply(birth(`lamp/new-${tx.lastSeq()}`))),
    };
    for (const [what, ask] of Object.entries(asked)) {
      ask();
      const best = Math.min(...[1, 2, 3, 4, 5].map(() => elapsedMs(ask)));
      expect(best, what).toBeLessThan(what === 'one event' ? openMaxMs : readMaxMs);
    }
    expect(read.census()).toMatchObject([{ state: 'off', oldestSince: 1 }]);
    store.close();
  });
});
