/**
 * The members of a transaction on SQLite that write, beside `apply` in `apply.ts`.
 */
import { Bug } from '../../core/errors.ts';
import type { EntityRef } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { Numbering } from '../commits.ts';
import { checkedLimit, parseEffectKey } from '../keys.ts';
import type { NewLogRow, Reads, Transaction } from '../port.ts';
import { appendLog, applyChange, type Tables } from './apply.ts';

type Writes = Omit<Transaction, keyof Reads | 'savepoint' | 'writes'>;

/** The writing members, numbering log rows one after another. They throw SQLite's errors as they come. */
export function writesOf(tables: Tables, numbering: Numbering): Writes {
  return {
    apply: (change) => numbered(numbering, (seq) => applyChange(tables, change, seq)),
    note: (row: NewLogRow) => numbered(numbering, (seq) => appendLog(tables, row, seq)),
    ...timerWrites(tables),
    ...effectWrites(tables),
    ...singleWrites(tables),
  };
}

function numbered(numbering: Numbering, write: (seq: number) => void): number {
  const seq = numbering.last + 1;
  write(seq);
  numbering.last = seq;
  return seq;
}

type TimerWrites = Pick<Transaction, 'extend' | 'rearm' | 'takeTimer' | 'regrant'>;

function timerWrites({ write, register }: Tables): TimerWrites {
  return {
    extend: (ref, name, at) => {
      const key = register.keyOf(ref);
      return key === null ? 0 : write.extend.run(at, key, name).changes;
    },
    rearm: (ref, id, dueAt) => {
      const changes = write.rearm.run(dueAt, bornKey(register.keyOf(ref), ref), id).changes;
      if (changes !== 1) throw new Bug(`${refText(ref)} has no timer "${id}" that could be armed again`);
    },
    takeTimer: (ref, id) => {
      const key = register.keyOf(ref);
      return key !== null && write.dropTimer.run(key, id).changes === 1;
    },
    regrant: (at) => write.regrant.run({ at }).changes,
  };
}

type EffectWrites = Pick<
  Transaction,
  'claimEffect' | 'settleEffect' | 'postponeEffect' | 'retryEffect' | 'reclaimEffects'
>;

function effectWrites({ write }: Tables): EffectWrites {
  return {
    claimEffect: (key, attempt) => {
      const { seq, index } = parseEffectKey(key);
      return write.claimEffect.run(attempt, seq, index).changes === 1;
    },
    settleEffect: (key, status, note) => {
      const { seq, index } = parseEffectKey(key);
      write.settleEffect.run(status, note, seq, index);
    },
    postponeEffect: (key, dueAt) => {
      const { seq, index } = parseEffectKey(key);
      write.postponeEffect.run(dueAt, seq, index);
    },
    retryEffect: (key, dueAt) => {
      const { seq, index } = parseEffectKey(key);
      return write.retryEffect.run(dueAt, seq, index).changes === 1;
    },
    reclaimEffects: () => write.reclaimEffects.run().changes,
  };
}

type SingleWrites = Pick<Transaction, 'quarantine' | 'defineMachine' | 'next' | 'saveRequest' | 'prune' | 'setMeta'>;

function singleWrites({ write, register }: Tables): SingleWrites {
  return {
    quarantine: (ref, reason) => {
      const changes = write.quarantine.run(reason, bornKey(register.keyOf(ref), ref)).changes;
      if (changes !== 1) throw new Bug(`${refText(ref)} was never born, it can not be quarantined`);
      register.forget(ref);
    },
    defineMachine: ({ machine, hash, settings }) => {
      const known = write.findDefinition.get(machine, hash);
      if (known) return known.key;
      return Number(write.addDefinition.run(machine, hash, JSON.stringify(settings)).lastInsertRowid);
    },
    next: (series) => {
      const row = write.nextOfSeries.get(series);
      if (!row) throw new Bug(`the series "${series}" gave no number`);
      return row.value;
    },
    saveRequest: ({ principal, key, hash, response, at }) => {
      write.saveRequest.run(principal, key, hash, JSON.stringify(response), at);
    },
    prune: (before, limit) => {
      const most = checkedLimit(limit);
      let pruned = write.pruneRequests.run(before, most).changes;
      for (const status of ['done', 'superseded', 'dead']) {
        pruned += write.pruneEffects.run(status, before, most - pruned).changes;
      }
      return pruned;
    },
    setMeta: (name, value) => {
      write.setMeta.run(name, JSON.stringify(value));
    },
  };
}

function bornKey(key: number | null, ref: EntityRef): number {
  if (key === null) throw new Bug(`${refText(ref)} was never born`);
  return key;
}
