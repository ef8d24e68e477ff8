/**
 * The SQL of all reads, by name, each served by one index; and how a set of statements is prepared, once.
 */
import type Database from 'better-sqlite3';
import type { LogFigure } from './port.ts';
import type { EffectColumns, EntityColumns, LivingColumns, LogColumns, RecordColumns, TimerColumns } from './rows.ts';

/** SQL text that carries the types of its parameters and of its rows. */
export type Query<Params extends unknown[], Row> = string & { readonly types?: (params: Params) => Row };
/** One prepared statement for each query of a set. */
export type Prepared<Set> = {
  readonly [Name in keyof Set]: Set[Name] extends Query<infer Params, infer Row>
    ? Database.Statement<Params, Row>
    : never;
};

/** Names the types of a statement: its parameters in order, and the row it gives (`never` when it gives none). */
export function query<Params extends unknown[], Row = never>(sql: string): Query<Params, Row> {
  return sql;
}

/** Prepares each query of the set once, on this connection. Throws SQLite's error when the schema does not fit. */
export function prepareAll<Set extends Readonly<Record<string, string>>>(
  db: Database.Database,
  set: Set,
): Prepared<Set> {
  const prepared = Object.entries(set).map(([name, sql]) => [name, db.prepare(sql)]);
  return Object.fromEntries(prepared) as Prepared<Set>;
}

const entityColumns = `SELECT e.key, n.machine, n.id, e.born, e.definition, e.status, e.rev, e.created_at AS createdAt,
  e.updated_at AS updatedAt, e.scope, e.rank, e.labels, e.state, e.snapshot`;
const timerColumns = `SELECT t.entity AS key, n.machine, n.id AS entityId, t.id, t.name, t.due_at AS dueAt,
  t.lease_until AS leaseUntil, t.delay_ms AS delayMs, t.liveness, t.event, t.set_seq AS setSeq`;
const effectColumns = `SELECT n.machine, n.id, o.seq, o.idx AS "index", o.type, o.params, o.scope, o.status, o.attempt,
  o.due_at AS dueAt, o.note`;
const logColumns = `SELECT l.seq, l.at, n.machine, n.id, t.text AS type, l.event, l."by", l.cause, b.text AS before,
  a.text AS after, k.text AS taken, l.definition, l.rejected, l.reason`;
const recordColumns = 'SELECT r.key, r.kind, r.id, r.at, r.seq, r.body';
/** CROSS JOIN keeps the order of the tables: the left one is walked along its index, the right one is looked up. */
const logJoins = `CROSS JOIN name n ON n.key = l.entity CROSS JOIN word t ON t.key = l.type
  LEFT JOIN word b ON b.key = l.before LEFT JOIN word a ON a.key = l.after LEFT JOIN word k ON k.key = l.taken`;
const logRange = 'l.seq > :above AND l.seq < :below';
const logFilter = `(:machine IS NULL OR n.machine = :machine) AND (:type IS NULL OR l.type = :type)
  AND (:rejected IS NULL OR (l.rejected IS NOT NULL) = :rejected) AND (:by IS NULL OR instr(lower(l."by"), :by) > 0)
  AND (:taken IS NULL OR instr(k.text, :taken) > 0) AND (:text IS NULL OR instr(lower(n.id || ' ' || t.text || ' '
  || coalesce(l.event, '') || ' ' || coalesce(b.text, '') || ' ' || coalesce(a.text, '') || ' '
  || coalesce(l.reason, '') || ' ' || coalesce(l.rejected, '')), :text) > 0)`;

/** Bounds are exclusive. `type` is the key of a word; null: any. */
export type LogParameters = {
  readonly above: number;
  readonly below: number;
  readonly entity: number | null;
  readonly machine: string | null;
  readonly type: number | null;
  readonly rejected: 0 | 1 | null;
  /** Parts of texts, in small letters; `taken` as it is stored, with its quotes. */
  readonly by: string | null;
  readonly taken: string | null;
  readonly text: string | null;
  readonly limit: number;
};
type LogQuery = Query<[LogParameters], LogColumns>;
type FigureColumns = Omit<LogFigure, 'isRejected' | 'before' | 'after'> & {
  readonly isRejected: 0 | 1;
  readonly before: string | null;
  /** Null when it equals `before`. */
  readonly after: string | null;
};
type Born = { readonly born: number; readonly entity: number };
type Ref = { readonly machine: string; readonly id: string };
type RecordQuery = Query<[number, string, number], RecordColumns>;

function logQuery(order: 'ASC' | 'DESC', table: string, where: string): LogQuery {
  return `${logColumns} FROM ${table} ${logJoins} WHERE ${where} AND ${logRange} AND ${logFilter}
    AND (:entity IS NULL OR l.entity = :entity) ORDER BY l.seq ${order} LIMIT :limit`;
}

function recordQueries(order: 'ASC' | 'DESC'): {
  readonly about: RecordQuery;
  readonly kind: Query<[string, number], RecordColumns>;
} {
  return {
    about: `${recordColumns} FROM record_about a CROSS JOIN record r ON r.key = a.record
      WHERE a.entity = ? AND a.kind = ? ORDER BY a.record ${order} LIMIT ?`,
    kind: `${recordColumns} FROM record r WHERE r.kind = ? ORDER BY r.key ${order} LIMIT ?`,
  };
}

export const reads = {
  nameKey: query<[string, string], { key: number }>('SELECT key FROM name WHERE machine = ? AND id = ?'),
  wordKey: query<[string], { key: number }>('SELECT key FROM word WHERE text = ?'),
  leafKey: query<[string, string], { key: number }>('SELECT key FROM leaf WHERE machine = ? AND state = ?'),
  leavesBetween: query<[string, string, string], { key: number; state: string }>(
    'SELECT key, state FROM leaf WHERE machine = ? AND state >= ? AND state < ? ORDER BY state',
  ),

  entityByKey: query<[number], EntityColumns>(
    `${entityColumns} FROM entity e JOIN name n ON n.key = e.key WHERE e.key = ?`,
  ),
  livingByKey: query<[number], LivingColumns>(
    'SELECT key, born, definition, status, state, scope, rank, labels FROM entity WHERE key = ?',
  ),
  bornOfMachine: query<[string, number, number], Born>(
    'SELECT born, key AS entity FROM entity WHERE machine = ? AND born > ? ORDER BY born LIMIT ?',
  ),
  bornInScope: query<[string, string, number, number], Born>(
    'SELECT born, key AS entity FROM entity WHERE machine = ? AND scope = ? AND born > ? ORDER BY born LIMIT ?',
  ),
  bornWithLabel: query<[string, string, number, number], Born>(
    'SELECT born, entity FROM label WHERE machine = ? AND label = ? AND born > ? ORDER BY born LIMIT ?',
  ),
  bornInLeaf: query<[number, number, number], Born>(
    'SELECT born, entity FROM place WHERE leaf = ? AND born > ? ORDER BY born LIMIT ?',
  ),
  bornInLeafAndScope: query<[number, number, string, number], Born>(
    'SELECT born, entity FROM place WHERE leaf = ? AND born > ? AND scope = ? ORDER BY born LIMIT ?',
  ),

  queue: query<[number, number], Ref>(
    `SELECT n.machine, n.id FROM place p CROSS JOIN name n ON n.key = p.entity
     WHERE p.leaf = ? ORDER BY p.rank, p.since_seq LIMIT ?`,
  ),
  queueInScope: query<[number, string, number], Ref>(
    `SELECT n.machine, n.id FROM place p CROSS JOIN name n ON n.key = p.entity
     WHERE p.leaf = ? AND p.scope = ? ORDER BY p.rank, p.since_seq LIMIT ?`,
  ),
  census: query<[], { key: number; machine: string; state: string; population: number }>(
    'SELECT key, machine, state, population FROM leaf WHERE population > 0 ORDER BY machine, state',
  ),
  censusOfMachine: query<[string], { key: number; machine: string; state: string; population: number }>(
    'SELECT key, machine, state, population FROM leaf WHERE machine = ? AND population > 0 ORDER BY state',
  ),
  oldestOfNextRank: query<[number, number], { rank: number; sinceAt: number }>(
    'SELECT rank, since_at AS sinceAt FROM place WHERE leaf = ? AND rank > ? ORDER BY rank, since_seq LIMIT 1',
  ),
  stays: query<[number, number, number], Ref & { born: number; sinceAt: number }>(
    `SELECT n.machine, n.id, p.born, p.since_at AS sinceAt FROM place p CROSS JOIN name n ON n.key = p.entity
     WHERE p.leaf = ? AND p.born > ? ORDER BY p.born LIMIT ?`,
  ),
  place: query<[number, number, number], { sinceAt: number; sinceSeq: number }>(
    'SELECT since_at AS sinceAt, since_seq AS sinceSeq FROM place WHERE leaf = ? AND born = ? AND entity = ?',
  ),
  linksOut: query<[number, string], Ref>(
    `SELECT n.machine, n.id FROM link l CROSS JOIN name n ON n.key = l.target
     WHERE l.source = ? AND l.kind = ? ORDER BY l.target`,
  ),
  linksIn: query<[number, string], Ref>(
    `SELECT n.machine, n.id FROM link l CROSS JOIN name n ON n.key = l.source
     WHERE l.target = ? AND l.kind = ? ORDER BY l.source`,
  ),

  timersOfEntity: query<[number, string, number], TimerColumns>(
    `${timerColumns} FROM timer t CROSS JOIN name n ON n.key = t.entity
     WHERE t.entity = ? AND t.id > ? ORDER BY t.id LIMIT ?`,
  ),
  timersByDue: query<[number, number, string, number], TimerColumns>(
    `${timerColumns} FROM timer t CROSS JOIN name n ON n.key = t.entity
     WHERE (t.due_at, t.entity, t.id) > (?, ?, ?) ORDER BY t.due_at, t.entity, t.id LIMIT ?`,
  ),
  timersDue: query<[number, number], TimerColumns>(
    `${timerColumns} FROM timer t CROSS JOIN name n ON n.key = t.entity
     WHERE t.due_at <= ? ORDER BY t.due_at, t.entity, t.id LIMIT ?`,
  ),
  timerCount: query<[number, number], { count: number }>(
    'SELECT count(*) AS count FROM timer WHERE due_at >= ? AND due_at < ?',
  ),
  nextTimer: query<[], { dueAt: number | null }>('SELECT min(due_at) AS dueAt FROM timer'),

  effects: query<[number, number, number], EffectColumns>(
    `${effectColumns} FROM outbox o CROSS JOIN name n ON n.key = o.entity
     WHERE (o.seq, o.idx) > (?, ?) ORDER BY o.seq, o.idx LIMIT ?`,
  ),
  effectsOfEntity: query<[number, string, number, number, number], EffectColumns>(
    `${effectColumns} FROM outbox o CROSS JOIN name n ON n.key = o.entity
     WHERE o.entity = ? AND o.status = ? AND (o.seq, o.idx) > (?, ?) ORDER BY o.seq, o.idx LIMIT ?`,
  ),
  effectsByDue: query<[string, number, number, number, number], EffectColumns>(
    `${effectColumns} FROM outbox o CROSS JOIN name n ON n.key = o.entity
     WHERE o.status = ? AND (o.due_at, o.seq, o.idx) > (?, ?, ?) ORDER BY o.due_at, o.seq, o.idx LIMIT ?`,
  ),
  effect: query<[number, number], EffectColumns>(
    `${effectColumns} FROM outbox o CROSS JOIN name n ON n.key = o.entity WHERE o.seq = ? AND o.idx = ?`,
  ),
  effectCount: query<[string, number, number], { count: number }>(
    'SELECT count(*) AS count FROM (SELECT 1 FROM outbox WHERE status = ? AND due_at <= ? LIMIT ?)',
  ),
  effectsDue: query<[number, number], EffectColumns>(
    `${effectColumns} FROM outbox o CROSS JOIN name n ON n.key = o.entity
     WHERE o.status = 'pending' AND o.due_at <= ? ORDER BY o.due_at, o.seq, o.idx LIMIT ?`,
  ),
  scopesOfLiveEffects: query<[number], { scope: string }>(
    `SELECT scope FROM outbox WHERE entity = ? AND status IN ('pending', 'inflight') AND scope IS NOT NULL`,
  ),
  nextEffect: query<[number], { dueAt: number | null }>(
    "SELECT min(due_at) AS dueAt FROM outbox WHERE status = 'pending' AND due_at > ?",
  ),

  logUp: logQuery('ASC', 'log l', 'TRUE'),
  logDown: logQuery('DESC', 'log l', 'TRUE'),
  logUpOfEntity: logQuery('ASC', 'log l', 'l.entity = :entity'),
  logDownOfEntity: logQuery('DESC', 'log l', 'l.entity = :entity'),
  logUpRejected: logQuery('ASC', 'log l INDEXED BY log_rejected', 'l.rejected IS NOT NULL'),
  logDownRejected: logQuery('DESC', 'log l INDEXED BY log_rejected', 'l.rejected IS NOT NULL'),
  // Counted by integers first: the texts are looked up once for each group.
  logFigures: query<[{ above: number; below: number; span: number }], FigureColumns>(
    `SELECT g.at, g.machine, t.text AS type, g."by", g.isRejected, b.text AS before, a.text AS after, g.count, g.caused,
     g.afterCauseMs FROM (
       SELECT l.at / CAST(:span AS INTEGER) * CAST(:span AS INTEGER) AS at, n.machine, l.type, l."by",
       l.rejected IS NOT NULL AS isRejected, l.before, l.after, count(*) AS count, count(c.seq) AS caused,
       coalesce(sum(l.at - c.at), 0) AS afterCauseMs
       FROM log l CROSS JOIN name n ON n.key = l.entity LEFT JOIN log c ON c.seq = l.cause
       WHERE l.seq > :above AND l.seq < :below GROUP BY 1, 2, 3, 4, 5, 6, 7) g
     CROSS JOIN word t ON t.key = g.type LEFT JOIN word b ON b.key = g.before LEFT JOIN word a ON a.key = g.after`,
  ),
  logCount: query<[number, number, number], { count: number }>(
    'SELECT count(*) AS count FROM (SELECT 1 FROM log WHERE entity = ? AND seq < ? LIMIT ?)',
  ),
  caused: query<[number, number], LogColumns>(
    `${logColumns} FROM log l ${logJoins} WHERE l.cause = ? ORDER BY l.seq LIMIT ?`,
  ),
  lastSeq: query<[], { seq: number | null }>('SELECT max(seq) AS seq FROM log'),
  seals: query<[number, number], { seq: number; seal: string }>(
    'SELECT seq, seal FROM log WHERE seq > ? AND seal IS NOT NULL ORDER BY seq LIMIT ?',
  ),

  recordById: query<[string, string], RecordColumns>(`${recordColumns} FROM record r WHERE r.kind = ? AND r.id = ?`),
  recordIsAbout: query<[number, string, number], { found: number }>(
    'SELECT 1 AS found FROM record_about WHERE entity = ? AND kind = ? AND record = ?',
  ),
  recordsUpAbout: recordQueries('ASC').about,
  recordsDownAbout: recordQueries('DESC').about,
  recordsUp: recordQueries('ASC').kind,
  recordsDown: recordQueries('DESC').kind,

  definition: query<[number], { machine: string; hash: string; settings: string }>(
    'SELECT machine, hash, settings FROM definition WHERE key = ?',
  ),
  request: query<[string, string], { hash: string; response: string }>(
    'SELECT hash, response FROM request WHERE principal = ? AND key = ?',
  ),
  meta: query<[string], { value: string }>('SELECT value FROM meta WHERE name = ?'),
};
