/** A database of many jobs with a long log, as years would leave it, made at once by SQL. */
import Database from 'better-sqlite3';
import type { Env } from '../../../src/env/env.ts';
import { openSqlite } from '../../../src/store/sqlite.ts';
import { job } from '../jobs.ts';

export type Size = { readonly entities: number; readonly rows: number };

/** Rows of the log lie this far apart, and end at `now`. */
const GAP_MS = 200;

export function makeLarge(file: string, env: Env, { entities, rows }: Size): void {
  const store = openSqlite({ file, env, synchronous: 'normal' });
  store.commit((tx) => tx.defineMachine({ machine: 'job', hash: job.hash, settings: null }));
  store.close();
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  db.exec(`BEGIN; ${sqlOf({ entities, rows }, env.clock.now())} COMMIT;`);
  db.close();
}

/** Two of three are closed; some ask for a person, some rest, some work with an effect that runs or died. */
function sqlOf({ entities, rows }: Size, now: number): string {
  const at = (seq: string) => `${now} - (${rows} - ${seq}) * ${GAP_MS}`;
  const leaf = `CASE WHEN key % 3 < 2 THEN 1 WHEN key % 30 = 2 THEN 2 WHEN key % 6 = 5 THEN 3 ELSE 4 END`;
  const name = `CASE ${leaf} WHEN 1 THEN 'closed' WHEN 2 THEN 'failed' WHEN 3 THEN 'open.ready' ELSE 'working' END`;
  return `
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${entities})
    INSERT INTO name (key, machine, id) SELECT i, 'job', 'job-' || i FROM n;
    INSERT INTO leaf (key, machine, state) VALUES
      (1, 'job', 'closed'), (2, 'job', 'failed'), (3, 'job', 'open.ready'), (4, 'job', 'working');
    INSERT INTO word (key, text) VALUES (1, 'xstate.init'), (2, 'open.ready'), (3, 'GO'), (4, 'working'),
      (5, '["open.ready -GO-> working"]'), (6, 'effect.build.refused'),
      (7, '["working -effect.build.refused-> open.resting"]'),
      (8, 'open.resting'), (9, 'BEAT'), (10, '["working -BEAT-> working"]'), (11, 'xstate.after.rest.job.open.resting'),
      (12, '["open.resting -after rest-> open.ready"]');
    INSERT INTO entity (key, machine, born, definition, status, rev, created_at, updated_at, rank, state, snapshot)
      SELECT key, 'job', key, 1, CASE ${leaf} WHEN 1 THEN 'done' ELSE 'active' END, 9, ${at('key')}, ${now}, key % 5,
        ${name},
        json_object('status', CASE ${leaf} WHEN 1 THEN 'done' ELSE 'active' END, 'value',
          CASE ${leaf} WHEN 3 THEN json('{"open":"ready"}') ELSE ${name} END, 'historyValue', json('{}'), 'context',
          json_object('name', 'Build part ' || key, 'tries', key % 4, 'secret', 'x', 'reason', NULL,
            'after', CASE WHEN key % 7 = 0 THEN json_array('job-' || (key - 1)) ELSE json('[]') END))
      FROM name;
    INSERT INTO place (leaf, born, entity, since_at, since_seq, rank)
      SELECT ${leaf}, born, key, created_at, born, rank FROM entity;
    UPDATE leaf SET population = (SELECT count(*) FROM place WHERE place.leaf = leaf.key);
    INSERT INTO timer (entity, id, due_at, delay_ms, liveness, set_seq, name)
      SELECT key, 'xstate.after.patience.job.working', ${now} + (key * 7919) % 90000000, 60000, 0, key, 'patience'
      FROM entity WHERE state = 'working';
    INSERT INTO outbox (seq, idx, entity, status, attempt, due_at, type, scope, params, note)
      SELECT key, 0, key, CASE key % 5 WHEN 0 THEN 'dead' WHEN 1 THEN 'inflight' WHEN 2 THEN 'pending' ELSE 'done' END,
        1, ${now} + (key % 100) * 1000 - 50000, 'build', NULL, '{}', CASE key % 5 WHEN 0 THEN 'no room ' || key % 7 END
      FROM entity;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO log (seq, at, entity, type, cause, definition, before, after, taken, "by", event)
      SELECT i, ${at('i')}, 1 + (i - 1) % ${entities}, CASE WHEN i <= ${entities} THEN 1 ELSE (i % 3) * 3 + 3 END,
        CASE WHEN i > ${entities} AND i % 3 = 1 THEN i - 1 END, 1,
        CASE WHEN i <= ${entities} THEN NULL ELSE (i % 3) * 2 % 6 + 2 END,
        CASE WHEN i <= ${entities} THEN 2 WHEN i % 3 = 0 THEN 4 WHEN i % 3 = 1 THEN 8 ELSE NULL END,
        CASE WHEN i <= ${entities} THEN NULL WHEN i % 3 = 0 THEN 5 WHEN i % 3 = 1 THEN 7 ELSE 10 END,
        CASE i % 3 WHEN 0 THEN 'operator' WHEN 1 THEN 'outbox' ELSE 'timer' END,
        CASE WHEN i % 1000 = 0 THEN json_object('needle', 'rare' || i) WHEN i % 3 = 1 THEN '{"reason":"no room"}' END
      FROM n;
  `;
}
