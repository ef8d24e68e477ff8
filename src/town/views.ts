/** Projections of entities for people and programs; the one place that turns a row into a view. */

import { BREAKER } from '../../machines/wiring.ts';
import type { EntityRef } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { EffectRow, Paged } from '../store/port.ts';
import type { EffectView, EntityView, ListQuery, TownStatus } from './api.ts';
import type { Parties } from './parties.ts';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
const LIST_MAX = 200;

export const pageSize = (limit: number | undefined) => Math.min(Math.max(limit ?? PAGE_DEFAULT, 1), PAGE_MAX);

type ViewEngine = Pick<Engine, 'get' | 'reads' | 'health' | 'env'>;

export function viewOf(engine: ViewEngine, ref: EntityRef): EntityView | null {
  const view = engine.get(ref.machine, ref.id);
  const row = view && engine.reads.entity(ref);
  if (!view || !row) return null;
  const { state: substate, since, status, rev, accepts, context } = view;
  const { createdAt, updatedAt } = row;
  const state = substate.split('.')[0] ?? substate;
  return {
    ...{ ref: refText(ref), machine: ref.machine, id: ref.id, state, substate, since, status, rev },
    ...{ accepts, context, createdAt, updatedAt },
  };
}

export function listViews(engine: ViewEngine, machine: string, query: ListQuery): Paged<EntityView> {
  const { state, rig, label, limit, after } = query;
  const filter = { machine, ...(state && { state }), ...(rig && { scope: rig }), ...(label && { label }) };
  const page = engine.reads.entities(filter, { limit: pageSize(limit), ...(after && { after }) });
  return { items: page.items.flatMap(({ ref }) => viewOf(engine, ref) ?? []), next: page.next };
}

export function effectView({ entity, key, type, params, status, attempt, dueAt, note }: EffectRow): EffectView {
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
  const breaker = parties.find('breaker', BREAKER);
  const health = engine.health();
  return {
    name,
    now: engine.env.clock.now(),
    seq: engine.reads.lastSeq(),
    breaker: { state: breaker?.state ?? 'unknown', reason: breaker?.context.reason ?? null },
    counts,
    working: Object.keys(counts.agent ?? {})
      .filter((state) => state.startsWith('working.'))
      .flatMap((state) => inState('agent', state))
      .flatMap(({ id }) => {
        const agent = parties.find('agent', id);
        if (!agent) return [];
        const { bead, epoch } = agent.context;
        return [{ agent: id, bead: bead ?? '', epoch, substate: agent.state, since: agent.since }];
      }),
    escalations: inState('escalation', 'raised').flatMap(({ id }) => {
      const escalation = parties.find('escalation', id);
      if (!escalation) return [];
      const { subject, cause, message } = escalation.context;
      return [{ id, subject, cause, message, since: escalation.since }];
    }),
    health: { ok: health.ok, degraded: health.ok ? null : (health.degraded ?? null) },
  };
}
