/** One town after another, each killed again and again under load and examined after each death. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import { type Figures, Load } from './load.ts';
import { examine, examineOutside } from './oracle.ts';
import { type Life, Yard } from './yard.ts';

export type Tally = Figures & {
  kills: number;
  /** Of these, before the town was served. */
  early: number;
  towns: number;
  commands: number;
  rows: number;
  starts: number;
  merges: number;
  problems: string[];
};

export function emptyTally(): Tally {
  const figures = { acknowledged: 0, repeated: 0, replayed: 0, refused: 0 };
  return { ...figures, kills: 0, early: 0, towns: 0, commands: 0, rows: 0, starts: 0, merges: 0, problems: [] };
}

export type LaneOptions = {
  readonly program: string;
  readonly dice: Dice;
  readonly tally: Tally;
  /** Asked before each kill. */
  readonly isOver: () => boolean;
  readonly killsPerTown: number;
  readonly onKill?: () => void;
};

/** The longest that a kill waits when the town is served. One while it opens waits at most as long as that took. */
const WORK_MS = 500;
/** A town that changes nothing for so long does not come to rest any more, however slow the machine. */
const STILL_MS = 120_000;
/** Nor does one that goes on changing for so long. */
const RESTLESS_MS = 600_000;
const LOOK_MS = 100;
/** What is on its way when a town dies may take as long as some starts of a town do, and at least so long. */
const SLACK_MS = 3_000;
const SLACK_BOOTS = 6;

export async function torture(options: LaneOptions): Promise<void> {
  while (!options.isOver()) {
    const yard = new Yard(options.program);
    try {
      await tortureTown(yard, options);
    } finally {
      yard.remove();
    }
    if (options.tally.problems.length > 0) return;
  }
}

async function tortureTown(yard: Yard, options: LaneOptions): Promise<void> {
  const { dice, tally } = options;
  const load = new Load(dice, () => yard.token);
  const deaths: number[] = [];
  // The founding is not cut short here: a town that never was has nothing to lose.
  let bootMs: number | null = null;
  let slowestMs = 0;
  tally.towns += 1;
  for (let kill = 0; kill < options.killsPerTown && !options.isOver(); kill += 1) {
    const isEarly: boolean = bootMs !== null && dice.chance(0.5);
    const afterMs: number = isEarly ? dice.below(bootMs ?? 0) : dice.below(WORK_MS);
    const tookMs: number | null = await liveAndDie(yard.begin(), load, { afterMs, isEarly });
    bootMs = tookMs ?? bootMs;
    slowestMs = Math.max(slowestMs, bootMs ?? 0);
    deaths.push(Date.now());
    tally.kills += 1;
    if (isEarly) tally.early += 1;
    const { problems, rows } = examine(yard, load.commands);
    tally.problems.push(...problems, ...load.problems);
    if (kill + 1 === options.killsPerTown || options.isOver()) tally.rows += rows;
    options.onKill?.();
    if (tally.problems.length > 0) return;
  }
  const slackMs = Math.max(SLACK_MS, SLACK_BOOTS * slowestMs);
  tally.problems.push(...(await rest(yard, load)), ...examineOutside(yard, { deaths, slackMs }), ...load.problems);
  tally.starts += yard.starts().length;
  tally.merges += Number(yard.git('rev-list', '--count', '--merges', 'main'));
  tally.commands += load.commands.length;
  for (const name of ['acknowledged', 'repeated', 'replayed', 'refused'] as const) tally[name] += load.figures[name];
}

type Death = { readonly afterMs: number; readonly isEarly: boolean };

/** Kills it so long after its start, or after it was served; resolves with how long it took to be served, if it was. */
async function liveAndDie(life: Life, load: Load, { afterMs, isEarly }: Death): Promise<number | null> {
  const dead = new AbortController();
  const bornAt = Date.now();
  let bootMs: number | null = null;
  const working = life.ready.then((url) => {
    bootMs = Date.now() - bornAt;
    return load.work(url, dead.signal);
  });
  if (!isEarly) await life.ready;
  await Promise.race([pause(afterMs), life.ended]);
  const endedAlone = life.child.exitCode !== null;
  life.child.kill('SIGKILL');
  dead.abort();
  await life.ended;
  await working.catch(() => undefined);
  if (endedAlone) throw new Error(`the town ended by itself: ${life.complaints()}`);
  return bootMs;
}

/** Lets the town live until it has nothing to do, then ends it. Sentences of what is not as it should be. */
export async function rest(yard: Yard, load: Load): Promise<readonly string[]> {
  const life = yard.begin();
  const url = await life.ready;
  await load.finish(url, AbortSignal.timeout(STILL_MS));
  const problems: string[] = [];
  const left = await asLongAsItMoves(() => unsettled(url, yard.token));
  if (left.length > 0) problems.push(`did not come to rest: ${left.join(', ')}`);
  const strays = await asLongAsItMoves(async () => yard.processes().map(String));
  if (strays.length > 0) problems.push(`processes ${strays.join(', ')} were neither taken up nor ended`);
  life.child.kill('SIGTERM');
  const { code } = await life.ended;
  if (code !== 0) problems.push(`an orderly end was ${code}: ${life.complaints()}`);
  return [...problems, ...examine(yard, load.commands).problems];
}

/** Beads that are on their way. */
export async function unsettled(url: string, token: string): Promise<readonly string[]> {
  const states = ['in_progress', 'open.ready', 'failed.exhausted'];
  const pages = states.map(async (state) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/api/v1/beads?limit=500&state=${state}`, { headers });
    const { items } = (await answer.json()) as { items: readonly { id: string; substate: string }[] };
    return items.map(({ id, substate }) => `${id} ${substate}`);
  });
  return (await Promise.all(pages)).flat();
}

/** Looks until nothing is left, or what is left has not changed for long; resolves with that. */
async function asLongAsItMoves(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let seen = '';
  const startedAt = Date.now();
  for (let changedAt = startedAt; ; ) {
    const left = await look();
    if (left.length === 0) return left;
    const text = left.join();
    if (text !== seen) changedAt = Date.now();
    if (Date.now() - changedAt > STILL_MS || Date.now() - startedAt > RESTLESS_MS) return left;
    seen = text;
    await pause(LOOK_MS);
  }
}
