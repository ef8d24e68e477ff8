/** W2: many timers wait; how late those that are due fire, and what the waiting costs. */
import { join } from 'node:path';
import { median, quantile } from './figures.ts';
import { type BenchEngine, openBench } from './lifecycle.ts';
import type { Report } from './report.ts';

export type W2Options = {
  readonly folder: string;
  /** Timers that wait, a day away. */
  readonly pending: number;
  /** Timers that come due one after another while they wait. */
  readonly fired: number;
  /** How long it is watched while it is idle, and how long before that it is left alone: housekeeping comes first. */
  readonly idleMs: number;
  readonly restMs: number;
};

const PIECE = 5_000;
const FAR_MS = 86_400_000;
const FIRST_MS = 500;
/** Between two that come due. */
const APART_MS = 2;
const IDLE_PIECES = 10;

export async function reportW2(report: Report, { folder, pending, fired, idleMs, restMs }: W2Options): Promise<void> {
  const bench = await openBench(join(folder, 'timers.db'));
  const { engine, commits, close } = bench;
  await fallAsleep(engine, { prefix: 'far', count: pending, ms: FAR_MS });
  const late = await latenesses(engine, fired);
  await pause(engine.env.clock, restMs);
  const before = commits();
  const idle = await idleParts(engine.env.clock, idleMs);
  const idleCommits = commits() - before;
  await close();
  report.section(`W2: ${pending.toLocaleString('en-US')} timers wait`);
  report.row('fired after due, p50 ms', quantile(late, 0.5), { atMost: 2 });
  report.row('fired after due, p99 ms', quantile(late, 0.99), { atMost: 20 });
  report.row('processor while idle, %', median(idle) * 100, { atMost: 0.1 });
  report.row('commits while idle', idleCommits, { atMost: 0 });
}

/** Sleepers `<prefix>0` … that wake after `ms`. */
export async function fallAsleep(
  engine: BenchEngine,
  sleepers: { prefix: string; count: number; ms: number },
): Promise<void> {
  const { prefix, count, ms } = sleepers;
  for (let from = 0; from < count; from += PIECE) {
    const ids = Array.from({ length: Math.min(PIECE, count - from) }, (_, index) => `${prefix}${from + index}`);
    await Promise.all(ids.map((id) => engine.create('sleeper', id, { ms })));
  }
}

type Clock = BenchEngine['env']['clock'];

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
}

/** The part of one processor that each tenth of the time took: V8 tidies its heap once, long after the last work. */
async function idleParts(clock: Clock, ms: number): Promise<readonly number[]> {
  const parts: number[] = [];
  for (let piece = 0; piece < IDLE_PIECES; piece += 1) {
    const before = process.cpuUsage();
    await pause(clock, ms / IDLE_PIECES);
    const { user, system } = process.cpuUsage(before);
    parts.push((user + system) / ((ms / IDLE_PIECES) * 1_000));
  }
  return parts;
}

/** Milliseconds from the instant at which each was due to the one at which it was known to have fired. */
async function latenesses(engine: BenchEngine, count: number): Promise<readonly number[]> {
  const late: number[] = [];
  const dueAt = new Map<string, number>();
  const all = new Promise<void>((resolve) => {
    engine.subscribe(({ rows }) => {
      for (const { entity, event } of rows) {
        const due = dueAt.get(entity.id);
        if (due === undefined || !event.type.startsWith('xstate.after')) continue;
        late.push(engine.env.clock.now() - due);
        if (late.length === count) resolve();
      }
    });
  });
  const naps = Array.from({ length: count }, async (_, index) => {
    const ms = FIRST_MS + APART_MS * index;
    const { at } = await engine.create('sleeper', `near${index}`, { ms });
    dueAt.set(`near${index}`, at + ms);
  });
  await Promise.all(naps);
  await all;
  return late;
}
