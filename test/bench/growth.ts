/** Growth: what one dispatch, one heartbeat and one tick cost, however many entities and timers wait. */
import { join } from 'node:path';
import { median } from './figures.ts';
import { fill, type Opened, openBench } from './lifecycle.ts';
import type { Report } from './report.ts';
import { fallAsleep, pause } from './timers.ts';

export type GrowthOptions = {
  readonly folder: string;
  /** How many items are open, and how many timers wait; the first is what the others are compared with. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** How often each of the hands is dispatched in a round. */
  readonly times: number;
  /** How long a sleeper sleeps: all of a round are to be born before the first wakes. */
  readonly napMs: number;
};

const HANDS = 64;

const kinds = ['dispatch', 'heartbeat', 'tick'] as const;
type Kind = (typeof kinds)[number];
/** Microseconds of processor time for each, one value for each time that it was measured. */
type Costs = Readonly<Record<Kind, number[]>>;

export async function reportGrowth(report: Report, options: GrowthOptions): Promise<void> {
  const { folder, sizes, rounds } = options;
  const opened: Opened[] = [];
  for (const size of sizes) opened.push(await laden(join(folder, `growth-${size}.db`), size));
  const costs = sizes.map((): Costs => ({ dispatch: [], heartbeat: [], tick: [] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, bench] of opened.entries()) {
      const cost = await oneRound(bench, round, options);
      if (round === 0) continue; // to warm
      for (const kind of kinds) costs[index]?.[kind].push(...cost[kind]);
    }
  }
  for (const { close } of opened) await close();
  report.section(`Growth: µs of processor time, median of ${rounds} rounds in turn`);
  for (const kind of kinds) {
    const medians = costs.map((cost) => median(cost[kind]));
    sizes.forEach((size, index) => {
      report.row(`one ${kind} with ${size.toLocaleString('en-US')}, µs`, medians[index] ?? Number.NaN);
    });
    const growth = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN);
    report.row(`one ${kind}, most / fewest`, growth, { atMost: 1.2 });
  }
}

async function laden(file: string, size: number): Promise<Opened> {
  const bench = await openBench(file);
  await fill(bench.engine, { machine: 'worker', prefix: 'w', count: HANDS });
  await fill(bench.engine, { machine: 'item', prefix: 'i', count: size });
  await fallAsleep(bench.engine, { prefix: 'far', count: size, ms: 86_400_000 });
  return bench;
}

async function oneRound({ engine }: Opened, round: number, { times, napMs }: GrowthOptions): Promise<Costs> {
  const ticks = HANDS * times;
  const everyone = async (event: (hand: string) => { type: string; item?: string; epoch?: number }) => {
    const hands = Array.from({ length: HANDS }, (_, index) => `w${index}`);
    await Promise.all(
      hands.map((id) => engine.deliver({ to: { machine: 'worker', id }, event: event(id), by: 'bench' })),
    );
    await engine.idle();
  };
  const costs: Costs = { dispatch: [], heartbeat: [], tick: [] };
  for (let time = 0; time < times; time += 1) {
    const dispatches = await spent(async () => {
      const queue = engine.reads.queue({ machine: 'item', state: 'open', limit: HANDS });
      await everyone((hand) => ({ type: 'START', item: queue[Number(hand.slice(1))]?.id ?? '' }));
    });
    const epochs = new Map(
      Array.from({ length: HANDS }, (_, index) => [`w${index}`, engine.get('worker', `w${index}`)?.context.epoch ?? 0]),
    );
    const beats = await spent(() => everyone((hand) => ({ type: 'BEAT', epoch: epochs.get(hand) ?? 0 })));
    costs.dispatch.push(dispatches / HANDS);
    costs.heartbeat.push(beats / HANDS);
    await everyone(() => ({ type: 'EXIT' }));
    await everyone(() => ({ type: 'RESET' }));
  }
  await fill(engine, { machine: 'item', prefix: `more${round}-`, count: ticks });
  const { clock } = engine.env;
  const due = clock.now() + napMs;
  await fallAsleep(engine, { prefix: `near${round}-`, count: ticks, ms: napMs });
  const fired = await spent(() => pause(clock, due + napMs - clock.now()));
  costs.tick.push(fired / ticks);
  return costs;
}

/** Microseconds of processor time of the work. */
async function spent(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
