/**
 * Both stores, given the same random commits with undone savepoints between, tell the same of everything.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '../../src/core/errors.ts';
import type { EntityRef } from '../../src/core/types.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Change, Reads, Store, Transaction } from '../../src/store/port.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { birth, change, note, prepared, standingEnv, timer } from './building.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
const ids = ['a', 'b', 'c'] as const;
const leaves = ['off', 'on.dim', 'on.bright', 'once'] as const;

type Act = {
  readonly kind: string;
  readonly id: string;
  readonly n: number;
  readonly leaf: string;
  readonly undone: boolean;
};

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(
    'event',
    'event',
    'event',
    'note',
    'extend',
    'take',
    'claim',
    'settle',
    'postpone',
    'regrant',
    'prune',
  ),
  id: fc.constantFrom(...ids),
  n: fc.nat(7),
  leaf: fc.constantFrom(...leaves),
  undone: fc.boolean(),
});

/** One event of the lamp, made of small numbers: every field of a change is used by some of them. */
function eventOf(tx: Transaction, { id, n, leaf }: Act, at: number): Change {
  const ref: EntityRef = { machine: 'lamp', id };
  const said = {
    at,
    to: leaf,
    timers: { clear: n === 0, cancel: ['t1'], set: [timer(`t${n % 3}`, at + n * 100, { liveness: n % 2 === 0 })] },
    effects: n % 2 ? [{ type: 'glow', params: { n }, scope: n % 3 ? leaf : null }] : [],
    supersede: [leaves[n % 4] ?? 'off'],
    records:
      n % 4 ? [] : [{ kind: 'try', id: `t${n}`, about: [ref, { machine: 'fan', id: 'roof' }], body: { [leaf]: n } }],
    ...(n % 3 === 0 ? {} : { index: indexOf(n) }),
  };
  const row = tx.entity(ref);
  if (!row) return birth(`lamp/${id}`, said);
  const status = n === 7 ? 'done' : 'active';
  const snapshot = n === 5 && row.state === leaf ? null : JSON.stringify({ n });
  return change(`lamp/${id}`, { ...said, rev: row.rev + 1, from: row.state, status, snapshot });
}

function indexOf(n: number): Change['entity']['index'] {
  const links = [{ kind: 'watches', to: { machine: 'lamp', id: ids[n % 3] ?? 'a' } }];
  return { scope: n % 2 ? 'inside' : null, rank: n % 3, labels: n % 4 ? ['warm', `l${n}`] : [], links };
}

function perform(tx: Transaction, one: Act, at: number): unknown {
  const { kind, id, n, leaf } = one;
  const ref: EntityRef = { machine: 'lamp', id };
  const effects = tx.effects({}, { limit: 99 }).items;
  const effect = effects[n % Math.max(1, effects.length)]?.key;
  if (kind === 'event') return tx.apply(eventOf(tx, one, at));
  if (kind === 'note') return tx.note(note(`lamp/${id}`, { at, rejected: n % 2 ? 'no' : null, event: { type: leaf } }));
  if (kind === 'extend') return tx.extend(ref, 'patience', at);
  if (kind === 'take') return tx.takeTimer(ref, `t${n % 3}`);
  if (kind === 'regrant') return tx.regrant(at);
  if (kind === 'prune') return tx.prune(at - 300, n + 1);
  if (!effect) return tx.reclaimEffects();
  if (kind === 'claim') return tx.claimEffect(effect, n);
  if (kind === 'settle') return tx.settleEffect(effect, n % 2 ? 'done' : 'dead', null);
  return tx.postponeEffect(effect, at + n);
}

function run(store: Store, acts: readonly Act[]): unknown[] {
  return acts.map((one, i) =>
    store.commit((tx) => {
      const at = 1_000 + i * 100;
      if (!one.undone) return perform(tx, one, at);
      try {
        return tx.savepoint(() => {
          perform(tx, one, at);
          perform(tx, { ...one, kind: 'event', id: 'c' }, at);
          throw new Refused('invalid', 'undone');
        });
      } catch (thrown) {
        return String(thrown);
      }
    }),
  );
}

function everything(read: Reads): unknown {
  const page = { limit: 50 };
  const lamp = { machine: 'lamp' };
  const each = ids.map((id) => ({ machine: 'lamp', id }));
  const states = ['off', 'on', 'on.dim', 'once', 'nowhere'];
  return {
    entities: [{}, { scope: 'inside' }, { label: 'warm' }, ...states.map((state) => ({ state, scope: 'inside' }))].map(
      (filter) => read.entities({ ...lamp, ...filter }, page),
    ),
    states: states.map((state) => read.entities({ ...lamp, state }, { limit: 2 })),
    queues: leaves.flatMap((state) => [
      read.queue({ ...lamp, state, limit: 9 }),
      read.queue({ ...lamp, state, scope: 'inside', limit: 2 }),
    ]),
    census: read.census(),
    places: each.map((ref) => read.places(ref)),
    links: each.flatMap((ref) => [read.links(ref, 'watches', 'in'), read.links(ref, 'watches', 'out')]),
    timers: [read.timers({}, page), ...each.map((entity) => read.timers({ entity }, page)), read.timersDue(1_500, 9)],
    effects: [read.effects({}, page), read.effects({ status: 'pending' }, page), read.effectsDue(2_000, 9)],
    outboxes: each.map((entity) => read.effects({ entity }, { limit: 3 })),
    next: read.nextDueAt(),
    logs: [
      read.log({}, { ...page, order: 'asc' }),
      read.log({ type: 'off', machine: 'lamp' }, { ...page, order: 'desc' }),
    ],
    rejected: read.log({ rejected: true }, { limit: 3, order: 'desc' }),
    last: read.lastSeq(),
    records: [undefined, ...each].map((about) => read.records({ kind: 'try', limit: 9, ...(about ? { about } : {}) })),
  };
}

test('what one store tells, the other tells to the letter', () => {
  let count = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 40 }), (acts) => {
      const memory = prepared(openMemory({ env: standingEnv() }));
      const file = join(folder(), `${++count}.db`);
      const sqlite = prepared(openSqlite({ file, env: standingEnv(), synchronous: 'normal' }));
      try {
        expect(run(sqlite, acts)).toEqual(run(memory, acts));
        expect(everything(sqlite.read)).toEqual(everything(memory.read));
      } finally {
        sqlite.close();
      }
    }),
    { numRuns: 40, seed: 20 },
  );
});
