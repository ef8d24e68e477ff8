/** What may happen in one step of a walk: time with its heartbeats, reports of runs, people, and the world outside. */
import { Bug, coerceError, Refused } from '../../../src/core/errors.ts';
import { type EngineEvent, parseRef } from '../../../src/core/types.ts';
import type { SimulatedEnv } from '../../../src/env/simulated.ts';
import { MINUTE, RIG, SECOND, type World } from '../world.ts';
import type { ChaosContainer, ChaosIntegrator, Dice } from './outside.ts';

export type Walk = {
  readonly w: World;
  readonly env: SimulatedEnv;
  readonly dice: Dice;
  readonly container: ChaosContainer;
  readonly integrator: ChaosIntegrator;
  /** What people look at most, and what happens most to: faults come in company. */
  readonly focus: { agent: string; bead: string };
  readonly trail: string[];
  readonly broken: string[];
};

export async function births({ w, dice }: Walk, most: number): Promise<void> {
  const known = w.town.list('bead', { limit: 500 }).items.map(({ id }) => id);
  const ids = Array.from({ length: 1 + dice.below(most) }, (_, index) => `b${known.length + index}`);
  const beads = ids.map((id, index) => {
    const dependsOn = [...known.slice(-2), ...ids.slice(0, index)].filter(() => dice.chance(0.15));
    return { id, title: id, dependsOn, priority: dice.below(4), held: dice.chance(0.1) };
  });
  await w.create(...beads);
}

function openBeads({ w }: Walk): string[] {
  return w.town.list('bead', { limit: 500 }).items.flatMap(({ id, state }) => (state === 'closed' ? [] : [id]));
}

/** Beads that go on by themselves. */
export function busyBeads({ w }: Walk): number {
  const { bead = {} } = w.town.status().counts;
  const busy = Object.entries(bead).filter(([state]) => /^(open\.(ready|backoff)|in_progress)/.test(state));
  return busy.reduce((sum, [, count]) => sum + count, 0);
}

export function refocus(all: Walk): void {
  const agents = all.w.town.list('agent').items.map(({ id }) => id);
  all.focus.agent = all.dice.pick(agents) ?? 'p1';
  const mine = all.w.town.status().working.find(({ agent }) => agent === all.focus.agent)?.bead;
  all.focus.bead = mine ?? all.dice.pick(openBeads(all)) ?? 'b0';
}

/**
 * Half minutes in which runs beat as they should, but for those that are silent; some make progress, some for long
 * not.
 */
export async function live({ env, dice, container, w }: Walk, halfMinutes: number): Promise<void> {
  const silent = new Set([...container.living.keys()].filter(() => dice.chance(0.15)));
  const active = dice.chance(0.5);
  for (let round = 0; round < halfMinutes; round += 1) {
    for (const run of container.living.values()) {
      if (silent.has(run.epoch)) continue;
      for (let times = dice.chance(0.05) ? 2 : 1; times > 0; times -= 1) await container.beat(run, active);
    }
    await env.pass(30 * SECOND);
    if (container.living.size === silent.size && round > 10) break;
  }
  // One of an older epoch, now and then.
  const agent = dice.pick(w.town.list('agent').items)?.id ?? 'p1';
  if (dice.chance(0.3)) await container.beat({ agent, epoch: 1 + dice.below(Math.max(container.starts, 1)) });
  await w.settle();
}

/** Mostly of a run that lives, often the one that is looked at; now and then of one that was given up, or is over. */
function someRun({ dice, container, focus, w }: Walk): { agent: string; epoch: number } {
  const living = [...container.living.values()];
  const latest = { agent: focus.agent, epoch: Number(w.agent(focus.agent).context.epoch) };
  const run = dice.chance(0.5) ? (living.find(({ agent }) => agent === focus.agent) ?? latest) : dice.pick(living);
  return run ?? (dice.chance(0.7) ? latest : { ...latest, epoch: 1 + dice.below(latest.epoch + 1) });
}

export async function report(all: Walk): Promise<void> {
  const { dice, container } = all;
  const run = someRun(all);
  const { agent, epoch } = run;
  const ways = { exit: 5, beat: 5, crash: 1, idle: 1, done: 3, failed: 2, usage: 4, progress: 1, vanish: 1, late: 1 };
  const kind = dice.swarm('report', ways);
  all.trail.push(`  ${kind} ${agent}#${epoch}`);
  switch (kind) {
    case 'exit':
      return container.exit(run, 0, 1);
    case 'beat':
      return container.beat(run);
    case 'crash':
      return container.exit(run, 1, dice.below(2));
    case 'idle':
      return container.exit(run, 0, 0);
    case 'done':
      return tell(all, `agent/${agent}`, { type: 'DONE', epoch, summary: 'did it' });
    case 'failed': {
      const blamed = dice.draw({ transient: 2, work: 2, permanent: 0.5, needs_input: 1 });
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

/** What people send, with how often they choose it where it is accepted. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  bead: { RELEASE: 3, REOPEN: 5, HOLD: 2, CANCEL: 1, RESET: 1 },
  agent: { RESUME: 3, RESET: 1, PAUSE: 1, STOP: 2 },
  container: { RESET: 4, DRAIN: 1 },
  breaker: { RESUME: 9, RESET: 2, PAUSE: 0.5 },
  rig: { RESUME: 9, PAUSE: 1 },
};

export async function person(all: Walk): Promise<void> {
  const { w, dice, focus } = all;
  const bead = `bead/${dice.chance(0.7) ? focus.bead : (dice.pick(openBeads(all)) ?? focus.bead)}`;
  const kind = dice.draw({ bead: 6, agent: 4, container: 1, breaker: 1, rig: 0.6, policy: 0.6, escalation: 1 });
  if (kind === 'policy') {
    await all.env.until(w.town.patchPolicy({ attemptsMax: 2 + dice.below(4), mergeTriesMax: 1 + dice.below(5) }));
    return all.env.settle();
  }
  if (kind === 'escalation') {
    const raised = dice.pick(w.town.status().escalations);
    return raised && tell(all, `escalation/${raised.id}`, { type: 'ACKNOWLEDGE' });
  }
  const others = { agent: `agent/${focus.agent}`, container: 'container/local', breaker: 'breaker/town', rig: 'rig/r' };
  const ref = kind === 'bead' ? bead : others[kind];
  const accepts = w.town.get(parseRef(ref))?.accepts ?? [];
  const commands = Object.entries(COMMANDS[kind] ?? {});
  const sensible = dice.chance(0.9) ? commands.filter(([type]) => accepts.includes(type)) : commands;
  if (sensible.length > 0) await tell(all, ref, { type: dice.draw(Object.fromEntries(sensible)) });
}

export async function outside(all: Walk): Promise<void> {
  const { dice, container, w, env } = all;
  const kind = dice.draw({ restart: 2, away: container.away ? 8 : 2, jump: 1, rig: 1, former: 1 });
  all.trail.push(`  ${kind}`);
  if (kind === 'away') container.away = !container.away;
  if (kind === 'restart') container.restart();
  if (kind === 'former') await container.beat({ agent: 'p1', epoch: 1, incarnation: 'i0' });
  if (kind === 'jump') env.jump(dice.below(60 * MINUTE));
  if (kind === 'rig') await env.until(w.town.addRig('r', { ...RIG, env: { N: String(dice.below(5)) } }));
  await env.settle();
}

/** The process of the town ends, and another takes its store. */
export async function restart({ w, container, dice, env }: Walk): Promise<void> {
  const { calm } = container;
  container.calm = true;
  await w.restart();
  container.calm = calm;
  if (dice.chance(0.5)) await container.reportExits();
  await env.settle();
}

/** Refusals are answers; what is neither taken nor refused is a fault, and so is what must arrive and does not. */
export async function tell({ w, env, trail, broken }: Walk, ref: string, event: EngineEvent): Promise<void> {
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
