CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;

CREATE TABLE definition (
  key INTEGER PRIMARY KEY,
  machine TEXT NOT NULL CHECK (machine <> ''),
  hash TEXT NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  UNIQUE (machine, hash)
) STRICT;

CREATE TABLE name (
  -- Whoever was ever spoken of, born or not, has one integer here; all other tables use it.
  key INTEGER PRIMARY KEY,
  machine TEXT NOT NULL CHECK (instr(machine, '/') = 0),
  id TEXT NOT NULL,
  UNIQUE (machine, id)
) STRICT;

CREATE TABLE word (
  -- Texts that the log repeats (event types, states, edges): a few hundred for each chart.
  key INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE leaf (
  -- Leaf states of machines, with how many entities are in each: the census is counted as it changes.
  key INTEGER PRIMARY KEY,
  machine TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state <> ''),
  population INTEGER NOT NULL DEFAULT 0 CHECK (population >= 0),
  UNIQUE (machine, state)
) STRICT;

CREATE TABLE entity (
  -- The snapshot comes last: reads of the other columns need not follow a long row to its end.
  key INTEGER PRIMARY KEY REFERENCES name,
  machine TEXT NOT NULL,
  born INTEGER NOT NULL CHECK (born > 0),
  definition INTEGER NOT NULL REFERENCES definition,
  status TEXT NOT NULL CHECK (status IN ('active', 'done', 'error', 'quarantined')),
  rev INTEGER NOT NULL CHECK (rev > 0),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  scope TEXT,
  rank REAL NOT NULL,
  labels TEXT,
  state TEXT NOT NULL,
  quarantine TEXT CHECK ((quarantine IS NOT NULL) = (status = 'quarantined')),
  snapshot TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX entity_by_birth ON entity (machine, born);

CREATE INDEX entity_by_scope ON entity (machine, scope, born) WHERE scope IS NOT NULL;

CREATE TABLE place (
  -- Who is in which leaf state, since when. Scope and rank are copied here, so that a queue is one index range.
  leaf INTEGER NOT NULL REFERENCES leaf,
  born INTEGER NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity,
  since_at INTEGER NOT NULL,
  since_seq INTEGER NOT NULL CHECK (since_seq >= born),
  scope TEXT,
  rank REAL NOT NULL,
  PRIMARY KEY (leaf, born, entity)
) STRICT, WITHOUT ROWID;

CREATE INDEX place_queue ON place (leaf, rank, since_seq);

CREATE INDEX place_scope_queue ON place (leaf, scope, rank, since_seq) WHERE scope IS NOT NULL;

CREATE TABLE label (
  machine TEXT NOT NULL,
  label TEXT NOT NULL,
  born INTEGER NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity,
  PRIMARY KEY (machine, label, born)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
  source INTEGER NOT NULL REFERENCES entity,
  kind TEXT NOT NULL,
  target INTEGER NOT NULL REFERENCES name,
  PRIMARY KEY (source, kind, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_in ON link (target, kind, source);

CREATE TABLE timer (
  -- The event is null when it says no more than the timer's id.
  entity INTEGER NOT NULL REFERENCES entity,
  id TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  delay_ms INTEGER NOT NULL CHECK (delay_ms >= 0),
  liveness INTEGER NOT NULL CHECK (liveness IN (0, 1)),
  set_seq INTEGER NOT NULL,
  name TEXT NOT NULL,
  event TEXT,
  PRIMARY KEY (entity, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_due ON timer (due_at);

CREATE TABLE outbox (
  seq INTEGER NOT NULL,
  idx INTEGER NOT NULL CHECK (idx >= 0),
  entity INTEGER NOT NULL REFERENCES entity,
  status TEXT NOT NULL CHECK (status IN ('pending', 'inflight', 'done', 'superseded', 'dead')),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  due_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  scope TEXT,
  note TEXT,
  params TEXT NOT NULL,
  PRIMARY KEY (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (status, due_at);

CREATE INDEX outbox_by_entity ON outbox (entity, status);

CREATE TABLE log (
  -- Append-only. "after" is null when it equals "before"; the event is what it says beside its type, null when nothing.
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  at INTEGER NOT NULL,
  entity INTEGER NOT NULL REFERENCES name,
  type INTEGER NOT NULL REFERENCES word,
  cause INTEGER CHECK (cause < seq),
  definition INTEGER NOT NULL,
  before INTEGER REFERENCES word,
  after INTEGER REFERENCES word,
  taken INTEGER REFERENCES word,
  "by" TEXT NOT NULL,
  rejected TEXT,
  event TEXT
, reason TEXT, seal TEXT CHECK (length(seal) = 64)) STRICT;

CREATE INDEX log_by_entity ON log (entity);

CREATE INDEX log_rejected ON log (seq) WHERE rejected IS NOT NULL;

CREATE TABLE record (
  key INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (kind, id)
) STRICT;

CREATE INDEX record_by_kind ON record (kind);

CREATE TABLE record_about (
  entity INTEGER NOT NULL REFERENCES name,
  kind TEXT NOT NULL,
  record INTEGER NOT NULL REFERENCES record,
  PRIMARY KEY (entity, kind, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  hash TEXT NOT NULL,
  response TEXT NOT NULL CHECK (json_valid(response)),
  at INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_by_age ON request (at);

CREATE TABLE series (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL CHECK (value > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX log_by_cause ON log (cause) WHERE cause IS NOT NULL;
