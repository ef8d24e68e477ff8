/**
 * Every decision can be asked "why not?": what holds an entity where it is, each condition with its facts, its
 * truth, and the next time that it can change.
 */
import { BREAKER } from '../../machines/wiring.ts';
import { Refused } from '../core/errors.ts';
import type { EntityRef, EpochMs, JsonObject } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { EntityRow } from '../store/port.ts';
import type { Why, WhyCondition } from './api.ts';
import { type MatchParts, wantedBy } from './matching.ts';
import type { Party } from './parties.ts';
import { hasRoom, isOpen, Placement, type Spot, spotsOf } from './placement.ts';
import { ofRig } from './why-rig.ts';

export type WhyParts = MatchParts;

const LOOK_MAX = 1_000;

export function explain(parts: WhyParts, ref: EntityRef): Why {
  const row = parts.reads.entity(ref);
  if (!row) throw new Refused('unknown_entity', `there is no ${refText(ref)} in this town`, { entity: refText(ref) });
  const since = Math.max(...parts.reads.places(ref).map(({ sinceAt }) => sinceAt), row.createdAt);
  const conditions = [...specific(parts, ref, row), ...waits(parts, ref)];
  const answer = answerOf(refText(ref), row.state, conditions);
  return { entity: refText(ref), state: row.state, since, answer, conditions };
}

function answerOf(name: string, state: string, conditions: readonly WhyCondition[]): string {
  const held = conditions.find(({ holds }) => !holds);
  if (/^(closed|resolved)/.test(state)) return `${name} is ${state}: nothing is left to happen.`;
  if (!held) return `${name} is ${state}: nothing holds it back.`;
  const until = held.nextAt === null ? '' : ', by itself at the latest then';
  return `${name} is ${state}: it waits until ${held.condition}${held.waitsFor ? ` (${held.waitsFor})` : ''}${until}.`;
}

function condition(sentence: string, holds: boolean, rest: Partial<WhyCondition> = {}): WhyCondition {
  return { condition: sentence, holds, inputs: {}, nextAt: null, waitsFor: null, ...rest };
}

/** Its timers and its work outside: the waits that every chart can have. */
function waits({ reads }: WhyParts, ref: EntityRef): readonly WhyCondition[] {
  const timers = reads.timers({ entity: ref }, { limit: 50 }).items.map(({ name, dueAt, leaseUntil }) =>
    condition(`its timer "${name}" fires`, false, {
      inputs: { timer: name },
      nextAt: Math.max(dueAt, leaseUntil ?? 0),
      waitsFor: 'the scheduler',
    }),
  );
  const effects = (['pending', 'inflight'] as const).flatMap((status) =>
    reads.effects({ entity: ref, status }, { limit: 50 }).items.map(({ type, attempt, dueAt }) =>
      condition(`its effect "${type}" has an outcome`, false, {
        inputs: { effect: type, status, attempt },
        nextAt: status === 'pending' ? dueAt : null,
        waitsFor: status === 'pending' ? 'the outbox' : 'the work outside',
      }),
    ),
  );
  return [...effects, ...timers];
}

function specific(parts: WhyParts, ref: EntityRef, { state, status }: EntityRow): readonly WhyCondition[] {
  const bead = ref.machine === 'bead' ? parts.parties.find('bead', ref.id) : null;
  if (bead) return ofBead(parts, bead, state);
  const agent = ref.machine === 'agent' ? parts.parties.find('agent', ref.id) : null;
  if (agent) return ofAgent(parts, agent, state);
  if (ref.machine === 'rig' && status !== 'quarantined') return state === 'active' ? [] : [ofRig(parts, ref.id)];
  if (ref.machine === 'container' && parts.isConnected?.(ref.id) === false) return [ofRunner(ref.id)];
  if (ref.machine !== 'bead' && ref.machine !== 'agent' && status !== 'quarantined') return [];
  const waitsFor = 'a person: its stored state is damaged; restore a backup, or put another in its place';
  return [condition('its stored state can be read', false, { inputs: { status }, waitsFor })];
}

function ofRunner(id: string): WhyCondition {
  return condition('its runner is connected', false, { inputs: { container: id }, waitsFor: `the runner ${id}` });
}

function ofBead(parts: WhyParts, bead: Party<'bead'>, state: string): readonly WhyCondition[] {
  const { context } = bead;
  const person = 'a person';
  switch (state) {
    case 'open.ready':
    case 'in_progress.retryDue':
      return ofDispatch(parts, bead);
    case 'open.blockedDeps':
      return context.waitingFor.map((id) => ofDependency(parts, id));
    case 'open.blockedFailedDependency':
      return context.failedDependencies.map((id) =>
        condition(`dependency ${id} is closed, reopened or waived`, false, {
          inputs: { dependency: id, state: parts.parties.find('bead', id)?.state ?? 'unknown' },
          waitsFor: 'a person: retry the dependency, or RELEASE this bead',
        }),
      );
    case 'open.held':
      return [condition('it is released', false, { inputs: reasonOf(context.reason), waitsFor: `${person}: RELEASE` })];
    case 'open.awaitingInput':
      return [condition('it is answered', false, { inputs: reasonOf(context.reason), waitsFor: `${person}: RELEASE` })];
    case 'open.blockedConfig':
      return [ofRig(parts, context.rig)];
    default:
      return ofProgress(parts, bead, state);
  }
}

const reasonOf = (reason: string | null): JsonObject => ({ reason: reason ?? '' });

function ofProgress({ parties }: WhyParts, { context }: Party<'bead'>, state: string): readonly WhyCondition[] {
  const { startFailures, runFailures, reworks, reason } = context;
  if (/^in_progress\.(starting|running|stopping)/.test(state)) {
    const agent = context.agent === null ? null : parties.find('agent', context.agent);
    const inputs = { agent: context.agent ?? '', state: agent?.state ?? 'unknown', epoch: context.epoch };
    return [condition('its run ends', false, { inputs, waitsFor: `agent ${context.agent ?? ''}` })];
  }
  if (state.startsWith('failed.') && state !== 'failed.exhausted') {
    const inputs = { ...reasonOf(reason), startFailures, runFailures, reworks };
    return [condition('it is reopened', false, { inputs, waitsFor: 'a person: REOPEN' })];
  }
  return state.startsWith('closed.')
    ? []
    : [condition('its wait is over', false, { inputs: { ...reasonOf(reason), startFailures, runFailures, reworks } })];
}

function ofDependency({ parties }: WhyParts, id: string): WhyCondition {
  const dependency = parties.find('bead', id);
  const inputs = { dependency: id, state: dependency?.state ?? 'unknown' };
  return condition(`dependency ${id} is closed`, false, { inputs, waitsFor: `bead ${id}` });
}

function ofDispatch(parts: WhyParts, bead: Party<'bead'>): readonly WhyCondition[] {
  const { parties, reads, policy } = parts;
  const { rig, agent, priority } = bead.context;
  const retry = bead.state === 'in_progress.retryDue';
  const free = reads
    .queue({ machine: 'agent', state: 'idle.ready', limit: LOOK_MAX })
    .flatMap(({ id }) => parties.find('agent', id) ?? [])
    .filter(({ context }) => context.rig === rig && (context.hook === null || context.hook === bead.context.id));
  const mine = retry ? free.filter(({ context }) => context.id === agent) : free;
  const own = agentsOf(parts, rig);
  const census = reads.census('agent');
  const working = census.filter(({ state }) => state.startsWith('working.')).reduce((sum, { count }) => sum + count, 0);
  const ahead = retry ? 0 : aheadOf(parts, bead);
  return [
    ofBreaker(parts),
    ofRig(parts, rig),
    condition(retry ? `agent ${agent ?? ''} is free` : `an agent of rig ${rig} is free`, mine.length > 0, {
      inputs: { free: mine.length, agents: own },
      waitsFor:
        Object.keys(own).length > 0
          ? 'an agent that becomes idle.ready'
          : `a person: rig ${rig} has no agents, POST one to /agents`,
    }),
    condition('the town has a free slot', working < policy.workingMax, {
      inputs: { working, most: policy.workingMax },
    }),
    condition('it is its turn', ahead < Math.max(mine.length, 1), { inputs: { ahead, priority } }),
    ...ofPlace(parts, bead, mine[0]),
  ];
}

/** How many agents of the rig are in each state. */
function agentsOf({ reads }: WhyParts, rig: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of reads.entities({ machine: 'agent', scope: rig }, { limit: LOOK_MAX }).items) {
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

function aheadOf({ reads }: WhyParts, bead: Party<'bead'>): number {
  const queue = reads.queue({ machine: 'bead', state: 'open.ready', scope: bead.context.rig, limit: LOOK_MAX });
  const place = queue.findIndex(({ id }) => id === bead.context.id);
  return place < 0 ? LOOK_MAX : place;
}

function ofBreaker({ parties, reads }: WhyParts): WhyCondition {
  const breaker = parties.find('breaker', BREAKER);
  const state = breaker?.state ?? 'unknown';
  const [timer] = reads.timers({ entity: { machine: 'breaker', id: BREAKER } }, { limit: 1 }).items;
  const nextAt: EpochMs | null = timer?.dueAt ?? null;
  const passes = ['closed.available', 'closed.ramping', 'halfOpen.waiting'].includes(state);
  return condition('the breaker lets dispatches pass', passes, {
    inputs: { state, ...reasonOf(breaker?.context.reason ?? null) },
    nextAt: passes ? null : nextAt,
    waitsFor: state.startsWith('paused') ? 'a person: resume the town' : 'the breaker',
  });
}

/** Where it could run: what is in the way there, in the order in which somebody would mend it. */
function ofPlace(parts: WhyParts, bead: Party<'bead'>, agent: Party<'agent'> | undefined): readonly WhyCondition[] {
  const { id, rig } = bead.context;
  const wanted = wantedBy(parts.parties, { bead: id, rig, pinned: agent?.context.pinned ?? null });
  const suiting = new Placement(spotsOf(parts)).suiting(wanted);
  if (suiting.length === 0) return [ofLabels(wanted.needs, wanted.pinned)];
  const open = suiting.filter(isOpen);
  const [first] = suiting as [Spot];
  if (suiting.length === 1) return [ofContainer(first), ...(isOpen(first) ? [ofSlots([first])] : [])];
  const inputs = Object.fromEntries(suiting.map((spot) => [spot.id, stateOf(spot)]));
  const waitsFor = `containers ${suiting.map((spot) => spot.id).join(', ')}`;
  const isUp = condition('a container that it may run in is up', open.length > 0, { inputs, waitsFor });
  return open.length > 0 ? [isUp, ofSlots(open)] : [isUp];
}

const stateOf = ({ state, connected }: Spot) => (connected ? state : `${state}, not connected`);

function ofLabels(needs: readonly string[], pinned: string | null): WhyCondition {
  const labels = needs.join(', ');
  if (needs.length === 0 && pinned === null) {
    return condition('the town has a container', false, { waitsFor: 'a runner: the town has no container' });
  }
  return pinned === null
    ? condition(`a container has the labels that its rig asks for: ${labels}`, false, {
        inputs: { labels: [...needs] },
        waitsFor: `a runner with --label ${needs.join(' --label ')}`,
      })
    : condition(`container ${pinned}, which its agent is bound to, has the labels of its rig: ${labels}`, false, {
        inputs: { container: pinned, labels: [...needs] },
        waitsFor: 'a person: configure the rig, or add an agent that is not bound',
      });
}

function ofContainer(spot: Spot): WhyCondition {
  const { id, state, reason, connected } = spot;
  const away = connected ? '' : `, and its runner is connected`;
  return condition(`container ${id} is up${away}`, isOpen(spot), {
    inputs: { container: id, state, connected, ...reasonOf(reason) },
    waitsFor: connected ? `container ${id}` : `the runner ${id}`,
  });
}

function ofSlots(open: readonly Spot[]): WhyCondition {
  const used = ({ slots, taken, probation }: Spot) =>
    `${taken} of ${slots ?? 'any'}${probation ? ', on probation' : ''}`;
  return condition('a container has a free slot', open.some(hasRoom), {
    inputs: Object.fromEntries(open.map((spot) => [spot.id, used(spot)])),
    waitsFor: 'a run that ends, or another runner',
  });
}

function ofAgent(parts: WhyParts, { context }: Party<'agent'>, state: string): readonly WhyCondition[] {
  const { hook, bead, epoch, startFailures, reason, rig } = context;
  const inputs: JsonObject = { bead: bead ?? '', epoch, startFailures, ...reasonOf(reason) };
  if (state === 'idle.ready') {
    const ready = parts.reads.queue({ machine: 'bead', state: 'open.ready', scope: rig, limit: LOOK_MAX }).length;
    const has = ready > 0 || hook !== null;
    return [
      ofBreaker(parts),
      ofRig(parts, rig),
      condition('there is a bead for it', has, { inputs: { ready, hook: hook ?? '' }, waitsFor: 'a ready bead' }),
    ];
  }
  if (state === 'idle.quarantined') {
    return [
      condition('the configuration is mended', false, { inputs, waitsFor: 'a person: configure the rig, or RESET' }),
    ];
  }
  if (state === 'idle.paused') return [condition('it is resumed', false, { inputs, waitsFor: 'a person: RESUME' })];
  if (state === 'working.running.attended') {
    const waitsFor = 'a person: GIVE_BACK, or a while without a message';
    return [condition('the person who has its conversation gives it back', false, { inputs, waitsFor })];
  }
  return [condition(state.startsWith('working.') ? 'its run ends' : 'its rest is over', false, { inputs })];
}
