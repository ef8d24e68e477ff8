/**
 * Writes one change: the entity's row, its places, timers, effects and records, and the log row that tells of it.
 */
import { Bug, Refused } from '../../core/errors.ts';
import type { EntityRef, Index, Seq, StateId } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import { splitStates } from '../keys.ts';
import type { Change, NewLogRow } from '../port.ts';
import { eventBody, labelsText, parseLabels, timerEvent } from '../rows.ts';
import type { Living, ReadStatements, Register, WriteStatements } from './directory.ts';
import type { Population } from './population.ts';
import type { Sealer } from './sealer.ts';

/** The statements of a connection, and the keys that it knows. */
export type Tables = {
  readonly read: ReadStatements;
  readonly write: WriteStatements;
  readonly register: Register;
  readonly population: Population;
  readonly sealer: Sealer;
};

type Place = { readonly seq: Seq; readonly at: number };

/** Throws `Refused` or `Bug` before it writes anything, and SQLite's errors from the middle of it. */
export function applyChange(tables: Tables, change: Change, seq: Seq): void {
  const { entity, log } = change;
  const here: Place = { seq, at: log.at };
  const living = entity.rev === 1 ? giveBirth(tables, change, seq) : advance(tables, change);
  const { machine } = entity.ref;
  for (const state of change.places.left) leave(tables, { living, machine, state });
  if (entity.index && entity.rev > 1) {
    reindex(tables, { ref: entity.ref, living, index: entity.index, entered: change.places.entered });
  }
  for (const state of change.places.entered) enter(tables, { living, machine, state, here });
  writeTimers(tables, { key: living.key, timers: change.timers, seq });
  writeEffects(tables, { living, change, here });
  for (const record of change.records) writeRecord(tables, record, here);
  writeLog(tables, { row: log, key: living.key, seq });
}

/** The log row alone. */
export function appendLog(tables: Tables, row: NewLogRow, seq: Seq): void {
  writeLog(tables, { row, key: tables.register.keyFor(row.entity), seq });
}

function writeLog(
  { write, register, sealer }: Tables,
  { row, key, seq }: { row: NewLogRow; key: number; seq: Seq },
): void {
  const { at, event, by, cause, before, after, taken, definition, rejected, reason } = row;
  const body = eventBody(event);
  write.appendLog.run(
    seq,
    at,
    key,
    register.wordFor(event.type),
    cause,
    definition,
    before === '' ? null : register.wordFor(before),
    after === before ? null : register.wordFor(after),
    register.pathFor(taken),
    by,
    rejected,
    body,
    reason ?? null,
    sealer.next(row, { seq, body }),
  );
}

function giveBirth(tables: Tables, change: Change, seq: Seq): Living {
  const { ref, definition, status, state, snapshot, index = {} } = change.entity;
  if (state === null || snapshot === null) throw new Bug(`${refText(ref)} can not be born without state and snapshot`);
  if (tables.register.living(ref)) throw new Refused('already_exists', `${refText(ref)} exists already`);
  const key = tables.register.keyFor(ref);
  const { scope = null, rank = 0 } = index;
  const labels = labelsText(index.labels ?? []);
  const at = change.log.at;
  tables.write.birth.run(key, ref.machine, seq, definition, status, at, at, scope, rank, labels, state, snapshot);
  const living: Living = {
    key,
    born: seq,
    definition,
    status,
    state,
    scope,
    rank,
    labels,
    index: JSON.stringify(index),
    links: null,
    scopes: [],
  };
  tables.register.beBorn(ref, living);
  for (const label of new Set(index.labels)) tables.write.addLabel.run(ref.machine, label, seq, key);
  relink(tables, living, index);
  return living;
}

function advance(tables: Tables, change: Change): Living {
  const { ref, rev } = change.entity;
  const living = tables.register.living(ref);
  if (!living) throw new Refused('unknown_entity', `${refText(ref)} was never born, it can not take event ${rev}`);
  const { changes } = writeRow(tables, living, change);
  if (changes !== 1) throw new Bug(`${refText(ref)} is not at revision ${rev - 1}: another write came between`);
  return living;
}

/** The narrowest statement that says it. What a statement does not name is neither checked nor looked up. */
function writeRow({ write }: Tables, living: Living, { entity, log: { at } }: Change): { changes: number } {
  const { rev, definition, status, state, snapshot } = entity;
  const { key } = living;
  const isPlain = definition === living.definition && status === living.status;
  if (state !== null) living.state = state;
  if (isPlain && state !== null && snapshot !== null) return write.move.run(rev, state, snapshot, at, key, rev - 1);
  if (isPlain && state === null && snapshot !== null) return write.rewrite.run(rev, snapshot, at, key, rev - 1);
  if (isPlain && state === null) return write.touch.run(rev, at, key, rev - 1);
  Object.assign(living, { definition, status });
  return write.advance.run(rev, definition, status, state, snapshot, at, key, rev - 1);
}

type AtLeaf = { readonly living: Living; readonly machine: string; readonly state: StateId };

function leave({ write, register, population }: Tables, { living, machine, state }: AtLeaf): void {
  const leaf = register.leafFor(machine, state);
  if (write.leave.run(leaf, living.born, living.key).changes === 1) population.change(leaf, -1);
}

type Entry = AtLeaf & { readonly here: Place };

function enter({ write, register, population }: Tables, { living, machine, state, here }: Entry): void {
  const leaf = register.leafFor(machine, state);
  write.enter.run(leaf, living.born, living.key, here.at, here.seq, living.scope, living.rank);
  population.change(leaf, 1);
}

type Indexed = {
  readonly ref: EntityRef;
  readonly living: Living;
  readonly index: Index;
  /** Leaves that are entered next, with the new scope and rank anyway. */
  readonly entered: readonly StateId[];
};

/** The index comes with each change of the context, and seldom says anything new. */
function reindex(tables: Tables, { ref, living, index, entered }: Indexed): void {
  const text = JSON.stringify(index);
  if (text === living.index) return;
  const { write, register } = tables;
  const { scope = null, rank = 0 } = index;
  const labels = labelsText(index.labels ?? []);
  if (scope !== living.scope || rank !== living.rank || labels !== living.labels) {
    write.reindex.run(scope, rank, labels, living.key);
  }
  if (scope !== living.scope || rank !== living.rank) {
    for (const state of splitStates(living.state).filter((leaf) => !entered.includes(leaf))) {
      write.requeue.run(scope, rank, register.leafFor(ref.machine, state), living.born, living.key);
    }
  }
  if (labels !== living.labels) relabel(tables, { ref, living, index, entered });
  relink(tables, living, index);
  Object.assign(living, { scope, rank, labels, index: text });
}

function relabel({ write }: Tables, { ref, living, index }: Indexed): void {
  const before = new Set(parseLabels(living.labels));
  const after = new Set(index.labels);
  for (const label of before) if (!after.has(label)) write.dropLabel.run(ref.machine, label, living.born);
  for (const label of after) if (!before.has(label)) write.addLabel.run(ref.machine, label, living.born, living.key);
}

function relink({ write, register }: Tables, living: Living, index: Index): void {
  const links = JSON.stringify(index.links ?? []);
  if (links === living.links) return;
  living.links = links;
  const wanted = new Map((index.links ?? []).map(({ kind, to }) => [`${kind} ${refText(to)}`, { kind, to }]));
  const after = new Map([...wanted.values()].map(({ kind, to }) => [`${register.keyFor(to)} ${kind}`, { kind, to }]));
  for (const { kind, target } of write.linksOfEntity.all(living.key)) {
    if (!after.delete(`${target} ${kind}`)) write.dropLink.run(living.key, kind, target);
  }
  for (const { kind, to } of after.values()) write.addLink.run(living.key, kind, register.keyFor(to));
}

type TimerWrites = { readonly key: number; readonly timers: Change['timers']; readonly seq: Seq };

function writeTimers({ write }: Tables, { key, timers, seq }: TimerWrites): void {
  if (timers.clear) write.dropTimers.run(key);
  else for (const id of timers.cancel) write.dropTimer.run(key, id);
  for (const { id, name, dueAt, delayMs, liveness, event } of timers.set) {
    write.setTimer.run(key, id, name, dueAt, delayMs, liveness ? 1 : 0, timerEvent(id, event), seq);
  }
}

type EffectWrites = { readonly living: Living; readonly change: Change; readonly here: Place };

/** What waits goes before what is new comes: a re-entered state asks for its effects anew. */
function writeEffects({ read, write }: Tables, { living, change, here }: EffectWrites): void {
  const { supersede, effects } = change;
  if (supersede.length === 0 && effects.length === 0) return;
  const scopes = living.scopes ?? scopesOf(read, living.key);
  for (const scope of supersede) {
    if (scopes.includes(scope)) write.supersede.run(`${scope} was left`, living.key, scope);
  }
  effects.forEach(({ type, scope, params }, index) => {
    write.addEffect.run(here.seq, index, living.key, here.at, type, scope, JSON.stringify(params));
  });
  const rest = scopes.filter((scope) => !supersede.includes(scope));
  living.scopes = [...new Set([...rest, ...effects.flatMap(({ scope }) => scope ?? [])])];
}

function scopesOf(read: ReadStatements, key: number): readonly string[] {
  return read.scopesOfLiveEffects.all(key).map(({ scope }) => scope);
}

function writeRecord({ read, write, register }: Tables, record: Change['records'][number], { at, seq }: Place): void {
  const { kind, id, about, body } = record;
  const known = read.recordById.get(kind, id);
  if (known) {
    const merged = { ...(JSON.parse(known.body) as object), ...body };
    write.mergeRecord.run(at, seq, JSON.stringify(merged), known.key);
    return;
  }
  const key = Number(write.addRecord.run(kind, id, at, seq, JSON.stringify(body)).lastInsertRowid);
  for (const ref of about) write.addRecordAbout.run(register.keyFor(ref), kind, key);
}
