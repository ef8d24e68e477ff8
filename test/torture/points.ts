/**
 * Death at named points: the real process is killed instead of, or right after, its n-th write, fsync, rename, unlink,
 * mkdir, truncate or fork, from its founding to its orderly end. Then it is asked what is asked after every death.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { coerceError } from '../../src/core/errors.ts';
import type { Dice } from './dice.ts';
import { rest, unsettled } from './lane.ts';
import { Load } from './load.ts';
import { examine, examineOutside } from './oracle.ts';
import { type Life, Yard } from './yard.ts';

/** `fsync:12:before`: instead of the twelfth fsync; `:after`: right after it. */
export type Point = string;

export type PointsOptions = {
  readonly program: string;
  readonly library: string;
  readonly dice: Dice;
  /** How long the load works, when the point has not come before. */
  readonly workMs: number;
};

/** What came of one point. Not reached: the process did fewer such calls this time, and ended orderly. */
export type Examined = { readonly point: Point; readonly reached: boolean; readonly problems: readonly string[] };

const SLACK_MS = 15_000;
const LOOK_MS = 50;

/** How many calls of each kind there are in a life from founding to orderly end. */
export async function countCalls(options: PointsOptions): Promise<ReadonlyMap<string, number>> {
  const yard = new Yard(options.program);
  try {
    const file = join(yard.root, 'counts');
    const load = new Load(options.dice, () => yard.token);
    await live({ yard, load, options }, { CRASH_COUNTS: file });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])] as const));
  } finally {
    yard.remove();
  }
}

/** So many points, the same share for each kind of call, spread over all of its calls. */
export function choosePoints(counts: ReadonlyMap<string, number>, most: number, dice: Dice): readonly Point[] {
  const kinds = [...counts].filter(([, count]) => count > 0);
  const share = Math.max(1, Math.ceil(most / kinds.length));
  return kinds
    .flatMap(([kind, count]) => {
      const sides = ['before', 'after'] as const;
      if (count * 2 <= share) {
        return Array.from({ length: count }, (_, index) => sides.map((side) => `${kind}:${index + 1}:${side}`)).flat();
      }
      return Array.from({ length: share }, (_, index) => {
        const number = 1 + Math.floor(((index + dice.below(1)) * count) / share);
        return `${kind}:${number}:${sides[index % 2]}`;
      });
    })
    .slice(0, most);
}

/** A life that dies at the point, and the next one, which has to come to rest. */
export async function dieAt(point: Point, options: PointsOptions): Promise<Examined> {
  const yard = new Yard(options.program);
  try {
    const load = new Load(options.dice, () => yard.token);
    const { code, wasServed, diedAt } = await live({ yard, load, options }, { CRASH_AT: point });
    const problems = wasServed ? [...examine(yard, load.commands).problems] : [];
    if (code !== null && code !== 0) problems.push(`it ended with ${code} instead of dying at ${point}`);
    problems.push(...(await rest(yard, load)), ...load.problems);
    problems.push(...examineOutside(yard, { deaths: [diedAt], slackMs: SLACK_MS }));
    return { point, reached: code === null, problems: problems.map((problem) => `${point}: ${problem}`) };
  } catch (thrown) {
    return { point, reached: true, problems: [`${point}: ${coerceError(thrown).message}`] };
  } finally {
    yard.remove();
  }
}

type Stage = { readonly yard: Yard; readonly load: Load; readonly options: PointsOptions };
type Lived = { readonly code: number | null; readonly wasServed: boolean; readonly diedAt: number };

/** From the founding over some work to the orderly end, or to death before that. */
async function live({ yard, load, options }: Stage, told: Readonly<Record<string, string>>): Promise<Lived> {
  const life = yard.begin({ environment: { ...told, LD_PRELOAD: options.library } });
  const url = await life.ready.catch(() => null);
  if (url !== null) {
    const until = new AbortController();
    life.ended.then(() => until.abort());
    await Promise.all([load.work(url, until.signal), endAfter(options.workMs, until)]).catch(() => undefined);
    await restOrDeath(life, url, yard);
    life.child.kill('SIGTERM');
  }
  const { code } = await life.ended;
  return { code, wasServed: url !== null && existsSync(join(yard.data, 'town.db')), diedAt: Date.now() };
}

async function endAfter(ms: number, until: AbortController): Promise<void> {
  await pause(ms, undefined, { signal: until.signal }).catch(() => undefined);
  until.abort();
}

async function restOrDeath(life: Life, url: string, yard: Yard): Promise<void> {
  while (life.child.exitCode === null && life.child.signalCode === null) {
    const left = await unsettled(url, yard.token).catch(() => ['it does not answer']);
    if (left.length === 0) return;
    await pause(LOOK_MS);
  }
}
