/**
 * `npm run bench`: what the engine and the town do in a second, side by side with the floor and with work by hand.
 * Options: `--quick` (less of everything, under a minute), `--million` (W2 and growth up to a million), `--only
 * <names>`
 * (w1, w2, w3, growth, town; with commas), `--rounds <n>`, `--dir <folder>`: the database is made there, or in a
 * temporary folder; what its disk can do is half of every figure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportGrowth } from './growth.ts';
import { Report } from './report.ts';
import { reportW2 } from './timers.ts';
import { reportTownSize } from './town-size.ts';
import { reportW1 } from './w1.ts';
import { reportW3 } from './w3.ts';

type Scale = { readonly folder: string; readonly rounds: number; readonly quick: boolean; readonly million: boolean };

/** Measures what the arguments ask for and writes the table line by line. */
export async function runBench(args: readonly string[], write: (line: string) => void): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      million: { type: 'boolean', default: false },
      only: { type: 'string', default: 'w1,w2,w3,growth,town' },
      rounds: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const { quick, million } = values;
  const folder = mkdtempSync(join(values.dir, 'bench-'));
  const rounds = Number(values.rounds ?? (quick ? 3 : 5));
  write(`Node ${process.version}, ${availableParallelism()} processors`);
  const report = new Report(write);
  const sections = sectionsOf(report, { folder, rounds, quick, million });
  try {
    for (const name of values.only.split(',')) await sections[name]?.();
    report.end();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sectionsOf(report: Report, scale: Scale): Readonly<Record<string, () => Promise<void>>> {
  const { folder, rounds, quick, million } = scale;
  const many = quick ? 10_000 : 100_000;
  const most = million ? 1_000_000 : many;
  const sizes = million ? [1_000, many, most] : [1_000, many];
  const idleMs = quick ? 3_000 : 60_000;
  return {
    w1: () =>
      reportW1(report, { folder, rounds, items: quick ? 2_000 : 10_000, backlog: many, seconds: quick ? 1 : 5 }),
    w2: () => reportW2(report, { folder, pending: most, fired: 1_000, idleMs, restMs: 3_000 }),
    w3: () => reportW3(report, { folder, seconds: quick ? 2 : 5, connections: 64, beads: 10_000, apart: true }),
    growth: () => reportGrowth(report, { folder, sizes, rounds, times: 8, napMs: 400 }),
    town: () => reportTownSize(report, { folder, beads: many, agents: 100, apart: true }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runBench(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
