/**
 * The SQL of all writes, by name.
 */
import { query } from './statements.ts';

/** Leaves a wide gap in every series of numbers. */
export const skipNumbers = 'UPDATE series SET value = value + 1000000';

export const writes = {
  begin: query<[]>('BEGIN IMMEDIATE'),
  commit: query<[]>('COMMIT'),
  rollback: query<[]>('ROLLBACK'),
  savepoint: query<[]>('SAVEPOINT work'),
  release: query<[]>('RELEASE work'),
  rollbackTo: query<[]>('ROLLBACK TO work'),

  newName: query<[string, string]>('INSERT INTO name (machine, id) VALUES (?, ?)'),
  newWord: query<[string]>('INSERT INTO word (text) VALUES (?)'),
  newLeaf: query<[string, string]>('INSERT INTO leaf (machine, state) VALUES (?, ?)'),
  populate: query<[number, number]>('UPDATE leaf SET population = population + ? WHERE key = ?'),

  birth: query<
    [number, string, number, number, string, number, number, string | null, number, string | null, string, string]
  >(
    `INSERT INTO entity (key, machine, born, definition, status, rev, created_at, updated_at, scope, rank, labels,
     state, snapshot) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  /** Whatever changed; null keeps state or snapshot. */
  advance: query<[number, number, string, string | null, string | null, number, number, number]>(
    `UPDATE entity SET rev = ?, definition = ?, status = ?, quarantine = NULL, state = coalesce(?, state),
     snapshot = coalesce(?, snapshot), updated_at = ? WHERE key = ? AND rev = ?`,
  ),
  /** The same where definition and status stay: state and snapshot changed, the snapshot alone, neither. */
  move: query<[number, string, string, number, number, number]>(
    'UPDATE entity SET rev = ?, state = ?, snapshot = ?, updated_at = ? WHERE key = ? AND rev = ?',
  ),
  rewrite: query<[number, string, number, number, number]>(
    'UPDATE entity SET rev = ?, snapshot = ?, updated_at = ? WHERE key = ? AND rev = ?',
  ),
  touch: query<[number, number, number, number]>('UPDATE entity SET rev = ?, updated_at = ? WHERE key = ? AND rev = ?'),
  reindex: query<[string | null, number, string | null, number]>(
    'UPDATE entity SET scope = ?, rank = ?, labels = ? WHERE key = ?',
  ),
  quarantine: query<[string, number]>("UPDATE entity SET status = 'quarantined', quarantine = ? WHERE key = ?"),

  enter: query<[number, number, number, number, number, string | null, number]>(
    'INSERT INTO place (leaf, born, entity, since_at, since_seq, scope, rank) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ),
  leave: query<[number, number, number]>('DELETE FROM place WHERE leaf = ? AND born = ? AND entity = ?'),
  requeue: query<[string | null, number, number, number, number]>(
    'UPDATE place SET scope = ?, rank = ? WHERE leaf = ? AND born = ? AND entity = ?',
  ),
  addLabel: query<[string, string, number, number]>(
    'INSERT INTO label (machine, label, born, entity) VALUES (?, ?, ?, ?)',
  ),
  dropLabel: query<[string, string, number]>('DELETE FROM label WHERE machine = ? AND label = ? AND born = ?'),
  linksOfEntity: query<[number], { kind: string; target: number }>('SELECT kind, target FROM link WHERE source = ?'),
  addLink: query<[number, string, number]>('INSERT INTO link (source, kind, target) VALUES (?, ?, ?)'),
  dropLink: query<[number, string, number]>('DELETE FROM link WHERE source = ? AND kind = ? AND target = ?'),

  setTimer: query<[number, string, string, number, number, number, string | null, number]>(
    `INSERT OR REPLACE INTO timer (entity, id, name, due_at, lease_until, delay_ms, liveness, event, set_seq)
     VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?)`,
  ),
  dropTimer: query<[number, string]>('DELETE FROM timer WHERE entity = ? AND id = ?'),
  dropTimers: query<[number]>('DELETE FROM timer WHERE entity = ?'),
  extend: query<[number, number, string]>('UPDATE timer SET lease_until = ? + delay_ms WHERE entity = ? AND name = ?'),
  rearm: query<[number, number, string]>('UPDATE timer SET due_at = ?, lease_until = NULL WHERE entity = ? AND id = ?'),
  /** The lease stays when it promises more than the new deadline. */
  regrant: query<[{ at: number }]>(
    `UPDATE timer SET due_at = :at + delay_ms, lease_until = CASE WHEN lease_until > :at + delay_ms THEN lease_until END
     WHERE liveness = 1 AND due_at < :at + delay_ms`,
  ),

  addEffect: query<[number, number, number, number, string, string | null, string]>(
    `INSERT INTO outbox (seq, idx, entity, status, attempt, due_at, type, scope, params)
     VALUES (?, ?, ?, 'pending', 0, ?, ?, ?, ?)`,
  ),
  supersede: query<[string, number, string]>(
    `UPDATE outbox SET status = 'superseded', note = ?
     WHERE entity = ? AND status IN ('pending', 'inflight') AND scope = ?`,
  ),
  claimEffect: query<[number, number, number]>(
    "UPDATE outbox SET status = 'inflight', attempt = ? WHERE seq = ? AND idx = ? AND status = 'pending'",
  ),
  settleEffect: query<[string, string | null, number, number]>(
    `UPDATE outbox SET status = ?, note = ? WHERE seq = ? AND idx = ? AND status IN ('pending', 'inflight')`,
  ),
  postponeEffect: query<[number, number, number]>(
    `UPDATE outbox SET status = 'pending', due_at = ?
     WHERE seq = ? AND idx = ? AND status IN ('pending', 'inflight')`,
  ),
  retryEffect: query<[number, number, number]>(
    `UPDATE outbox SET status = 'pending', due_at = ?, note = NULL
     WHERE seq = ? AND idx = ? AND status IN ('pending', 'dead')`,
  ),
  reclaimEffects: query<[]>("UPDATE outbox SET status = 'pending' WHERE status = 'inflight'"),

  appendLog: query<
    [
      number,
      number,
      number,
      number,
      number | null,
      number,
      number | null,
      number | null,
      number | null,
      string,
      string | null,
      string | null,
      string | null,
      string | null,
    ]
  >(
    `INSERT INTO log (seq, at, entity, type, cause, definition, before, after, taken, "by", rejected, event, reason,
     seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  setHead: query<[string]>("UPDATE meta SET value = ? WHERE name = 'head'"),

  addRecord: query<[string, string, number, number, string]>(
    'INSERT INTO record (kind, id, at, seq, body) VALUES (?, ?, ?, ?, ?)',
  ),
  mergeRecord: query<[number, number, string, number]>('UPDATE record SET at = ?, seq = ?, body = ? WHERE key = ?'),
  addRecordAbout: query<[number, string, number]>(
    'INSERT OR IGNORE INTO record_about (entity, kind, record) VALUES (?, ?, ?)',
  ),

  findDefinition: query<[string, string], { key: number }>('SELECT key FROM definition WHERE machine = ? AND hash = ?'),
  addDefinition: query<[string, string, string]>('INSERT INTO definition (machine, hash, settings) VALUES (?, ?, ?)'),
  nextOfSeries: query<[string], { value: number }>(
    'INSERT INTO series (name, value) VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value',
  ),
  saveRequest: query<[string, string, string, string, number]>(
    'INSERT INTO request (principal, key, hash, response, at) VALUES (?, ?, ?, ?, ?)',
  ),
  pruneRequests: query<[number, number]>(
    `DELETE FROM request WHERE (principal, key) IN
     (SELECT principal, key FROM request WHERE at < ? ORDER BY at LIMIT ?)`,
  ),
  pruneEffects: query<[string, number, number]>(
    `DELETE FROM outbox WHERE (seq, idx) IN
     (SELECT seq, idx FROM outbox WHERE status = ? AND due_at < ? ORDER BY due_at LIMIT ?)`,
  ),
  setMeta: query<[string, string]>(
    'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  ),
};
