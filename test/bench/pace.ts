/** Latency of one transition at an offered rate: what a caller waits for its durable answer. */
import { quantile } from './figures.ts';
import type { BenchEngine } from './lifecycle.ts';

/** Heartbeats alternate with real steps. Returns milliseconds. */
export async function measurePace(
  engine: BenchEngine,
  load: { perSecond: number; seconds: number },
): Promise<{ p50: number; p99: number }> {
  const waits: number[] = [];
  const answers: Promise<unknown>[] = [];
  const total = load.perSecond * load.seconds;
  const begin = performance.now();
  const one = async (index: number) => {
    const sentAt = performance.now();
    const id = `p${index % 100}`;
    const type = Math.floor(index / 100) % 2 === 0 ? 'DIM' : 'SHINE';
    await engine.deliver({ to: { machine: 'lantern', id }, event: { type }, by: 'bench' });
    waits.push(performance.now() - sentAt);
  };
  await new Promise<void>((resolve) => {
    const beat = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - begin) / 1_000) * load.perSecond));
      while (answers.length < due) answers.push(one(answers.length));
      if (answers.length < total) return;
      clearInterval(beat);
      resolve();
    }, 1);
  });
  await Promise.all(answers);
  return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
}
