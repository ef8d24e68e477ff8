/** A random walk through everything that can happen to a town, then a quiet phase in which all works. */
import { createSimulatedEnv } from '../../../src/env/simulated.ts';
import type { LogRow } from '../../../src/store/port.ts';
import { MINUTE, RIG, SECOND, world } from '../world.ts';
import { births, busyBeads, live, outside, person, refocus, report, restart, tell, type Walk } from './doings.ts';
import { inTheEnd, unfinished, violations } from './oracle.ts';
import { ChaosContainer, ChaosIntegrator, Dice } from './outside.ts';

const STEPS = 60;
const QUIET_MINUTES = 150;
const BEADS_WANTED = 5;

/** What was violated, with the steps that led there, and the whole log. */
export type Walked = { readonly broken: readonly string[]; readonly rows: readonly LogRow[] };

export async function walk(seed: number): Promise<Walked> {
  const env = createSimulatedEnv({ seed });
  const dice = new Dice(createSimulatedEnv({ seed: seed * 7_919 + 1 }).random);
  const container = new ChaosContainer(dice, env);
  const integrator = new ChaosIntegrator(dice);
  container.calm = true;
  await using w = await world({
    ...{ env, container, integrator, agentCount: 1 + dice.below(4), beads: [] },
    policy: { jitter: 0.2, attemptsMax: 2 + dice.below(4), breakerFailures: 3 + dice.below(10), ...unusual(dice) },
  });
  const focus = { agent: 'p1', bead: 'b0' };
  const all: Walk = { w, env, dice, container, integrator, focus, trail: [], broken: [] };
  await births(all, BEADS_WANTED);
  container.calm = false;
  for (let step = 0; step < STEPS && all.broken.length === 0; step += 1) {
    await oneStep(all);
    all.broken.push(...violations(w.town, env));
  }
  if (all.broken.length === 0) await quiet(all);
  if (all.broken.length === 0) all.broken.push(...inTheEnd(w.town, integrator));
  const rows = w.town.log({}, { limit: 100_000 });
  if (all.broken.length === 0) return { broken: [], rows };
  return { broken: [`seed ${seed}: ${all.broken.join('; ')}`, ...all.trail.slice(-12)], rows };
}

function unusual(dice: Dice) {
  return {
    ...(dice.chance(0.7) && { healthMs: 120 * SECOND }),
    ...(dice.chance(0.2) && { townBudgetUsdPerDay: 20 }),
    ...(dice.chance(0.2) && { beadBudgetUsd: 8 }),
    ...(dice.chance(0.2) && { townDispatchesPerHour: 10 }),
    ...(dice.chance(0.2) && { containerRestartsMax: 1 }),
    ...(dice.chance(0.2) && { dispatchesPerHour: 3 }),
    ...(dice.chance(0.2) && { dispatchesMax: 6 }),
    ...(dice.chance(0.2) && { stopMs: 120 * SECOND, stopTriesMax: 5 }),
    ...(dice.chance(0.2) && { runsMax: 2, reworksMax: 1, evictionsFree: 0 }),
  };
}

async function oneStep(all: Walk): Promise<void> {
  const { dice, env } = all;
  if (dice.chance(0.1)) refocus(all);
  const kind = dice.draw({ report: 8, person: 4, moment: 2, time: 6, long: 0.2, outside: 0.8, birth: 2, restart: 0.3 });
  all.trail.push(`${env.clock.now() % 100_000_000} ${kind}`);
  switch (kind) {
    case 'moment':
      return env.pass(dice.below(10 * SECOND));
    case 'time':
      return live(all, 1 + dice.below(6));
    case 'long':
      return live(all, 20 + dice.below(200));
    case 'report':
      return report(all);
    case 'person':
      return person(all);
    case 'outside':
      return outside(all);
    case 'birth':
      return busyBeads(all) < BEADS_WANTED ? births(all, 3) : undefined;
    case 'restart':
      return restart(all);
  }
}

/** The configuration is mended, everything answers, and who was paused goes on; only what a person holds stays held. */
async function quiet(all: Walk): Promise<void> {
  const { w, env, container, integrator } = all;
  all.trail.push('quiet');
  container.calm = true;
  integrator.calm = true;
  await env.until(w.town.addRig('r', { ...RIG, env: { MENDED: 'yes' } }));
  await tell(all, 'rig/r', { type: 'RESUME' });
  await tell(all, 'breaker/town', { type: 'RESUME' });
  if (w.state('container/local') === 'broken') await tell(all, 'container/local', { type: 'RESET' });
  for (const { id } of w.town.list('agent').items) await tell(all, `agent/${id}`, { type: 'RESUME' });
  const { townBudgetUsdPerDay, beadBudgetUsd } = w.town.policy();
  const isCapped = townBudgetUsdPerDay !== null || beadBudgetUsd !== null;
  if (isCapped) await env.until(w.town.patchPolicy({ townBudgetUsdPerDay: null, beadBudgetUsd: null }));
  await container.reportExits();
  for (let minute = 0; minute < QUIET_MINUTES; minute += 1) {
    for (const run of container.living.values()) await container.beat(run);
    await env.pass(MINUTE / 2);
    for (const run of [...container.living.values()]) await container.exit(run, 0, 1);
    await env.pass(MINUTE / 2);
    all.broken.push(...violations(w.town, env));
    if (all.broken.length > 0 || unfinished(w.town).length === 0) return;
  }
}
