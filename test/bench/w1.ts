/** W1: a durable lifecycle of eight transitions; the engine, the floor and work by hand in turn. */
import { join } from 'node:path';
import { workByHand } from './by-hand.ts';
import { median, medianRatio } from './figures.ts';
import { openFloor } from './floor.ts';
import { type BenchEngine, EVENTS, fill, openBench, work } from './lifecycle.ts';
import { measurePace } from './pace.ts';
import type { Report } from './report.ts';

export type W1Options = {
  /** Where databases are made. */
  readonly folder: string;
  readonly items: number;
  readonly rounds: number;
  /** Entities that wait meanwhile. */
  readonly backlog: number;
  /** Seconds for which latency is measured. */
  readonly seconds: number;
};

/** How many items are worked on at a time. */
const WIDTH = 64;
const WARM = 1_000;
/** Every lantern is lit and put out once. */
const WARM_SECONDS = 0.2;
/** Work by hand is a commit for each change: a few items tell enough. */
const BY_HAND_PART = 20;

export async function reportW1(report: Report, options: W1Options): Promise<void> {
  await lifecycle(report, options);
  await backlog(report, options);
  await latency(report, options);
}

/** In turn, so that a slow moment of the disk hits all of them. */
async function lifecycle(report: Report, { folder, items, rounds }: W1Options): Promise<void> {
  const { engine, commits, close } = await openBench(join(folder, 'engine.db'));
  const floor = openFloor(join(folder, 'floor.db'), { workers: WIDTH, items: items * rounds + WARM + WIDTH });
  await fill(engine, { machine: 'worker', prefix: 'w', count: WIDTH });
  const rates = { engine: [] as number[], floor: [] as number[], hand: [] as number[] };
  let together = 0;
  await perSecond(engine, 'warm-', Math.min(items, WARM));
  floor.work({ count: Math.min(items, WARM), width: WIDTH });
  for (let round = 0; round < rounds; round += 1) {
    await fill(engine, { machine: 'item', prefix: `r${round}-`, count: items });
    const before = commits();
    rates.engine.push(items / (await work(engine, { prefix: `r${round}-`, count: items, width: WIDTH })));
    together = (items * EVENTS) / (commits() - before);
    rates.floor.push(items / floor.work({ count: items, width: WIDTH }));
    const few = Math.ceil(items / BY_HAND_PART);
    rates.hand.push(few / workByHand(join(folder, 'hand.db'), few));
  }
  floor.close();
  await close();
  report.section(`W1: ${items} items of 8 durable transitions, ${WIDTH} at a time, FULL, median of ${rounds}`);
  report.row('engine, items/s', median(rates.engine), { atLeast: 4_000 });
  report.row('floor: the same rows by bare SQL, items/s', median(rates.floor));
  report.row('by hand: live actor, snapshot, write at each change, items/s', median(rates.hand));
  report.row('engine / floor', medianRatio(rates.engine, rates.floor), { atLeast: 0.6 });
  report.row('engine / by hand', medianRatio(rates.engine, rates.hand), { atLeast: 6 });
  report.row('events in one commit', together);
}

/** Two engines in turn, one of them with a backlog. */
async function backlog(report: Report, { folder, items, rounds, backlog: waiting }: W1Options): Promise<void> {
  const alone = await openBench(join(folder, 'alone.db'));
  const laden = await openBench(join(folder, 'laden.db'));
  for (const { engine } of [alone, laden]) await fill(engine, { machine: 'worker', prefix: 'w', count: WIDTH });
  await fill(laden.engine, { machine: 'item', prefix: 'waits-', count: waiting });
  const count = Math.ceil(items / 2);
  const rates = { alone: [] as number[], laden: [] as number[] };
  for (let round = 0; round < rounds + 1; round += 1) {
    const one = await perSecond(alone.engine, `r${round}-`, count);
    const other = await perSecond(laden.engine, `r${round}-`, count);
    if (round === 0) continue; // to warm both
    rates.alone.push(one);
    rates.laden.push(other);
  }
  await alone.close();
  await laden.close();
  report.row(`engine with a backlog of ${waiting.toLocaleString('en-US')}, items/s`, median(rates.laden));
  report.row('with / without the backlog', medianRatio(rates.laden, rates.alone), { atLeast: 0.95 });
}

async function perSecond(engine: BenchEngine, prefix: string, count: number): Promise<number> {
  await fill(engine, { machine: 'item', prefix, count });
  return count / (await work(engine, { prefix, count, width: WIDTH }));
}

async function latency(report: Report, { folder, seconds }: W1Options): Promise<void> {
  const { engine, close } = await openBench(join(folder, 'pace.db'));
  await fill(engine, { machine: 'lantern', prefix: 'p', count: 100 });
  await measurePace(engine, { perSecond: 1_000, seconds: WARM_SECONDS });
  const { p50, p99 } = await measurePace(engine, { perSecond: 1_000, seconds });
  await close();
  report.row('one transition at 1,000/s, p50 ms', p50, { atMost: 2 });
  report.row('one transition at 1,000/s, p99 ms', p99, { atMost: 20 });
}
