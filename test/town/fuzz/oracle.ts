/** What must hold of a town after every step, whatever has happened: sentences about what does not. */
import type { AgentContext } from '../../../machines/agent.ts';
import type { BeadContext } from '../../../machines/bead.ts';
import type { ContainerContext } from '../../../machines/container.ts';
import type { EscalationContext } from '../../../machines/escalation.ts';
import { parseRef, refText } from '../../../src/core/types.ts';
import type { LogEntry, SimulatedEnv } from '../../../src/env/simulated.ts';
import type { LogRow } from '../../../src/store/port.ts';
import type { Town } from '../../../src/town/api.ts';

type Seen<TContext> = { readonly id: string; readonly state: string; readonly context: TContext };
export type Picture = {
  readonly agents: readonly Seen<AgentContext>[];
  readonly beads: readonly Seen<BeadContext>[];
  readonly container: Seen<ContainerContext>;
  readonly breaker: Seen<object>;
  readonly rigs: readonly Seen<object>[];
  readonly escalations: readonly Seen<EscalationContext>[];
};

export function look(town: Town): Picture {
  const all = <TContext>(machine: string) =>
    town.list(machine, { limit: 500 }).items.map(({ id, substate, context }) => ({
      ...{ id, state: substate },
      context: context as unknown as TContext,
    }));
  const [container] = all<ContainerContext>('container');
  const [breaker] = all<object>('breaker');
  return {
    agents: all<AgentContext>('agent'),
    beads: all<BeadContext>('bead'),
    container: container as Seen<ContainerContext>,
    breaker: breaker as Seen<object>,
    rigs: all<object>('rig'),
    escalations: all<EscalationContext>('escalation'),
  };
}

const LIVE = /^in_progress\.(starting|running|stopping)$/;
const RETRYING = /^in_progress\.(retryWait|retryDue)$/;

/** P1 to P4, the container's runs, and hooks. */
function ownership({ agents, beads, container }: Picture): string[] {
  const found: string[] = [];
  const working = agents.filter(({ state }) => state.startsWith('working.'));
  for (const { id, state, context } of beads) {
    const mine = working.filter((agent) => agent.context.bead === id);
    if (mine.length > 1) found.push(`P2: bead ${id} has ${mine.length} live runs`);
    if (!LIVE.test(state)) continue;
    const [agent] = mine;
    if (agent?.id !== context.agent || agent.context.epoch !== context.epoch)
      found.push(`P4: bead ${id} is ${state} of ${context.agent}#${context.epoch}, which does not work for it`);
  }
  for (const { id, state, context } of agents) {
    const bead = beads.find((other) => other.id === context.bead);
    if (state.startsWith('working.') && !(bead && LIVE.test(bead.state)) && !bead?.state.match(/^(closed|failed)\./))
      found.push(`P4: agent ${id} is ${state} for bead ${context.bead}, which is ${bead?.state}`);
    if (!state.startsWith('idle.') || context.hook === null) continue;
    const hooked = beads.find((other) => other.id === context.hook);
    if (hooked?.context.agent !== id || !RETRYING.test(hooked.state))
      found.push(`hook: agent ${id} is ${state} and keeps bead ${context.hook}, which is ${hooked?.state}`);
  }
  const epochs = working.map(({ context }) => context.epoch).sort();
  const hosted = [...container.context.runs].sort();
  if (String(epochs) !== String(hosted))
    found.push(`container (${container.state}) hosts ${hosted}, live epochs are ${epochs}`);
  return found;
}

const DRIVEN: Readonly<Record<string, RegExp>> = {
  agent: /^(working|exited|idle\.(cooldown|exhausted))/,
  bead: /^(open\.(backoff|throttled)|in_progress\.(retry|inReview)|failed\.exhausted)/,
  container: /^(provisioning|up|suspect|down|draining|stopping)/,
  breaker: /^(open|closed\.(throttled|ramping)|halfOpen\.probing|paused\.overBudget)/,
};

/** P18 and P20: what must go on by itself has a timer or an effect, and none is overdue. */
function drivers(town: Town, env: SimulatedEnv, picture: Picture): string[] {
  const found: string[] = [];
  const each = [
    ...picture.agents.map((seen) => ['agent', seen] as const),
    ...picture.beads.map((seen) => ['bead', seen] as const),
    ['container', picture.container] as const,
    ['breaker', picture.breaker] as const,
  ];
  const timers = town.timers({ limit: 500 }).items;
  const effects = (['pending', 'inflight'] as const).flatMap((status) => town.outbox({ status, limit: 500 }).items);
  const driven = new Set([...timers.map(({ entity }) => refText(entity)), ...effects.map(({ entity }) => entity)]);
  for (const [machine, { id, state }] of each) {
    if (!DRIVEN[machine]?.test(state) || driven.has(`${machine}/${id}`)) continue;
    found.push(`P18: ${machine}/${id} is ${state} and nothing drives it`);
  }
  const now = env.clock.now();
  for (const { entity, name, dueAt, leaseUntil } of timers) {
    if (Math.max(dueAt, leaseUntil ?? 0) < now) found.push(`P20: timer ${name} of ${entity.id} is overdue`);
  }
  return found;
}

/** By cause: the states of the subject in which a person is asked for, no more and no less. */
const ALARMS: Readonly<Record<string, RegExp>> = {
  'agent quarantined': /^idle\.quarantined/,
  'agent exhausted': /^idle\.exhausted/,
  'agent stalled': /^working\.running\.stalled/,
  'bead failed': /^failed\.(gaveUp|permanent|reworkExhausted|budget)/,
  'bead exhausted': /^failed\.exhausted/,
  'bead blocked': /^(open\.blockedFailedDependency|in_progress\.inReview)/,
  'rig blocked': /^(blocked|unready)\./,
  'bead input': /^open\.awaitingInput/,
  'container broken': /^broken/,
  'breaker open': /^open/,
  'breaker budget': /^paused\.overBudget/,
};

function alarms({ agents, beads, container, breaker, rigs, escalations }: Picture): string[] {
  const found: string[] = [];
  const stateOf = new Map<string, string>([
    ...agents.map(({ id, state }) => [`agent/${id}`, state] as const),
    ...beads.map(({ id, state }) => [`bead/${id}`, state] as const),
    [`container/${container.id}`, container.state] as const,
    [`breaker/${breaker.id}`, breaker.state] as const,
    ...rigs.map(({ id, state }) => [`rig/${id}`, state] as const),
  ]);
  const open = new Set(escalations.filter(({ state }) => state !== 'resolved').map(({ id }) => id));
  for (const { context, state } of escalations) {
    if (state === 'resolved') continue;
    const { subject, cause } = context;
    const expected = ALARMS[`${parseRef(subject).machine} ${cause}`];
    if (!expected?.test(stateOf.get(subject) ?? ''))
      found.push(`escalation ${subject}:${cause} is ${state}, its subject is ${stateOf.get(subject)}`);
  }
  for (const [subject, state] of stateOf) {
    for (const [key, expected] of Object.entries(ALARMS)) {
      const [machine, cause] = key.split(' ');
      if (!subject.startsWith(`${machine}/`) || !expected.test(state)) continue;
      // Only what lasts is told of.
      if (/^(in_progress|unready)/.test(state)) continue;
      if (!open.has(`${subject}:${cause}`)) found.push(`${subject} is ${state} and nobody was told`);
    }
  }
  return found;
}

/** P27: dispatches of one bead in any hour; a reopen begins anew. P28: runs that began, in a generation. */
function bounds(town: Town, { beads }: Picture): string[] {
  const found: string[] = [];
  const { dispatchesPerHour, dispatchesMax } = town.policy();
  for (const { id } of beads) {
    let times: number[] = [];
    for (const { event, at, rejected } of town.log({ entity: { machine: 'bead', id } }, { limit: 100_000 })) {
      if (rejected !== null) continue;
      if (event.type === 'REOPEN') times = [];
      if (event.type !== 'DISPATCH') continue;
      times.push(at);
      const inHour = times.filter((time) => time > at - 3_600_000).length;
      if (inHour > dispatchesPerHour) found.push(`P27: bead ${id} was dispatched ${inHour} times in an hour`);
    }
    if (times.length > dispatchesMax) found.push(`P27: bead ${id} was dispatched ${times.length} times`);
  }
  return found;
}

export function violations(town: Town, env: SimulatedEnv): string[] {
  const picture = look(town);
  // A conflict is a legitimate event that can never be taken: what must arrive is refused there.
  const isFault = ({ level, fields }: LogEntry) => level === 'error' || fields.code === 'conflict';
  const errors = env.logged.filter(isFault).map(({ message }) => `logged: ${message}`);
  return [...ownership(picture), ...drivers(town, env, picture), ...alarms(picture), ...errors];
}

/** Why the town has not come to rest after all has worked for long; and what the whole log says. */
export function unfinished(town: Town): string[] {
  const picture = look(town);
  const state = new Map(picture.beads.map((bead) => [bead.id, bead]));
  const rests = (id: string): boolean => {
    const bead = state.get(id);
    if (!bead) return false;
    if (bead.state === 'open.blockedDeps') return bead.context.waitingFor.some((other) => rests(other));
    return /^(failed\.(?!exhausted)|open\.(held|awaitingInput|blockedFailedDependency))/.test(bead.state);
  };
  const stuck = picture.beads
    .filter(({ id, state: at }) => !at.startsWith('closed.') && !rests(id))
    .map(({ id, state: at }) => `bead ${id} is ${at} in the end: ${town.why({ machine: 'bead', id }).answer}`);
  return stuck;
}

/** P6: what an agent takes of a run is of the epoch that it was assigned last. */
function fencing(rows: readonly LogRow[]): string[] {
  const found: string[] = [];
  const epochs = new Map<string, number>();
  for (const { entity, event, rejected, seq } of rows) {
    if (entity.machine !== 'agent' || rejected !== null || typeof event.epoch !== 'number') continue;
    if (event.type === 'ASSIGN') epochs.set(entity.id, event.epoch);
    const current = epochs.get(entity.id) ?? 0;
    if (event.epoch !== current)
      found.push(`P6: agent ${entity.id} at ${current} took ${event.type} of ${event.epoch}, row ${seq}`);
  }
  return found;
}

/** P28: epochs of a bead that began, in a generation; what a person or an eviction ended is not charged. */
function paidRuns(town: Town, rows: readonly LogRow[]): string[] {
  const found: string[] = [];
  const { runsMax, evictionsFree, reworksMax } = town.policy();
  type Tally = { began: Set<number>; free: number };
  const tallies = new Map<string, Tally>();
  for (const { entity, event, rejected } of rows) {
    if (entity.machine !== 'bead' || rejected !== null) continue;
    const tally = tallies.get(entity.id) ?? { began: new Set(), free: 0 };
    tallies.set(entity.id, event.type === 'REOPEN' ? { began: new Set(), free: 0 } : tally);
    if (event.type === 'RUN.STARTED') tally.began.add(Number(event.epoch));
    if (['RUN.STOPPED', 'RUN.NEEDS_INPUT', 'HOLD'].includes(event.type)) tally.free += 1;
    const most = runsMax + evictionsFree + reworksMax + tally.free;
    if (tally.began.size > most) found.push(`P28: bead ${entity.id} began ${tally.began.size} runs`);
  }
  return found;
}

/** What is closed as merged is in the target branch. */
function merged({ beads }: Picture, merges: readonly string[]): string[] {
  return beads
    .filter(({ id, state }) => state === 'closed.merged' && !merges.some((work) => work.startsWith(`${id} `)))
    .map(({ id }) => `bead ${id} is closed and its work was never merged`);
}

export function inTheEnd(town: Town, { merges }: { merges: readonly string[] }): string[] {
  const { ok, problems } = town.verify();
  const told = ok ? [] : problems.map(({ entity, problem }) => `verify: ${entity}: ${problem}`);
  const picture = look(town);
  const rows = town.log({}, { limit: 100_000 });
  const history = [...bounds(town, picture), ...fencing(rows), ...paidRuns(town, rows), ...merged(picture, merges)];
  return [...unfinished(town), ...history, ...told];
}
