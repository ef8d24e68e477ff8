/** Figures over time, from the log: how much happened, what failed, how long effects took, who stood where. */
import { Refused } from '../../core/errors.ts';
import type { EpochMs } from '../../core/types.ts';
import type { MetricsView, Series } from '../contract.ts';
import { heat } from './heat.ts';
import type { Inspection } from './inspection.ts';
import { BUCKET_MS, type Bucket, topStates } from './tally.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const POINTS_MAX = 120;
const SPARK_POINTS = 60;
/** Lines of one chart. */
const LINES_MAX = 8;

type Grid = { readonly from: EpochMs; readonly to: EpochMs; readonly stepMs: number };
type Step = { readonly at: EpochMs; readonly buckets: readonly Bucket[] };

const sumOf = (buckets: readonly Bucket[], value: (bucket: Bucket) => number) =>
  buckets.reduce((sum, bucket) => sum + value(bucket), 0);

/** Rows a minute, and failures, of the last hour; empty while the past is being counted. */
export function sparksOf(inspection: Inspection): readonly Series[] {
  const now = inspection.now();
  if (!inspection.tally.reaches(now - HOUR_MS)) return [];
  const steps = stepsOf(inspection, gridOf(now - HOUR_MS, now, SPARK_POINTS));
  return [
    series('commits', '1/min', steps, ({ buckets }) => sumOf(buckets, ({ rows }) => rows)),
    series('failed effects', '1/min', steps, ({ buckets }) => sumOf(buckets, ({ failures }) => failures)),
    series('rejected events', '1/min', steps, ({ buckets }) => sumOf(buckets, ({ rejected }) => rejected)),
  ];
}

/** Refused `invalid` for a range that is none; a range beyond the last day is cut to it. */
export async function metrics(inspection: Inspection, range: { from?: number; to?: number }): Promise<MetricsView> {
  const now = inspection.now();
  const to = Math.min(range.to ?? now, now);
  const from = Math.max(range.from ?? to - HOUR_MS, now - DAY_MS);
  if (!(from < to)) throw new Refused('invalid', 'the range is empty: "from" is before "to", within the last 24 hours');
  const isWhole = await inspection.patience(() => inspection.tally.reaches(from));
  const dwell: MetricsView['dwell'][number][] = [];
  for (const { name } of inspection.machines.all()) dwell.push(await heat(inspection, name));
  const grid = gridOf(from, to, POINTS_MAX);
  const steps = stepsOf(inspection, grid);
  return {
    ...{ ...inspection.stamp(), ...(!isWhole && { partial: true as const }), ...grid },
    ...{ panels: [...panelsOf(steps, grid), ...standing(inspection, steps)], dwell },
  };
}

function gridOf(from: EpochMs, to: EpochMs, points: number): Grid {
  const stepMs = Math.max(BUCKET_MS, Math.ceil((to - from) / points / BUCKET_MS) * BUCKET_MS);
  return { from: Math.floor(from / stepMs) * stepMs, to, stepMs };
}

/** Those that are not counted in full yet are missing. */
function stepsOf({ tally }: Inspection, { from, to, stepMs }: Grid): readonly Step[] {
  const byStep = new Map<EpochMs, Bucket[]>();
  for (const bucket of tally.between(from, to)) {
    const at = Math.floor(bucket.at / stepMs) * stepMs;
    const known = byStep.get(at);
    if (known) known.push(bucket);
    else byStep.set(at, [bucket]);
  }
  const steps: Step[] = [];
  for (let at = from; at < to; at += stepMs) steps.push({ at, buckets: byStep.get(at) ?? [] });
  return steps.filter(({ at }) => at >= tally.since);
}

function series(name: string, unit: string, steps: readonly Step[], value: (step: Step) => number | null): Series {
  return { name, unit, points: steps.map((step) => [step.at, value(step)] as const) };
}

function panelsOf(steps: readonly Step[], { stepMs }: Grid): MetricsView['panels'] {
  const rate = (value: (bucket: Bucket) => number) => (step: Step) =>
    Math.round((sumOf(step.buckets, value) / stepMs) * 60_000 * 10) / 10;
  return [
    {
      title: 'Events',
      description: 'Rows of the log a minute: what was taken, what was turned away, and timers that fired.',
      series: [
        series(
          'taken',
          '1/min',
          steps,
          rate(({ rows, rejected }) => rows - rejected),
        ),
        series(
          'rejected',
          '1/min',
          steps,
          rate(({ rejected }) => rejected),
        ),
        series(
          'timers',
          '1/min',
          steps,
          rate(({ timers }) => timers),
        ),
      ],
    },
    {
      title: 'Effects',
      description: 'Outcomes of outside work that a chart heard of, a minute.',
      series: [
        series(
          'ended',
          '1/min',
          steps,
          rate(({ outcomes }) => outcomes),
        ),
        series(
          'failed or unanswered',
          '1/min',
          steps,
          rate(({ failures }) => failures),
        ),
      ],
    },
    {
      title: 'Effect latency',
      description: 'From the event that asked for an effect to the one that heard of its end, on average.',
      series: [
        series('mean', 'ms', steps, ({ buckets }) => {
          const count = sumOf(buckets, ({ effects }) => effects);
          return count === 0 ? null : Math.round(sumOf(buckets, ({ effectMs }) => effectMs) / count);
        }),
      ],
    },
  ];
}

/** How many stood in each top-level state: walked back from how many stand there now. */
function standing(inspection: Inspection, steps: readonly Step[]): MetricsView['panels'] {
  const last = steps.at(-1);
  if (!last) return [];
  return inspection.machines.all().flatMap(({ name, plural }) => {
    const counts = new Map<string, number>();
    for (const { state, count } of inspection.source.reads.census(name)) {
      for (const top of topStates(state)) counts.set(top, (counts.get(top) ?? 0) + count);
    }
    // What moved after the range is taken back first.
    const after = inspection.tally.between(last.at + 1, Number.MAX_SAFE_INTEGER);
    const lines = [...counts.keys()].slice(0, LINES_MAX).map((top): Series => {
      const key = `${name}/${top}`;
      const moved = (buckets: readonly Bucket[]) => sumOf(buckets, ({ moves }) => moves.get(key) ?? 0);
      const inLast = new Set(last.buckets);
      let count = (counts.get(top) ?? 0) - moved(after.filter((bucket) => !inLast.has(bucket)));
      const points: [EpochMs, number][] = [];
      for (const step of [...steps].reverse()) {
        points.push([step.at, Math.max(0, count)]);
        count -= moved(step.buckets);
      }
      return { name: top, unit: plural.toLowerCase(), points: points.reverse() };
    });
    if (lines.length === 0) return [];
    return [{ title: plural, description: `${plural} by top-level state, at the end of each step.`, series: lines }];
  });
}
