/**
 * Slots are never exceeded and labels never ignored, whatever happens to the containers: seeded towns of three, in
 * which runners come, go, change and restart while runs begin, end and fall silent.
 */
import { expect, test } from 'vitest';
import type { ContainerContext } from '../../machines/container.ts';
import type { LogRow } from '../../src/store/port.ts';
import type { Place } from '../../src/town/options.ts';
import { createDice, type Dice } from '../torture/dice.ts';
import { RIG, ScriptedContainer, SECOND, type World, world } from './world.ts';
import { host } from './yard.ts';

const SEEDS = 8;
const STEPS = 80;
const BEADS = 12;
const LABELS = ['linux', 'gpu'];
const RIGS = { any: RIG, linux: { ...RIG, labels: ['linux'] }, gpu: { ...RIG, labels: ['gpu', 'linux'] } };

type Play = {
  readonly w: World;
  readonly dice: Dice;
  readonly containers: Map<string, ScriptedContainer>;
  readonly broken: string[];
  /** How many runs were placed, so that a test of nothing is noticed. */
  placed: number;
};

const pick = <T>(dice: Dice, items: readonly T[]): T => items[Math.floor(dice.below(items.length))] as T;

function place(dice: Dice): Place {
  const labels = LABELS.filter(() => dice.chance(0.6));
  return { labels, slots: dice.chance(0.2) ? null : Math.floor(dice.below(4)) };
}

/** Each placement against the container as it was left by that very event. */
function watch(play: Play): void {
  const runs = new Map<string, { runs: Set<number>; place: Place }>();
  play.w.town.watch((rows) => {
    for (const row of rows) if (row.entity.machine === 'container' && row.rejected === null) judge(play, runs, row);
  });
}

function judge(play: Play, known: Map<string, { runs: Set<number>; place: Place }>, { entity, event }: LogRow): void {
  const own = known.get(entity.id) ?? { runs: new Set(), place: { labels: [], slots: null } };
  known.set(entity.id, own);
  const { labels, slots } = (event.type === 'xstate.init' ? event.input : event) as unknown as Place;
  if (event.type === 'xstate.init' || event.type === 'CONFIGURE') own.place = { labels, slots };
  if (event.type === 'VACATE') own.runs.delete(Number(event.epoch));
  if (event.type === 'REVIVED') own.runs.add(Number(event.epoch));
  if (event.type !== 'PLACE') return;
  play.placed += 1;
  const needs = event.needs as readonly string[];
  const missing = needs.filter((label) => !own.place.labels.includes(label));
  if (missing.length > 0) play.broken.push(`${entity.id} was given a run that needs ${missing.join()}`);
  own.runs.add(Number(event.epoch));
  if (own.place.slots !== null && own.runs.size > own.place.slots) {
    play.broken.push(`${entity.id} has ${own.runs.size} runs in ${own.place.slots} slots`);
  }
}

/** A run is in the container that its agent and its bead name, and started nowhere else. */
function strays({ w, containers }: Play): readonly string[] {
  return w.town.list('agent', { state: 'working', limit: 100 }).items.flatMap(({ id, context }) => {
    const { container, epoch } = context as { container: string; epoch: number };
    const hosts = w.town.get({ machine: 'container', id: container })?.context as unknown as ContainerContext;
    const elsewhere = [...containers.values()].filter(
      (other) => other.id !== container && other.starts.some((start) => start.epoch === epoch),
    );
    const lost = hosts.runs.includes(epoch) ? [] : [`${container} does not know the run of ${id}`];
    return [...lost, ...elsewhere.map((other) => `the run of ${id} was started in ${other.id} too`)];
  });
}

async function step(play: Play): Promise<void> {
  const { w, dice, containers } = play;
  const container = pick(dice, [...containers.values()]);
  const run = container.starts.length > 0 ? pick(dice, container.starts) : null;
  const doings: (() => Promise<unknown>)[] = [
    () => w.pass(dice.below(20 * SECOND)),
    async () => run && w.env.until(container.beat(run)),
    async () => run && w.env.until(container.exit(run, dice.chance(0.5) ? 0 : 1)),
    () => host(w, container, place(dice)),
    async () => {
      container.connected = !container.connected;
      if (container.connected) await host(w, container, place(dice));
    },
    () => w.tell(`container/${container.id}`, { type: 'SEEN', incarnation: `i${Math.floor(dice.below(5))}` }),
    () => w.tell(`container/${container.id}`, { type: pick(dice, ['DRAIN', 'RESET']) }),
    async () => {
      const next = new ScriptedContainer(container.id);
      next.starts.push(...container.starts);
      containers.set(container.id, next);
      await host(w, next, place(dice));
    },
  ];
  await pick(dice, [...doings, ...doings.slice(0, 3), ...doings.slice(0, 3)])();
  await w.settle();
}

async function play(seed: number): Promise<Play> {
  const dice = createDice(seed);
  const agents = Object.keys(RIGS).flatMap((rig) => [0, 1, 2].map((place) => ({ id: `${rig}${place}`, rig })));
  const w = await world({ local: false, beads: [], rigs: RIGS, agents });
  const containers = new Map(['x', 'y', 'z'].map((id) => [id, new ScriptedContainer(id)]));
  const made: Play = { w, dice, containers, broken: [], placed: 0 };
  watch(made);
  for (const container of containers.values()) await host(w, container, place(dice));
  const rigs = Object.keys(RIGS);
  await w.create(...Array.from({ length: BEADS }, (_, n) => ({ id: `b${n}`, title: `b${n}`, rig: pick(dice, rigs) })));
  for (let count = 0; count < STEPS && made.broken.length === 0; count += 1) {
    await step(made);
    made.broken.push(...strays(made));
  }
  const { problems } = w.town.verify();
  made.broken.push(...problems.map(({ entity, problem }) => `${entity}: ${problem}`));
  await w[Symbol.asyncDispose]();
  return made;
}

test(`of ${SEEDS} towns of three containers`, async () => {
  let placed = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const played = await play(seed);
    expect(played.broken, `seed ${seed}`).toEqual([]);
    placed += played.placed;
  }
  expect(placed).toBeGreaterThan(SEEDS * 4);
});
