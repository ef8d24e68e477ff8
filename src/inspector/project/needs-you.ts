/**
 * What asks for a person: states that are tagged `attention`, breakers that are not closed, effects that were given up,
 * timers that should have fired, and entities whose stored state is damaged. Each with its cause in a sentence.
 */
import { refText } from '../../core/types.ts';
import type { EntityRow } from '../../store/port.ts';
import type { NeedsYou, Paged } from '../contract.ts';
import type { BreakerFacts, Subject } from '../source.ts';
import type { Inspection } from './inspection.ts';
import { actionsOf, lineOfSubject } from './line.ts';
import { leavesBelow, type Machine } from './machine.ts';
import { offsetOf, PAGE } from './pages.ts';
import { said, subjectOf } from './subject.ts';

const ACTIONS_MAX = 3;
/** Entities in states that ask for a person which are looked at; what is beyond is counted. */
const LOOK_MAX = 300;
const BREAKERS_MAX = 20;
const EFFECTS_MAX = 200;
const TIMERS_MAX = 50;
/** A timer that is later than this has been missed. */
export const OVERDUE_MS = 5_000;

type Item = { readonly row: EntityRow; readonly why: string };

/** The most urgent first: breakers, overdue timers, given up effects, then states in the order of the charts. */
export function needsYou(inspection: Inspection, after?: string): Paged<NeedsYou> & { readonly total: number } {
  const { items, beyond } = allOf(inspection);
  const start = offsetOf(after);
  const shown = items.slice(start, start + PAGE).map((item) => show(inspection, item));
  const end = start + PAGE;
  return { items: shown, next: end < items.length ? String(end) : null, total: items.length + beyond };
}

function allOf(inspection: Inspection): { readonly items: readonly Item[]; readonly beyond: number } {
  const items = [...breakers(inspection), ...overdueTimers(inspection), ...deadEffects(inspection)];
  const listed = new Set(items.map(({ row }) => refText(row.ref)));
  const later: (Item & { readonly about: string | null })[] = [];
  let beyond = 0;
  let left = LOOK_MAX;
  for (const machine of inspection.machines.all()) {
    for (const leaf of machine.attention) {
      const rows = left > 0 ? rowsIn(inspection, { machine, leaf, limit: left }) : [];
      left -= rows.length;
      if (left <= 0) beyond += countIn(inspection, machine, leaf) - rows.length;
      for (const row of rows) {
        const item = itemOf(inspection, machine, row);
        if (!item || listed.has(refText(row.ref))) continue;
        listed.add(refText(row.ref));
        later.push(item);
      }
    }
  }
  // What speaks of another entity is left out when that one is here by itself.
  return { items: [...items, ...later.filter(({ about }) => about === null || !listed.has(about))], beyond };
}

type InLeaf = { readonly machine: Machine; readonly leaf: string; readonly limit: number };

function rowsIn({ source }: Inspection, { machine, leaf, limit }: InLeaf): readonly EntityRow[] {
  return source.reads.entities({ machine: machine.name, state: leaf }, { limit }).items;
}

function countIn({ source }: Inspection, machine: Machine, leaf: string): number {
  return source.reads.census(machine.name).find(({ state }) => state === leaf)?.count ?? 0;
}

function itemOf({ source }: Inspection, { description, chart }: Machine, row: EntityRow) {
  const subject = subjectOf(source.reads, row);
  const node = chart.nodes.find(({ id }) => row.state.split(' ').includes(id));
  const plain = node?.description ?? `It is in ${row.state}, which asks for a person.`;
  const why = said(() => description.attention?.(subject), plain);
  if (why === null) return null;
  return { row, why: why ?? plain, about: said(() => description.about?.(subject), null) ?? null };
}

export type Breaker = { readonly row: EntityRow; readonly subject: Subject; readonly facts: BreakerFacts };

/** Every entity whose machine is described as a breaker. */
export function breakersOf({ machines, source }: Inspection): readonly Breaker[] {
  return machines.all().flatMap((machine) => {
    const { breaker } = machine.description;
    if (!breaker) return [];
    const rows = source.reads.entities({ machine: machine.name }, { limit: BREAKERS_MAX }).items;
    return rows.flatMap((row) => {
      const subject = subjectOf(source.reads, row);
      const facts = said(() => breaker.call(machine.description, subject), null);
      return facts ? [{ row, subject, facts }] : [];
    });
  });
}

function breakers(inspection: Inspection): readonly Item[] {
  return breakersOf(inspection).flatMap(({ row, facts }) => {
    if (facts.closed) return [];
    const { label } = inspection.machines.get(row.ref.machine);
    return [{ row, why: `${label} is ${row.state}${facts.reason ? `: ${facts.reason}` : ''}.` }];
  });
}

function overdueTimers({ source }: Inspection): readonly Item[] {
  const now = source.env.clock.now();
  const seen = new Set<string>();
  return source.reads.timersDue(now - OVERDUE_MS, TIMERS_MAX).flatMap(({ entity, name, dueAt }) => {
    const row = source.reads.entity(entity);
    if (!row || seen.has(refText(entity))) return [];
    seen.add(refText(entity));
    const late = Math.round((now - dueAt) / 1_000);
    return [{ row, why: `Its timer "${name}" should have fired ${late} s ago: the engine is behind or degraded.` }];
  });
}

function deadEffects({ source }: Inspection): readonly Item[] {
  const dead = source.reads.effects({ status: 'dead' }, { limit: EFFECTS_MAX }).items;
  const seen = new Set<string>();
  return dead.flatMap(({ entity, type, note }) => {
    const row = source.reads.entity(entity);
    if (!row || seen.has(refText(entity))) return [];
    seen.add(refText(entity));
    return [{ row, why: `Its effect "${type}" was given up: ${note ?? 'no reason was noted'}.` }];
  });
}

function show(inspection: Inspection, { row, why }: Item): NeedsYou {
  const machine = inspection.machines.get(row.ref.machine);
  const subject = subjectOf(inspection.source.reads, row);
  return {
    line: lineOfSubject(inspection, { machine, row, subject }),
    why: inspection.source.mask(why),
    actions: actionsOf(inspection, machine, row).slice(0, ACTIONS_MAX),
  };
}

/** True when some leaf of the state asks for a person. */
export function asksForPerson(machine: Machine, state: string): boolean {
  return leavesBelow(machine, state).some((leaf) => machine.attention.has(leaf));
}
