/**
 * What a seed stands for: the size of the town, its policy, its beads and the phases of its time.
 * Warm-up without faults, chaos, one last blow, then quiet, in which everything has to come to an end.
 */
import type { PolicyPatch } from '../../machines/policy.ts';
import type { BeadInput } from '../town/api.ts';
import { LOCAL, LOCAL_PLACE, type Place } from '../town/options.ts';
import { Dice } from './dice.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const LABEL = 'gpu';

/** What is taken smaller when a failing seed is shrunk. */
export type Size = {
  readonly days: number;
  readonly agentsMax?: number;
  readonly beadsMax?: number;
  readonly containersMax?: number;
};

type Given = { readonly [K in keyof Size]: Size[K] | undefined } & { readonly days: number };

/** A size as it was written down: what is not said is not there. */
export function sizeOf({ days, ...limits }: Given): Size {
  return { days, ...Object.fromEntries(Object.entries(limits).filter(([, most]) => most !== undefined)) };
}

export type Scenario = {
  readonly seed: number;
  readonly rigs: readonly { readonly id: string; readonly merge: boolean; readonly labels: readonly string[] }[];
  /** The town's own, and those that are brought to it. */
  readonly containers: readonly (Place & { readonly id: string })[];
  readonly agents: readonly { readonly id: string; readonly rig: string }[];
  readonly beads: readonly BeadInput[];
  readonly policy: PolicyPatch;
  /** Lengths in ms. */
  readonly calmMs: number;
  readonly chaosMs: number;
  readonly blowMs: number;
  readonly quietMs: number;
  /** True: a person mends what waits for one when the quiet begins. */
  readonly attended: boolean;
};

export function scenarioOf(dice: Dice, size: Size): Scenario {
  const total = size.days * DAY;
  const containers = containersOf(dice, size);
  const rigs = Array.from({ length: dice.between(1, 2, ['rigs']) }, (_, index) => ({
    id: `rig${index + 1}`,
    merge: dice.u('rig.merge', index) < 0.8,
    labels: containers.length > 1 && dice.u('rig.label', index) < 0.3 ? [LABEL] : [],
  }));
  const rigOf = (index: number) => rigs[index % rigs.length]?.id ?? 'rig1';
  const agentCount = Math.min(size.agentsMax ?? 99, dice.between(rigs.length, 5, ['agents']));
  const hours = Math.ceil(total / (60 * MINUTE));
  const beadCount = Math.min(size.beadsMax ?? 999, dice.between(4, 6 + 3 * Math.min(hours, 24), ['beads']));
  const ids = Array.from({ length: beadCount }, (_, index) => `b${index + 1}`);
  return {
    seed: dice.seed,
    rigs,
    containers,
    agents: Array.from({ length: agentCount }, (_, index) => ({ id: `p${index + 1}`, rig: rigOf(index) })),
    beads: ids.map((id, index) => ({ ...beadOf(dice, id, ids.slice(0, index)), rig: rigOf(index) })),
    policy: policyOf(new Dice(dice.between(0, POLICIES - 1, ['policy']))),
    calmMs: Math.max(0.1 * total, 30 * MINUTE),
    chaosMs: 0.6 * total,
    blowMs: 0.05 * total,
    quietMs: Math.max(0.25 * total, 70 * MINUTE),
    attended: dice.u('attended') < 0.7,
  };
}

/** One to three; the last of several has the label that some rigs ask for. */
function containersOf(dice: Dice, { containersMax = 3 }: Size): Scenario['containers'] {
  const count = Math.min(containersMax, dice.between(1, 3, ['containers']));
  const others = Array.from({ length: count - 1 }, (_, index) => {
    const id = `x${index + 2}`;
    return { id, ...placeOf(dice, id, 0), ...(index === count - 2 && { labels: [LABEL] }) };
  });
  return [{ id: LOCAL, ...LOCAL_PLACE }, ...others];
}

/** What a container offers when it comes for the so-manieth time. */
export function placeOf(dice: Dice, id: string, number: number): Place {
  return {
    labels: dice.u('place.label', id, number) < 0.3 ? [LABEL] : [],
    slots: dice.u('place.any', id, number) < 0.3 ? null : dice.between(1, 3, ['place.slots', id, number]),
  };
}

/** A bead that may depend on some of those before it, or have limits of its own. */
export function beadOf(dice: Dice, id: string, earlier: readonly string[]): BeadInput {
  const dependsOn = earlier.filter((_, index) => dice.u('depends', id, index) < 0.8 / (earlier.length + 1));
  const limits = {
    ...(dice.u('limit.attempts', id) < 0.1 && { attemptsMax: dice.between(1, 3, ['attemptsMax', id]) }),
    ...(dice.u('limit.runs', id) < 0.1 && { runsMax: dice.between(1, 3, ['runsMax', id]) }),
    ...(dice.u('limit.minutes', id) < 0.1 && { maxRunMinutes: dice.between(5, 30, ['maxRun', id]) }),
    ...(dice.u('limit.budget', id) < 0.15 && { budgetUsd: dice.between(1, 8, ['budget', id]) }),
  };
  return {
    id,
    title: `bead ${id}`,
    priority: dice.between(0, 4, ['priority', id]),
    dependsOn,
    held: dice.u('held', id) < 0.04,
    policy: limits,
  };
}

type Numbers = { readonly [K in keyof PolicyPatch]: readonly [number, number] };

/** Machines are made anew for each policy, which costs more than a short run: seeds share these many. */
const POLICIES = 40;

/** Settings that a third of the seeds take from here: small caps bring rare states near. */
const TIGHT: Numbers = {
  attemptsMax: [1, 3],
  runsMax: [1, 3],
  reworksMax: [1, 2],
  evictionsFree: [0, 1],
  dispatchesPerHour: [2, 6],
  dispatchesMax: [6, 12],
  breakerFailures: [2, 5],
  townDispatchesPerHour: [4, 30],
  townDispatchesPerDay: [20, 200],
  containerRestartsMax: [1, 2],
  containerIdleMs: [30_000, 300_000],
  drainMs: [20_000, 300_000],
  mergeTriesMax: [1, 2],
  workingMax: [1, 4],
  rigWorkingMax: [1, 3],
  nudgeMs: [60_000, 300_000],
  escalateMs: [60_000, 600_000],
  stallMs: [60_000, 600_000],
  maxRunMs: [600_000, 3_600_000],
  startTimeoutMs: [5_000, 60_000],
  firstHeartbeatMs: [5_000, 60_000],
  stopMs: [2_000, 30_000],
  remindMs: [600_000, 3_600_000],
};

function policyOf(dice: Dice): PolicyPatch {
  const tight = Object.entries(TIGHT).flatMap(([name, [low, high]]) =>
    dice.u('tight', name) < 0.33 ? [[name, dice.between(low, high, ['setting', name])]] : [],
  );
  const settings: PolicyPatch = Object.fromEntries(tight);
  return {
    ...(dice.u('default policy') < 0.3 ? {} : settings),
    ...(dice.u('town budget') < 0.15 && { townBudgetUsdPerDay: dice.between(3, 20, ['townBudget']) }),
  };
}
