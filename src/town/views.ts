/** Projections of entities for people and programs; the one place that turns a row into a view. */

import { BREAKER } from '../../machines/wiring.ts';
import type { Definition } from '../core/define.ts';
import { acceptedEvents, contextOf, hydrate } from '../core/snapshot.ts';
import type { EntityRef } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import type { EffectRow, EffectStatus, EntityRow, Paged, Reads, TimerRow } from '../store/port.ts';
import type { ContainerStatus, EffectView, EntityView, ListQuery, RigStatus, TownStatus } from './api.ts';
import type { Parties, Party } from './parties.ts';
import { runtimeOf, runtimeText } from './runtime.ts';
import { sharedRuntime } from './settings.ts';
import { checkState } from './states.ts';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
const LIST_MAX = 200;

const pageSize = (limit: number | undefined) => Math.min(Math.max(limit ?? PAGE_DEFAULT, 1), PAGE_MAX);

/** What views need: a running engine has it, and so has a database that is only read. */
export type ViewEngine = {
  /** The definition that reads a row's snapshot; null when it is not known any more. */
  readonly definitionOf: (row: EntityRow) => Definition | null;
  readonly reads: Reads;
  readonly health: Engine['health'];
  readonly env: Env;
  /** Whether somebody who can be reached stands for a container; a town that is closed does not know. */
  readonly isConnected?: (container: string) => boolean;
};

export function viewOf(engine: ViewEngine, ref: EntityRef): EntityView | null {
  const row = engine.reads.entity(ref);
  return row && viewOfRow(engine, row);
}

/** Reads the row alone: a list costs one query for its page and one look at the places of each entity. */
function viewOfRow({ definitionOf, reads }: ViewEngine, row: EntityRow): EntityView {
  const { ref, state: substate, status, rev, createdAt, updatedAt } = row;
  const state = substate.split('.')[0] ?? substate;
  const since = Math.max(...reads.places(ref).map(({ sinceAt }) => sinceAt));
  return {
    ...{ ref: refText(ref), machine: ref.machine, id: ref.id, state, substate, since, status, rev },
    ...{ ...insideOf(definitionOf(row), row), createdAt, updatedAt },
  };
}

function insideOf(
  definition: Definition | null,
  { snapshot, status }: EntityRow,
): Pick<EntityView, 'accepts' | 'context'> {
  const closed = { accepts: [], context: {} };
  if (!definition || status === 'quarantined') return closed;
  try {
    const hydrated = hydrate(definition, snapshot);
    return { accepts: acceptedEvents(definition, hydrated), context: contextOf(hydrated) };
  } catch {
    return closed; // unreadable: the engine quarantines it at its next event
  }
}

export function listViews(engine: ViewEngine, machine: string, query: ListQuery): Paged<EntityView> {
  const { state, rig, label, limit, after } = query;
  if (state !== undefined) checkState(engine.reads, machine, state);
  const filter = { machine, ...(state && { state }), ...(rig && { scope: rig }), ...(label && { label }) };
  const page = engine.reads.entities(filter, { limit: pageSize(limit), ...(after && { after }) });
  return { items: page.items.map((row) => viewOfRow(engine, row)), next: page.next };
}

export type TimerQuery = { readonly entity?: EntityRef; readonly limit?: number; readonly after?: string };
export type EffectQuery = TimerQuery & { readonly status?: EffectStatus };

export function timersPage(reads: Reads, { entity, ...query }: TimerQuery): Paged<TimerRow> {
  return reads.timers(entity ? { entity } : {}, rangeOf(query));
}

export function effectsPage(reads: Reads, { entity, status, ...query }: EffectQuery): Paged<EffectView> {
  const page = reads.effects({ ...(entity && { entity }), ...(status && { status }) }, rangeOf(query));
  return { items: page.items.map(effectView), next: page.next };
}

const rangeOf = ({ limit, after }: TimerQuery) => ({ limit: pageSize(limit), ...(after && { after }) });

function effectView({ entity, key, type, params, status, attempt, dueAt, note }: EffectRow): EffectView {
  return { key, entity: refText(entity), type, params, status, attempt, dueAt, note };
}

export function statusOf(engine: ViewEngine, parties: Parties, name: string): TownStatus {
  const counts: Record<string, Record<string, number>> = {};
  for (const { machine, state, count } of engine.reads.census()) {
    const of = counts[machine] ?? {};
    of[state] = count;
    counts[machine] = of;
  }
  const inState = (machine: string, state: string) => engine.reads.queue({ machine, state, limit: LIST_MAX });
  const working = Object.keys(counts.agent ?? {})
    .filter((state) => state.startsWith('working.'))
    .flatMap((state) => inState('agent', state))
    .flatMap(({ id }) => parties.find('agent', id) ?? []);
  const breaker = parties.find('breaker', BREAKER);
  const health = engine.health();
  return {
    name,
    now: engine.env.clock.now(),
    seq: engine.reads.lastSeq(),
    breaker: { state: breaker?.state ?? 'unknown', reason: breaker?.context.reason ?? null },
    counts,
    working: working.map(({ ref: { id }, state, since, context: { bead, epoch } }) => ({
      ...{ agent: id, bead: bead ?? '', epoch, substate: state, since },
    })),
    containers: containersOf(engine, parties, working),
    rigs: rigsOf(engine, parties),
    escalations: inState('escalation', 'raised').flatMap(({ id }) => {
      const escalation = parties.find('escalation', id);
      if (!escalation) return [];
      const { subject, cause, message } = escalation.context;
      return [{ id, subject, cause, message, since: escalation.since }];
    }),
    health: { ok: health.ok, degraded: health.ok ? null : (health.degraded ?? null) },
    isolation: null,
  };
}

function containersOf(
  { reads, isConnected }: ViewEngine,
  parties: Parties,
  working: readonly Party<'agent'>[],
): readonly ContainerStatus[] {
  return reads.entities({ machine: 'container' }, { limit: LIST_MAX }).items.flatMap(({ ref: { id } }) => {
    const container = parties.find('container', id);
    if (!container) return [];
    const { state, since, context } = container;
    const { labels, slots, runs, incarnation, reason } = context;
    const agents = working.filter((agent) => agent.context.container === id && runs.includes(agent.context.epoch));
    const hosts = { runs: runs.length, agents: agents.map(({ ref }) => ref.id) };
    return [{ id, state, since, labels, slots, ...hosts, incarnation, connected: isConnected?.(id) ?? null, reason }];
  });
}

function rigsOf({ reads }: ViewEngine, parties: Parties): readonly RigStatus[] {
  const shared = sharedRuntime(parties);
  return reads.entities({ machine: 'rig' }, { limit: LIST_MAX }).items.flatMap(({ ref }) => {
    const rig = parties.find('rig', ref.id);
    if (!rig) return [];
    const { reason, config } = rig.context;
    const runtime = runtimeOf(config, shared);
    const [timer] = reads.timers({ entity: ref }, { limit: 1 }).items;
    const { state, since } = rig;
    const words = runtime && runtimeText(runtime);
    return [{ id: ref.id, state, since, reason, runtime: words, nextLookAt: timer?.dueAt ?? null }];
  });
}
