/**
 * Writes of the store in memory: what `sqlite/apply.ts` and `sqlite/transaction.ts` do, on maps.
 */
import { Bug, Refused } from '../../core/errors.ts';
import type { EntityRef, EpochMs, Index, Seq } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { Numbering } from '../commits.ts';
import { checkedLimit, effectKey, parseEffectKey, splitStates } from '../keys.ts';
import type { Change, EffectStatus, EntityRow, NewLogRow, Reads, Transaction } from '../port.ts';
import { type Link, type StoredEffect, type StoredTimer, stored, type Tables } from './tables.ts';

type Writes = Omit<Transaction, keyof Reads | 'savepoint' | 'writes'>;

/** The writing members of a transaction; each takes back its rows through the tables' journal. */
export function memoryWrites(tables: Tables, numbering: Numbering): Writes {
  const numbered = (write: (seq: Seq) => void): Seq => {
    const seq = numbering.last + 1;
    write(seq);
    numbering.last = seq;
    return seq;
  };
  return {
    apply: (change) => numbered((seq) => applyChange(tables, change, seq)),
    note: (row) => numbered((seq) => appendLog(tables, row, seq)),
    ...timerWrites(tables),
    ...effectWrites(tables),
    ...singleWrites(tables),
  };
}

function applyChange(tables: Tables, change: Change, seq: Seq): void {
  const { entity, places, log } = change;
  const { ref } = entity;
  if (!tables.definitions.items[entity.definition - 1]) throw new Bug(`definition ${entity.definition} was never made`);
  const row = entity.rev === 1 ? giveBirth(tables, change, seq) : advance(tables, change);
  const key = tables.keyFor(ref);
  for (const state of places.left) tables.placesIn(ref.machine, state).delete(key);
  if (entity.index) reindex(tables, { key, row, index: entity.index });
  const { scope, rank } = tables.entities.get(key) as EntityRow;
  for (const state of places.entered) {
    const here = tables.placesIn(ref.machine, state);
    if (here.has(key)) throw new Bug(`${refText(ref)} entered ${state} without having left it`);
    here.set(key, { state, entity: key, sinceAt: log.at, sinceSeq: seq, scope, rank });
  }
  writeTimers(tables, { key, change, seq });
  supersede(tables, key, change.supersede);
  change.effects.forEach((effect, index) => {
    addEffect(tables, { entity: ref, owner: key, seq, index, dueAt: log.at, ...stored(effect) });
  });
  for (const record of change.records) writeRecord(tables, record, { at: log.at, seq });
  appendLog(tables, log, seq);
}

function appendLog(tables: Tables, row: NewLogRow, seq: Seq): void {
  tables.logOf(tables.keyFor(row.entity)).push(seq);
  tables.log.push({ seq, ...stored(row) });
}

function giveBirth(tables: Tables, change: Change, seq: Seq): EntityRow {
  const { ref, definition, status, state, snapshot } = change.entity;
  if (state === null || snapshot === null) throw new Bug(`${refText(ref)} can not be born without state and snapshot`);
  if (tables.entityOf(ref)) throw new Refused('already_exists', `${refText(ref)} exists already`);
  const times = { createdAt: change.log.at, updatedAt: change.log.at, createdSeq: seq };
  const found = { scope: null, rank: 0, labels: [] };
  const row: EntityRow = { ref: stored(ref), definition, status, state, snapshot, rev: 1, ...found, ...times };
  const key = tables.keyFor(ref);
  tables.entities.set(key, row);
  tables.births(ref.machine).push(key);
  return row;
}

function advance(tables: Tables, change: Change): EntityRow {
  const { ref, rev, definition, status, state, snapshot } = change.entity;
  const before = tables.entityOf(ref);
  if (!before) throw new Refused('unknown_entity', `${refText(ref)} was never born, it can not take event ${rev}`);
  if (before.rev !== rev - 1)
    throw new Bug(`${refText(ref)} is not at revision ${rev - 1}: another write came between`);
  const changed = { state: state ?? before.state, snapshot: snapshot ?? before.snapshot, updatedAt: change.log.at };
  const row = { ...before, rev, definition, status, ...changed };
  tables.entities.set(tables.keyFor(ref), row);
  return row;
}

type Indexed = { readonly key: number; readonly row: EntityRow; readonly index: Index };

function reindex(tables: Tables, { key, row, index }: Indexed): void {
  const { scope = null, rank = 0, labels = [], links = [] } = index;
  tables.entities.set(key, { ...row, scope, rank, labels: stored(labels) });
  for (const state of splitStates(row.state)) {
    const places = tables.placesIn(row.ref.machine, state);
    const place = places.get(key);
    if (place && (place.scope !== scope || place.rank !== rank)) places.set(key, { ...place, scope, rank });
  }
  relink(tables, key, links);
}

function relink(tables: Tables, key: number, links: NonNullable<Index['links']>): void {
  const after = new Map(
    links.map(({ kind, to }): [string, Link] => {
      const target = tables.keyFor(to);
      return [`${key} ${target} ${kind}`, { source: key, kind, target }];
    }),
  );
  const out = tables.linksOut(key);
  for (const [text, link] of [...out.entries()]) {
    if (after.delete(text)) continue;
    out.delete(text);
    tables.linksIn(link.target).delete(text);
  }
  for (const [text, link] of after) {
    out.set(text, link);
    tables.linksIn(link.target).set(text, link);
  }
}

function writeTimers(tables: Tables, { key, change, seq }: { key: number; change: Change; seq: Seq }): void {
  const { clear, cancel, set } = change.timers;
  const timers = tables.timersOf(key);
  const gone = clear ? [...timers.entries()].map(([id]) => id) : cancel;
  for (const id of gone) timers.delete(id);
  for (const timer of set) {
    timers.set(timer.id, {
      ...stored(timer),
      entity: stored(change.entity.ref),
      leaseUntil: null,
      setSeq: seq,
      owner: key,
    });
  }
}

type NewEffect = Omit<StoredEffect, 'key' | 'status' | 'attempt' | 'note'>;

function addEffect(tables: Tables, effect: NewEffect): void {
  const { entity, owner, seq, index } = effect;
  const position = `${seq}#${index}`;
  const key = effectKey(entity, effect);
  tables.effects.set(position, { ...effect, key, status: 'pending', attempt: 0, note: null });
  tables.live.set(position, owner);
  tables.outboxOf(owner).push(position);
}

function supersede(tables: Tables, key: number, scopes: readonly string[]): void {
  if (scopes.length === 0) return;
  for (const [position, owner] of [...tables.live.entries()]) {
    const effect = owner === key ? tables.effects.get(position) : undefined;
    if (effect?.scope === undefined || effect.scope === null || !scopes.includes(effect.scope)) continue;
    changeEffect(tables, position, { status: 'superseded', note: `${effect.scope} was left` });
  }
}

/** Settled effects stay as they are. False when the effect is settled, or is gone. */
function changeEffect(tables: Tables, position: string, change: Partial<StoredEffect>): boolean {
  const effect = tables.effects.get(position);
  if (!effect || !tables.live.has(position)) return false;
  const after = { ...effect, ...change };
  tables.effects.set(position, after);
  if (after.status !== 'pending' && after.status !== 'inflight') tables.live.delete(position);
  return true;
}

function writeRecord(tables: Tables, record: Change['records'][number], { at, seq }: { at: number; seq: Seq }): void {
  const { kind, id, about, body } = stored(record);
  const position = JSON.stringify([kind, id]);
  const known = tables.records.get(position);
  if (known) {
    tables.records.set(position, { ...known, at, seq, body: { ...known.body, ...body } });
    return;
  }
  const number = tables.recordOrder.items.length + 1;
  tables.records.set(position, { kind, id, at, seq, body, number, about: about.map((ref) => tables.keyFor(ref)) });
  tables.recordOrder.push(position);
}

function timerWrites(tables: Tables): Pick<Transaction, 'extend' | 'rearm' | 'takeTimer' | 'regrant'> {
  const timersOf = (ref: EntityRef) => {
    const key = tables.keyOf(ref);
    return key === undefined ? null : tables.timersOf(key);
  };
  return {
    extend: (ref, name, at) => {
      const timers = timersOf(ref);
      const running = [...(timers?.values() ?? [])].filter((timer) => timer.name === name);
      for (const timer of running) timers?.set(timer.id, { ...timer, leaseUntil: at + timer.delayMs });
      return running.length;
    },
    rearm: (ref, id, dueAt) => {
      const timers = timersOf(ref);
      const timer = timers?.get(id);
      if (!timer) throw new Bug(`${refText(ref)} has no timer "${id}" that could be armed again`);
      timers?.set(id, { ...timer, dueAt, leaseUntil: null });
    },
    takeTimer: (ref, id) => timersOf(ref)?.delete(id) ?? false,
    regrant: (at) => {
      const watching = [...tables.allTimers()].filter((timer) => timer.liveness && timer.dueAt < at + timer.delayMs);
      for (const timer of watching) tables.timersOf(timer.owner).set(timer.id, { ...timer, ...regranted(timer, at) });
      return watching.length;
    },
  };
}

/** The deadline is a full delay from now; the lease stays when it promises more. */
function regranted({ leaseUntil, delayMs }: StoredTimer, at: EpochMs): Pick<StoredTimer, 'dueAt' | 'leaseUntil'> {
  const dueAt = at + delayMs;
  return { dueAt, leaseUntil: leaseUntil !== null && leaseUntil > dueAt ? leaseUntil : null };
}

type EffectWrites = Pick<
  Transaction,
  'claimEffect' | 'settleEffect' | 'postponeEffect' | 'retryEffect' | 'reclaimEffects'
>;

function effectWrites(tables: Tables): EffectWrites {
  const positionOf = (key: string) => {
    const { seq, index } = parseEffectKey(key);
    return `${seq}#${index}`;
  };
  return {
    claimEffect: (key, attempt) => {
      const position = positionOf(key);
      if (tables.effects.get(position)?.status !== 'pending') return false;
      return changeEffect(tables, position, { status: 'inflight', attempt });
    },
    settleEffect: (key, status, note) => {
      changeEffect(tables, positionOf(key), { status, note });
    },
    postponeEffect: (key, dueAt) => {
      changeEffect(tables, positionOf(key), { status: 'pending', dueAt });
    },
    retryEffect: (key, dueAt) => {
      const position = positionOf(key);
      const effect = tables.effects.get(position);
      if (effect?.status !== 'pending' && effect?.status !== 'dead') return false;
      tables.effects.set(position, { ...effect, status: 'pending', dueAt, note: null });
      tables.live.set(position, effect.owner);
      return true;
    },
    reclaimEffects: () => {
      const inflight = [...tables.live.entries()].filter(([at]) => tables.effects.get(at)?.status === 'inflight');
      for (const [position] of inflight) changeEffect(tables, position, { status: 'pending' });
      return inflight.length;
    },
  };
}

type SingleWrites = Pick<Transaction, 'quarantine' | 'defineMachine' | 'next' | 'saveRequest' | 'prune' | 'setMeta'>;

function singleWrites(tables: Tables): SingleWrites {
  return {
    quarantine: (ref) => {
      const row = tables.entityOf(ref);
      if (!row) throw new Bug(`${refText(ref)} was never born, it can not be quarantined`);
      tables.entities.set(tables.keyFor(ref), { ...row, status: 'quarantined' });
    },
    defineMachine: (definition) => {
      const same = tables.definitions.items.findIndex(
        ({ machine, hash }) => machine === definition.machine && hash === definition.hash,
      );
      if (same < 0) tables.definitions.push(stored(definition));
      return same < 0 ? tables.definitions.items.length : same + 1;
    },
    next: (series) => {
      const value = (tables.series.get(series) ?? 0) + 1;
      tables.series.set(series, value);
      return value;
    },
    saveRequest: (request) => {
      const position = JSON.stringify([request.principal, request.key]);
      if (tables.requests.has(position)) throw new Bug(`the request "${request.key}" was saved before`);
      tables.requests.set(position, stored(request));
    },
    prune: (before, limit) => prune(tables, before, checkedLimit(limit)),
    setMeta: (name, value) => {
      tables.meta.set(name, stored(value));
    },
  };
}

function prune(tables: Tables, before: number, limit: number): number {
  const requests = [...tables.requests.entries()].filter(([, request]) => request.at < before);
  const oldRequests = requests.sort(([, a], [, b]) => a.at - b.at).slice(0, limit);
  for (const [position] of oldRequests) tables.requests.delete(position);
  const settled: readonly EffectStatus[] = ['done', 'superseded', 'dead'];
  const effects = [...tables.effects.entries()].filter(
    ([, { status, dueAt }]) => settled.includes(status) && dueAt < before,
  );
  const oldEffects = effects
    .sort(([, a], [, b]) => settled.indexOf(a.status) - settled.indexOf(b.status) || a.dueAt - b.dueAt)
    .slice(0, limit - oldRequests.length);
  for (const [position] of oldEffects) tables.effects.delete(position);
  return oldRequests.length + oldEffects.length;
}
