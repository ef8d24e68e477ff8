/** A random walk through everything that can happen to a town, then a quiet phase in which all works. */
import { Bug, coerceError, Refused } from '../../../src/core/errors.ts';
import { type EngineEvent, parseRef } from '../../../src/core/types.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../../src/env/simulated.ts';
import { MINUTE, RIG, SECOND, type World, world } from '../world.ts';
import { inTheEnd, unfinished, violations } from './oracle.ts';
import { ChaosContainer, ChaosIntegrator, Dice } from './outside.ts';

const STEPS = 60;
const QUIET_MINUTES = 400;

type Walk = {
  readonly w: World;
  readonly env: SimulatedEnv;
  readonly dice: Dice;
  readonly container: ChaosContainer;
  readonly integrator: ChaosIntegrator;
  readonly trail: string[];
  readonly broken: string[];
};

/** The sentences of what was violated, with the steps that led there; empty when nothing was. */
export async function walk(seed: number): Promise<string[]> {
  const env = createSimulatedEnv({ seed });
  const dice = new Dice(createSimulatedEnv({ seed: seed * 7_919 + 1 }).random);
  const container = new ChaosContainer(dice, env);
  const integrator = new ChaosIntegrator(dice);
  await using w = await world({
    ...{ env, container, integrator, agentCount: 1 + dice.below(3), beads: [] },
    policy: { jitter: 0.2, attemptsMax: 2 + dice.below(4), breakerFailures: 3 + dice.below(10), ...unusual(dice) },
  });
  const all: Walk = { w, env, dice, container, integrator, trail: [], broken: [] };
  await births(all);
  for (let step = 0; step < STEPS && all.broken.length === 0; step += 1) {
    await oneStep(all);
    judge(all);
  }
  if (all.broken.length === 0) await quiet(all);
  if (all.broken.length === 0) all.broken.push(...inTheEnd(w.town));
  return all.broken.length === 0 ? [] : [`seed ${seed}: ${all.broken.join('; ')}`, ...all.trail.slice(-12)];
}

function unusual(dice: Dice) {
  return {
    ...(dice.chance(0.2) && { townBudgetUsdPerDay: 20 }),
    ...(dice.chance(0.2) && { beadBudgetUsd: 8 }),
    ...(dice.chance(0.2) && { townDispatchesPerHour: 10 }),
    ...(dice.chance(0.2) && { containerRestartsMax: 1 }),
    ...(dice.chance(0.2) && { dispatchesPerHour: 5 }),
    ...(dice.chance(0.2) && { dispatchesMax: 9 }),
  };
}

async function births({ w, dice }: Walk): Promise<void> {
  const ids = Array.from({ length: 2 + dice.below(5) }, (_, index) => `b${index}`);
  const beads = ids.map((id, index) => {
    const dependsOn = ids.slice(0, index).filter(() => dice.chance(0.25));
    return { id, title: id, dependsOn, priority: dice.below(4), held: dice.chance(0.1) };
  });
  await w.create(...beads);
}

function judge({ w, env, broken }: Walk): void {
  broken.push(...violations(w.town, env));
}

async function oneStep(all: Walk): Promise<void> {
  const { dice, env } = all;
  const kind = dice.draw({ time: 4, beat: 8, report: 5, person: 4, outside: 2, restart: 0.6 });
  all.trail.push(`${env.clock.now() % 100_000_000} ${kind}`);
  switch (kind) {
    case 'time':
      return env.pass(dice.below(dice.draw({ [SECOND]: 1, [MINUTE]: 4, [20 * MINUTE]: 2 }) as never));
    case 'beat':
      return beats(all);
    case 'report':
      return report(all);
    case 'person':
      return person(all);
    case 'outside':
      return outside(all);
    case 'restart':
      return restart(all);
  }
}

/** A while in which runs beat as they should, but for those that are silent today. */
async function beats({ env, dice, container, w }: Walk): Promise<void> {
  const silent = new Set([...container.living.keys()].filter(() => dice.chance(0.25)));
  for (let rounds = 1 + dice.below(6); rounds > 0; rounds -= 1) {
    for (const run of container.living.values()) {
      if (silent.has(run.epoch)) continue;
      for (let times = dice.chance(0.1) ? 2 : 1; times > 0; times -= 1) await container.beat(run, dice.chance(0.3));
    }
    await env.pass(30 * SECOND);
  }
  // One of an older epoch, now and then.
  const agent = `p${1 + dice.below(3)}`;
  if (dice.chance(0.2)) await container.beat({ agent, epoch: 1 + dice.below(Math.max(container.starts, 1)) });
  await w.settle();
}

async function report(all: Walk): Promise<void> {
  const { dice, container } = all;
  const run = dice.pick([...container.living.values()]) ?? { agent: 'p1', epoch: 1 + dice.below(9) };
  const { agent, epoch } = run;
  const kind = dice.draw({ exit: 4, crash: 2, idle: 1, done: 2, failed: 2, usage: 2, progress: 2, vanish: 1, late: 1 });
  all.trail.push(`  ${kind} ${agent}#${epoch}`);
  switch (kind) {
    case 'exit':
      return container.exit(run, 0, 1);
    case 'crash':
      return container.exit(run, 1, dice.below(2));
    case 'idle':
      return container.exit(run, 0, 0);
    case 'done':
      return tell(all, `agent/${agent}`, { type: 'DONE', epoch, summary: 'did it' });
    case 'failed': {
      const blamed = dice.draw({ transient: 2, work: 2, permanent: 0.5, needs_input: 0.5 });
      return tell(all, `agent/${agent}`, { type: 'FAILED', epoch, class: blamed, reason: 'no' });
    }
    case 'usage':
      return tell(all, `agent/${agent}`, { type: 'USAGE', epoch, tokens: 10, costUsd: dice.below(5) });
    case 'progress':
      return tell(all, `agent/${agent}`, { type: 'PROGRESS', epoch, note: 'on it' });
    case 'vanish':
      return container.vanish(run);
    case 'late':
      return container.reportExits();
  }
}

async function person(all: Walk): Promise<void> {
  const { w, dice } = all;
  const agent = `agent/p${1 + dice.below(3)}`;
  const bead = `bead/b${dice.below(7)}`;
  const kind = dice.draw({ agent: 5, bead: 8, container: 2, breaker: 2, rig: 2, policy: 1, escalation: 1 });
  switch (kind) {
    case 'agent':
      return tell(all, agent, { type: dice.draw({ PAUSE: 1, RESUME: 2, RESET: 2, STOP: 1 }) });
    case 'bead':
      return tell(all, bead, { type: dice.draw({ HOLD: 2, RELEASE: 3, CANCEL: 1, REOPEN: 3, RESET: 2 }) });
    case 'container':
      return tell(all, 'container/local', { type: dice.draw({ DRAIN: 1, RESET: 1 }) });
    case 'breaker':
      return tell(all, 'breaker/town', { type: dice.draw({ PAUSE: 1, RESUME: 3, RESET: 2 }) });
    case 'rig':
      return tell(all, 'rig/r', { type: dice.draw({ PAUSE: 1, RESUME: 3 }) });
    case 'policy':
      await all.env.until(w.town.patchPolicy({ attemptsMax: 2 + dice.below(4), mergeTriesMax: 1 + dice.below(5) }));
      return all.env.settle();
    case 'escalation': {
      const raised = dice.pick(w.town.status().escalations);
      if (raised) await tell(all, `escalation/${raised.id}`, { type: 'ACKNOWLEDGE' });
    }
  }
}

async function outside(all: Walk): Promise<void> {
  const { dice, container, w, env } = all;
  const kind = dice.draw({ restart: 2, jump: 1, rig: 1, former: 1 });
  all.trail.push(`  ${kind}`);
  if (kind === 'restart') container.restart();
  if (kind === 'former') await container.beat({ agent: 'p1', epoch: 1, incarnation: 'i0' });
  if (kind === 'jump') env.jump(dice.below(60 * MINUTE));
  if (kind === 'rig') await env.until(w.town.addRig('r', { ...RIG, env: { N: String(dice.below(5)) } }));
  await env.settle();
}

async function restart({ w, container, dice, env }: Walk): Promise<void> {
  const { calm } = container;
  container.calm = true;
  await w.restart();
  container.calm = calm;
  if (dice.chance(0.5)) await container.reportExits();
  await env.settle();
}

/** Refusals are answers; what is neither taken nor refused is a fault, and so is what must arrive and does not. */
async function tell({ w, env, trail, broken }: Walk, ref: string, event: EngineEvent): Promise<void> {
  trail.push(`  ${event.type} to ${ref}`);
  const answer = await env.until(
    w.town.send(parseRef(ref), event).then(
      () => null,
      (thrown: unknown) => coerceError(thrown),
    ),
  );
  if (answer === null) return;
  const expected = answer instanceof Refused && answer.code !== 'conflict';
  if (!expected) broken.push(`${event.type} to ${ref}: ${answer instanceof Bug ? 'bug: ' : ''}${answer.message}`);
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
  await env.until(w.town.patchPolicy({ townBudgetUsdPerDay: null, beadBudgetUsd: null }));
  await container.reportExits();
  for (let minute = 0; minute < QUIET_MINUTES; minute += 1) {
    for (const run of container.living.values()) await container.beat(run);
    await env.pass(30 * SECOND);
    for (const run of [...container.living.values()]) await container.exit(run, 0, 1);
    await env.pass(30 * SECOND);
    judge(all);
    if (all.broken.length > 0 || unfinished(w.town).length === 0) return;
  }
}
