/**
 * The floor: the same rows as W1 writes, by prepared statements alone, in transactions of the same size. No machine,
 * no checks.
 */
import Database from 'better-sqlite3';
import { createSystemEnv } from '../../src/env/system.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { prepareAll } from '../../src/store/statements.ts';
import { writes } from '../../src/store/write-statements.ts';

type Statements = ReturnType<typeof prepareAll<typeof writes>>;

const machine = { worker: 'worker', item: 'item' };
const beforeSnapshot = JSON.stringify({ status: 'active', value: 'open', context: context(0, null) });
const afterSnapshot = JSON.stringify({ status: 'active', value: 'in_progress', context: context(1, 'worker') });
const workerSnapshot = JSON.stringify({
  status: 'active',
  value: 'working',
  context: { epoch: 12, item: 'i123', done: 11 },
});
const timer = 'xstate.after.lease.worker.working';

function context(claims: number, by: string | null) {
  const body = 'Make the parser accept trailing commas, and add a test that fails without the change.'.repeat(2);
  return { title: 'Item i123', body, claims, by };
}

export type Floor = {
  /** Works `count` items off, so many at a time. Returns seconds. */
  work(run: { count: number; width: number }): number;
  close(): void;
};

/** Keys: 1 … workers are workers, what follows are items. */
export function openFloor(file: string, filled: { workers: number; items: number }): Floor {
  openSqlite({ file, env: createSystemEnv() }).close();
  const db = new Database(file);
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'wal_autocheckpoint = 10000',
    'foreign_keys = ON',
  ]) {
    db.pragma(pragma);
  }
  db.pragma('secure_delete = ON');
  db.pragma('cache_size = -32768');
  const state: State = { statements: prepareAll(db, writes), seq: 0, words: 0 };
  give(state, filled);
  let next = filled.workers + 1;
  return {
    work: ({ count, width }) => {
      const begin = performance.now();
      for (let from = 0; from < count; from += width) {
        round(state, { first: next, width: Math.min(width, count - from) });
        next += width;
      }
      return (performance.now() - begin) / 1_000;
    },
    close: () => void db.close(),
  };
}

type State = { readonly statements: Statements; seq: number; words: number };
type Round = { readonly first: number; readonly width: number };

function give(state: State, { workers, items }: { workers: number; items: number }): void {
  const { statements: s } = state;
  s.begin.run();
  s.addDefinition.run('item', 'x', 'null');
  for (const word of ['xstate.init', 'GO', 'open', 'in_progress', 'closed', '["open -CLAIM-> in_progress"]'])
    s.newWord.run(word);
  for (const leaf of ['open', 'in_progress', 'closed']) s.newLeaf.run(machine.item, leaf);
  for (let key = 1; key <= workers + items; key += 1) {
    const name = key <= workers ? machine.worker : machine.item;
    state.seq += 1;
    s.newName.run(name, `i${key}`);
    s.birth.run(key, name, key, 1, 'active', 1, 1, null, 0, null, 'open', beforeSnapshot);
    s.enter.run(1, key, key, 1, key, null, 0);
    s.populate.run(1, 1);
    s.appendLog.run(state.seq, 1, key, 1, null, 1, null, 3, null, 'bench', null, null);
  }
  s.commit.run();
}

/** One item for each of `width` workers: six commits, as the engine's batches make them, and two for the outbox. */
function round(state: State, { first, width }: Round): void {
  const { statements: s } = state;
  const all = (each: (worker: number, item: number) => void) => {
    s.begin.run();
    for (let index = 0; index < width; index += 1) each(index + 1, first + index);
    s.commit.run();
  };
  const rev = new Map<number, number>();
  const step = (key: number, snapshot: string, to: { from: number; leaf: number; state: string }) => {
    state.seq += 1;
    const was = rev.get(key) ?? revOf(state, key);
    rev.set(key, was + 1);
    s.advance.run(was + 1, 1, 'active', to.state, snapshot, 2, key, was);
    s.leave.run(to.from, key, key);
    s.populate.run(-1, to.from);
    s.enter.run(to.leaf, key, key, 2, state.seq, null, 0);
    s.populate.run(1, to.leaf);
    s.appendLog.run(state.seq, 2, key, 2, null, 1, 3, 4, 6, 'bench', null, '{"item":"i123"}');
  };
  const launched: number[] = [];
  all((worker, item) => {
    step(worker, workerSnapshot, { from: 1, leaf: 2, state: 'in_progress' });
    s.setTimer.run(worker, timer, 'lease', 2, 90_000, 1, null, state.seq);
    s.addEffect.run(state.seq, 0, worker, 2, 'launch', 'working', '{"epoch":12}');
    launched.push(state.seq);
    step(item, afterSnapshot, { from: 1, leaf: 2, state: 'in_progress' });
  });
  all((worker) => s.claimEffect.run(1, launched[worker - 1] ?? 0, 0));
  all((worker) => s.settleEffect.run('done', 'succeeded', launched[worker - 1] ?? 0, 0));
  for (let beat = 0; beat < 3; beat += 1) all((worker) => s.extend.run(3, worker, 'lease'));
  all((worker, item) => {
    step(worker, workerSnapshot, { from: 2, leaf: 3, state: 'closed' });
    s.dropTimer.run(worker, timer);
    s.supersede.run('working was left', worker, 'working');
    step(item, afterSnapshot, { from: 2, leaf: 3, state: 'closed' });
    s.dropTimers.run(item);
  });
  all((worker) => step(worker, workerSnapshot, { from: 3, leaf: 1, state: 'open' }));
  for (const [key, last] of rev) if (key <= width) revs.set(state, (revs.get(state) ?? new Map()).set(key, last));
}

/** Revisions of the workers, which go on from round to round; an item begins at 1. */
const revs = new WeakMap<State, Map<number, number>>();

function revOf(state: State, key: number): number {
  return revs.get(state)?.get(key) ?? 1;
}
