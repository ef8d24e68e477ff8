/**
 * W1 by hand: a live actor for each entity, its persisted snapshot written at each change, as XState's documentation
 * shows it.
 */
import Database from 'better-sqlite3';
import { createActor } from 'xstate';
import { item, worker } from './machines.ts';

/** Works `count` items off, one after another: each change is a commit. Returns seconds. */
export function workByHand(file: string, count: number): number {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS actor (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL)');
  const save = db.prepare(
    'INSERT INTO actor (id, snapshot) VALUES (?, ?) ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot',
  );
  const keep = (id: string, actor: { getPersistedSnapshot(): unknown }) => {
    save.run(id, JSON.stringify(actor.getPersistedSnapshot()));
  };
  const hand = createActor(worker.machine).start();
  const begin = performance.now();
  for (let index = 0; index < count; index += 1) {
    const id = `i${index}`;
    const piece = createActor(item.machine, { input: { title: id } }).start();
    const say = (event: Parameters<typeof hand.send>[0]) => {
      hand.send(event);
      keep('worker/w', hand);
    };
    say({ type: 'START', item: id });
    piece.send({ type: 'CLAIM', by: 'worker' });
    keep(id, piece);
    for (let beat = 0; beat < 3; beat += 1) say({ type: 'BEAT', epoch: index + 1 });
    say({ type: 'EXIT' });
    piece.send({ type: 'CLOSE' });
    keep(id, piece);
    say({ type: 'RESET' });
    piece.stop();
  }
  const seconds = (performance.now() - begin) / 1_000;
  hand.stop();
  db.close();
  return seconds;
}
