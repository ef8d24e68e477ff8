/**
 * `npm run bench`: the engine against the floor and against work by hand, side by side in one run.
 * Options: `--quick` (a tenth of everything), `--backlog <n>` (entities that wait meanwhile, 100,000), `--rounds <n>`
 * (3).
 * The database is made in the folder of `--dir`, or a temporary one: what its disk can do is half of every figure.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { workByHand } from './by-hand.ts';
import { figure, median, print, report } from './figures.ts';
import { openFloor } from './floor.ts';
import { type BenchEngine, EVENTS, fill, openBench, work } from './lifecycle.ts';
import { measurePace } from './pace.ts';
import { measureTimers } from './timers.ts';

const WIDTH = 64;
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    backlog: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const scale = options.quick ? 0.1 : 1;
const items = 10_000 * scale;
const backlog = Number(options.backlog ?? 100_000 * scale);
const rounds = Number(options.rounds);
const folder = mkdtempSync(join(options.dir, 'bench-'));

async function perSecond(engine: BenchEngine, prefix: string, count: number): Promise<number> {
  await fill(engine, { machine: 'item', prefix, count });
  return count / (await work(engine, { prefix, count, width: WIDTH }));
}

/** W1: engine, floor and hand in turn, so that a slow moment of the disk hits all of them. */
async function lifecycle(): Promise<void> {
  const { engine, commits, close } = await openBench(join(folder, 'engine.db'));
  const floor = openFloor(join(folder, 'floor.db'), { workers: WIDTH, items: items * rounds + WIDTH });
  await fill(engine, { machine: 'worker', prefix: 'w', count: WIDTH });
  const rates = { engine: [] as number[], floor: [] as number[], hand: [] as number[] };
  let together = 0;
  await perSecond(engine, 'warm-', Math.min(items, 2_000));
  for (let turn = 0; turn < rounds; turn += 1) {
    await fill(engine, { machine: 'item', prefix: `r${turn}-`, count: items });
    const before = commits();
    rates.engine.push(items / (await work(engine, { prefix: `r${turn}-`, count: items, width: WIDTH })));
    together = (items * EVENTS) / (commits() - before);
    rates.floor.push(items / floor.work({ count: items, width: WIDTH }));
    const few = Math.ceil(items / 20);
    rates.hand.push(few / workByHand(join(folder, 'hand.db'), few));
  }
  floor.close();
  const own = median(rates.engine);
  print(`W1, FULL, ${items} items of 8 transitions, ${WIDTH} at a time, ${rounds} rounds`);
  report('engine, items/s', figure(own), '≥ 4,000');
  report('floor (same rows, raw), items/s', figure(median(rates.floor)));
  report('by hand (actor, snapshot, write), items/s', figure(median(rates.hand)));
  report('engine / floor', figure(ratio(rates.engine, rates.floor)), '≥ 0.6');
  report('engine / by hand', figure(ratio(rates.engine, rates.hand)), '≥ 6');
  report('events in one commit', figure(together));
  await withBacklog(engine, own);
  await close();
}

/** The median of what each round says: both sides of a ratio had the same disk. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}

async function withBacklog(engine: BenchEngine, without: number): Promise<void> {
  await fill(engine, { machine: 'item', prefix: 'backlog', count: backlog });
  const rates: number[] = [];
  for (let turn = 0; turn < rounds; turn += 1) rates.push(await perSecond(engine, `b${turn}-`, items));
  report(`engine with a backlog of ${figure(backlog)}, items/s`, figure(median(rates)));
  report('with / without backlog', figure(median(rates) / without), '≥ 0.95');
}

async function latency(): Promise<void> {
  const { engine, close } = await openBench(join(folder, 'pace.db'));
  await fill(engine, { machine: 'lantern', prefix: 'p', count: 100 });
  const { p50, p99 } = await measurePace(engine, { perSecond: 1_000, seconds: options.quick ? 1 : 5 });
  report('one transition at 1,000/s, p50 ms', figure(p50), '≤ 2');
  report('one transition at 1,000/s, p99 ms', figure(p99), '≤ 20');
  await close();
}

async function growth(): Promise<void> {
  print('\nGrowth: microseconds of processor time for each item of W1');
  const sizes = [1_000, 10_000, 100_000].filter((size) => size <= Math.max(10_000, backlog));
  const { engine, close } = await openBench(join(folder, 'growth.db'));
  await fill(engine, { machine: 'worker', prefix: 'w', count: WIDTH });
  await perSecond(engine, 'warm-', Math.min(items, 500));
  const costs: number[] = [];
  let filled = 0;
  for (const size of sizes) {
    await fill(engine, { machine: 'item', prefix: `g${filled}-`, count: size - filled });
    filled = size;
    const count = Math.ceil(items / 4);
    await fill(engine, { machine: 'item', prefix: `s${size}-`, count });
    const cpu = process.cpuUsage();
    await work(engine, { prefix: `s${size}-`, count, width: WIDTH });
    const { user, system } = process.cpuUsage(cpu);
    costs.push((user + system) / count);
    report(`with ${figure(size)} entities, µs`, figure(costs.at(-1) ?? 0));
  }
  report('largest / smallest', figure((costs.at(-1) ?? 0) / (costs[0] ?? 1)), '≤ 1.2');
  await close();
}

async function start(): Promise<void> {
  const file = join(folder, 'start.db');
  const { engine, close } = await openBench(file);
  await fill(engine, { machine: 'worker', prefix: 'w', count: 100 });
  await fill(engine, { machine: 'item', prefix: 'i', count: backlog });
  await close();
  const script = new URL('./start.ts', import.meta.url).pathname;
  const child = execFileSync(process.execPath, ['--import', 'tsx', script, file], { encoding: 'utf8' });
  const { dispatchMs, fromExecMs, rssMb } = JSON.parse(child) as Record<'dispatchMs' | 'fromExecMs' | 'rssMb', number>;
  print(`\nStart with ${figure(backlog)} entities`);
  report('first dispatch after opening the store, ms', figure(dispatchMs), '≤ 500');
  report('first dispatch after exec (with the compiler), ms', figure(fromExecMs), '≤ 2,000');
  report('memory, MB', figure(rssMb), '≤ 200');
}

async function timers(): Promise<void> {
  const { p50, p99, idleCpu, commits } = await measureTimers(join(folder, 'timers.db'), backlog);
  print(`\nW2, ${figure(backlog)} timers wait`);
  report('fired after due, p50 ms', figure(p50), '≤ 2');
  report('fired after due, p99 ms', figure(p99), '≤ 20');
  report('processor while idle, %', figure(idleCpu * 100), '≤ 0.1');
  report('commits while idle', String(commits), '0');
}

try {
  await lifecycle();
  await latency();
  await timers();
  await growth();
  await start();
} finally {
  rmSync(folder, { recursive: true });
}
