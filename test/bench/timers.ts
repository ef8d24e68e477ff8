/** W2: many timers wait; how late those that are due fire, and what the waiting costs. */
import { quantile } from './figures.ts';
import { openBench } from './lifecycle.ts';

export type TimerFigures = {
  readonly p50: number;
  readonly p99: number;
  readonly idleCpu: number;
  readonly commits: number;
};

const PIECE = 5_000;
const FIRED = 1_000;
const SPREAD_MS = 2_000;
const IDLE_MS = 5_000;
/** Housekeeping comes twice after the last commit; idle is what follows. */
const REST_MS = 3_000;

/**
 * `pending` timers far away, and a thousand that come due one after another. Milliseconds; `idleCpu` is a fraction of
 * one core.
 */
export async function measureTimers(file: string, pending: number): Promise<TimerFigures> {
  const bench = await openBench(file);
  const { engine } = bench;
  const sleep = (id: string, ms: number) => engine.create('sleeper', id, { ms });
  for (let from = 0; from < pending; from += PIECE) {
    const ids = Array.from({ length: Math.min(PIECE, pending - from) }, (_, index) => from + index);
    await Promise.all(ids.map((id) => sleep(`far${id}`, 86_400_000 + id)));
  }
  const late: number[] = [];
  const dueAt = new Map<string, number>();
  const all = new Promise<void>((resolve) => {
    engine.subscribe(({ rows }) => {
      for (const { entity, event } of rows) {
        const due = dueAt.get(entity.id);
        if (due === undefined || !event.type.startsWith('xstate.after')) continue;
        late.push(engine.env.clock.now() - due);
        if (late.length === FIRED) resolve();
      }
    });
  });
  const begin = engine.env.clock.now();
  const near = Array.from({ length: FIRED }, (_, index) => index);
  await Promise.all(
    near.map(async (index) => {
      const ms = 500 + Math.floor((SPREAD_MS * index) / FIRED);
      const { at } = await sleep(`near${begin}-${index}`, ms);
      dueAt.set(`near${begin}-${index}`, at + ms);
    }),
  );
  await all;
  await pause(engine.env.clock, REST_MS);
  const idle = await idleCost(engine.env.clock, bench.commits);
  await bench.close();
  return { p50: quantile(late, 0.5), p99: quantile(late, 0.99), ...idle };
}

type Clock = Awaited<ReturnType<typeof openBench>>['engine']['env']['clock'];

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
}

async function idleCost(clock: Clock, commits: () => number): Promise<{ idleCpu: number; commits: number }> {
  const before = commits();
  const cpu = process.cpuUsage();
  await pause(clock, IDLE_MS);
  const { user, system } = process.cpuUsage(cpu);
  return { idleCpu: (user + system) / (IDLE_MS * 1_000), commits: commits() - before };
}
