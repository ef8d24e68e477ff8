/**
 * The floor: the rows that W1 writes, by the store's own prepared statements alone, in commits of the same size. No
 * machine, no checks, no reads. A test compares table by table what both sides leave behind.
 */
import Database from 'better-sqlite3';
import { createSystemEnv } from '../../src/env/system.ts';
import { openSqlite, tune } from '../../src/store/sqlite.ts';
import { prepareAll } from '../../src/store/statements.ts';
import { writes } from '../../src/store/write-statements.ts';

type Statements = ReturnType<typeof prepareAll<typeof writes>>;

const body = 'Make the parser accept trailing commas, and add a test that fails without the change.'.repeat(2);
const lease = 'xstate.after.lease.worker.working';
const none = null;

/** Keys of what `prepare` writes, in its order. */
const machines = { worker: 1, item: 2 };
const leaves = { idle: 1, working: 2, exited: 3, open: 4, in_progress: 5, closed: 6 };
const words = [
  ...['xstate.init', 'START', 'CLAIM', 'BEAT', 'EXIT', 'CLOSE', 'RESET'],
  ...Object.keys(leaves),
  ...['idle -START-> working', 'open -CLAIM-> in_progress', 'working -BEAT-> ', 'working -EXIT-> exited'],
  ...['in_progress -CLOSE-> closed', 'exited -RESET-> idle'],
];

function word(text: string): number {
  return words.indexOf(text) + 1;
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
  tune(db, 'full');
  const state: State = { statements: prepareAll(db, writes), seq: 0, revs: new Map(), populations: new Map() };
  prepare(state, filled);
  let next = filled.workers + 1;
  return {
    work: ({ count, width }) => {
      const begin = performance.now();
      for (let from = 0; from < count; from += width) {
        const now = Math.min(width, count - from);
        round(state, { first: next, width: now });
        next += now;
      }
      return (performance.now() - begin) / 1_000;
    },
    close: () => void db.close(),
  };
}

type State = {
  readonly statements: Statements;
  seq: number;
  /** Of the workers, which go on from round to round; an item begins at 1. */
  readonly revs: Map<number, number>;
  /** What the commit changes, by leaf. */
  readonly populations: Map<number, number>;
};

function prepare(state: State, { workers, items }: { workers: number; items: number }): void {
  const { statements: s } = state;
  s.begin.run();
  for (const machine of Object.keys(machines)) s.addDefinition.run(machine, 'x', 'null');
  for (const text of words) s.newWord.run(text.includes('->') ? JSON.stringify([text]) : text);
  for (const [leaf, key] of Object.entries(leaves)) s.newLeaf.run(key <= 3 ? 'worker' : 'item', leaf);
  for (let key = 1; key <= workers + items; key += 1) {
    const isWorker = key <= workers;
    const machine = isWorker ? 'worker' : 'item';
    const definition = machines[machine];
    const leaf = isWorker ? 'idle' : 'open';
    state.seq += 1;
    s.newName.run(machine, `i${key}`);
    const snapshot = isWorker ? workerSnapshot('idle', key, 0) : itemSnapshot(key, 'open');
    s.birth.run(key, machine, state.seq, definition, 'active', 1, 1, none, 0, none, leaf, snapshot);
    s.enter.run(leaves[leaf], state.seq, key, 1, state.seq, none, 0);
    count(state, leaves[leaf], 1);
    s.appendLog.run(state.seq, 1, key, 1, none, definition, none, word(leaf), none, 'bench', none, none, none, none);
  }
  commit(state);
}

function workerSnapshot(value: string, worker: number, done: number): string {
  const context = { epoch: done, item: value === 'working' ? `i${worker}` : null, done };
  return JSON.stringify({ status: 'active', value, context });
}

function itemSnapshot(item: number, value: string): string {
  const isOpen = value === 'open';
  const context = { title: `Item i${item}`, body, claims: isOpen ? 0 : 1, by: isOpen ? null : 'worker' };
  return JSON.stringify({ status: value === 'closed' ? 'done' : 'active', value, context });
}

function count({ populations }: State, leaf: number, by: number): void {
  populations.set(leaf, (populations.get(leaf) ?? 0) + by);
}

function commit({ statements, populations }: State): void {
  for (const [leaf, by] of populations) if (by !== 0) statements.populate.run(by, leaf);
  populations.clear();
  statements.commit.run();
}

type Leaf = keyof typeof leaves;
type Move = {
  readonly key: number;
  readonly machine: keyof typeof machines;
  readonly from: Leaf;
  readonly to: Leaf;
  readonly type: string;
  readonly snapshot: string;
  readonly cause: number | null;
  readonly event: string | null;
};

/** Row, place and log of one step. */
function move(state: State, { key, machine, from, to, type, snapshot, cause, event }: Move): void {
  const { statements: s, revs } = state;
  const definition = machines[machine];
  const was = revs.get(key) ?? 1;
  state.seq += 1;
  if (to === 'closed') s.advance.run(was + 1, definition, 'done', to, snapshot, 2, key, was);
  else s.move.run(was + 1, to, snapshot, 2, key, was);
  s.leave.run(leaves[from], key, key);
  s.enter.run(leaves[to], key, key, 2, state.seq, none, 0);
  count(state, leaves[from], -1);
  count(state, leaves[to], 1);
  const by = cause === null ? 'bench' : `worker/w${key % 64}`;
  const taken = word(`${from} -${type}-> ${to}`);
  s.appendLog.run(
    ...([state.seq, 2, key, word(type), cause, definition, word(from), word(to), taken, by, none] as const),
    event,
    none,
    none,
  );
  if (to === 'closed') revs.delete(key);
  else revs.set(key, was + 1);
}

/**
 * One item for each of `width` workers, in the six commits that the engine's batches make: what the outbox claims and
 * settles shares them with heartbeats.
 */
function round(state: State, { first, width }: { readonly first: number; readonly width: number }): void {
  const { statements: s } = state;
  const all = (each: (worker: number, item: number) => void) => {
    s.begin.run();
    for (let index = 0; index < width; index += 1) each(index + 1, first + index);
    commit(state);
  };
  const launched = new Map<number, number>();
  all((worker, item) => launched.set(worker, start(state, worker, item)));
  const beat = (worker: number) => s.extend.run(3, worker, 'lease');
  all((worker) => {
    beat(worker);
    s.claimEffect.run(1, launched.get(worker) ?? 0, 0);
  });
  all((worker) => {
    beat(worker);
    s.settleEffect.run('done', 'succeeded', launched.get(worker) ?? 0, 0);
  });
  all(beat);
  all((worker, item) => exit(state, worker, item));
  all((worker) => {
    const [from, to, type, snapshot] = ['exited', 'idle', 'RESET', workerSnapshot('idle', worker, 12)] as const;
    move(state, { key: worker, machine: 'worker', from, to, type, snapshot, cause: null, event: null });
  });
}

/** Returns the number of the log row, by which the outbox knows the effect. */
function start(state: State, worker: number, item: number): number {
  const { statements: s } = state;
  const event = JSON.stringify({ item: `i${item}` });
  const working = {
    from: 'idle',
    to: 'working',
    type: 'START',
    snapshot: workerSnapshot('working', worker, 12),
  } as const;
  move(state, { key: worker, machine: 'worker', ...working, cause: null, event });
  const { seq } = state;
  s.setTimer.run(worker, lease, 'lease', 90_002, 90_000, 1, null, seq);
  s.addEffect.run(seq, 0, worker, 2, 'launch', 'working', '{"epoch":12}');
  const claimed = {
    from: 'open',
    to: 'in_progress',
    type: 'CLAIM',
    snapshot: itemSnapshot(item, 'in_progress'),
  } as const;
  move(state, { key: item, machine: 'item', ...claimed, cause: seq, event: '{"by":"worker"}' });
  return seq;
}

function exit(state: State, worker: number, item: number): void {
  const { statements: s } = state;
  const exited = {
    from: 'working',
    to: 'exited',
    type: 'EXIT',
    snapshot: workerSnapshot('exited', worker, 12),
  } as const;
  move(state, { key: worker, machine: 'worker', ...exited, cause: null, event: null });
  s.dropTimer.run(worker, lease);
  s.supersede.run('working was left', worker, 'working');
  const closed = { from: 'in_progress', to: 'closed', type: 'CLOSE', snapshot: itemSnapshot(item, 'closed') } as const;
  move(state, { key: item, machine: 'item', ...closed, cause: state.seq, event: null });
  s.dropTimers.run(item);
}
