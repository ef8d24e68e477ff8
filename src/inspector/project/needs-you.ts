/**
 * What asks for a person: states that are tagged `attention`, breakers that are not closed, effects that were given up,
 * timers that should have fired, and entities whose stored state is damaged. Each with its cause in a sentence.
 */
import { type EntityRef, refText } from '../../core/types.ts';
import type { EntityRow } from '../../store/port.ts';
import type { ActionView, NeedsYou, Paged } from '../contract.ts';
import type { BreakerFacts, Subject } from '../source.ts';
import type { Inspection } from './inspection.ts';
import { actionsOf, lineOfSubject } from './line.ts';
import { leavesBelow, type Machine } from './machine.ts';
import { offsetOf, PAGE } from './pages.ts';
import { said, subjectOf } from './subject.ts';

const ACTIONS_MAX = 2;
/** Entities in states that ask for a person which are looked at; what is beyond is counted. */
const LOOK_MAX = 300;
/** As many are done in one go, before others get their turn: some milliseconds. */
const LOOKED_AT_TOGETHER = 100;
const SHOWN_TOGETHER = 20;
const BREAKERS_MAX = 20;
const EFFECTS_MAX = 200;
const TIMERS_MAX = 50;
/** A timer that is later than this has been missed. */
export const OVERDUE_MS = 5_000;

type Waiting = Paged<NeedsYou> & { readonly total: number };
type Item = { readonly ref: EntityRef; readonly why: string };

/** The most urgent first: breakers, overdue timers, given up effects, then states in the order of the charts. */
export async function needsYou(inspection: Inspection, after?: string): Promise<Waiting> {
  const start = offsetOf(after);
  const end = start + PAGE;
  const { items, beyond } = await allOf(inspection);
  const shown: NeedsYou[] = [];
  for (const [index, item] of items.slice(start, end).entries()) {
    if (index % SHOWN_TOGETHER === 0) await inspection.pause();
    const found = show(inspection, item);
    if (found) shown.push(found);
  }
  return { items: shown, next: end < items.length ? String(end) : null, total: items.length + beyond };
}

async function allOf(inspection: Inspection): Promise<{ readonly items: readonly Item[]; readonly beyond: number }> {
  const items = [...breakers(inspection), ...overdueTimers(inspection), ...deadEffects(inspection)];
  const listed = new Set(items.map(({ ref }) => refText(ref)));
  const later: (Item & { readonly about: string | null })[] = [];
  let beyond = 0;
  let left = LOOK_MAX;
  for (const machine of inspection.machines.all()) {
    for (const leaf of machine.attention) {
      const rows = left > 0 ? rowsIn(inspection, { machine, leaf, limit: left }) : [];
      left -= rows.length;
      if (left <= 0) beyond += countIn(inspection, machine, leaf) - rows.length;
      for (const [index, row] of rows.entries()) {
        if (index % LOOKED_AT_TOGETHER === 0) await inspection.pause();
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
  return { ref: row.ref, why: why ?? plain, about: said(() => description.about?.(subject), null) ?? null };
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
    return [{ ref: row.ref, why: `${label} is ${row.state}${facts.reason ? `: ${facts.reason}` : ''}.` }];
  });
}

function overdueTimers({ source }: Inspection): readonly Item[] {
  const now = source.env.clock.now();
  const seen = new Set<string>();
  return source.reads.timersDue(now - OVERDUE_MS, TIMERS_MAX).flatMap(({ entity, name, dueAt }) => {
    if (seen.has(refText(entity))) return [];
    seen.add(refText(entity));
    const late = Math.round((now - dueAt) / 1_000);
    return [
      { ref: entity, why: `Its timer "${name}" should have fired ${late} s ago: the engine is behind or degraded.` },
    ];
  });
}

function deadEffects({ source }: Inspection): readonly Item[] {
  const dead = source.reads.effects({ status: 'dead' }, { limit: EFFECTS_MAX }).items;
  const seen = new Set<string>();
  return dead.flatMap(({ entity, type, note }) => {
    if (seen.has(refText(entity))) return [];
    seen.add(refText(entity));
    return [{ ref: entity, why: `Its effect "${type}" was given up: ${note ?? 'no reason was noted'}.` }];
  });
}

/** Null when it is not there any more. */
function show(inspection: Inspection, { ref, why }: Item): NeedsYou | null {
  const row = inspection.source.reads.entity(ref);
  if (!row) return null;
  const machine = inspection.machines.get(row.ref.machine);
  const subject = subjectOf(inspection.source.reads, row);
  return {
    line: lineOfSubject(inspection, { machine, row, subject }),
    why: inspection.source.mask(why),
    actions: helping(machine, subject, actionsOf(inspection, machine, row)),
  };
}

/** The one or two that help; of those that the state accepts. */
function helping({ description }: Machine, subject: Subject, accepted: readonly ActionView[]): readonly ActionView[] {
  const remedies = said(() => description.remedies?.(subject), undefined);
  const named = remedies?.flatMap((event) => accepted.find((action) => action.event === event) ?? []);
  return (named ?? accepted).slice(0, ACTIONS_MAX);
}

/** True when some leaf of the state asks for a person. */
export function asksForPerson(machine: Machine, state: string): boolean {
  return leavesBelow(machine, state).some((leaf) => machine.attention.has(leaf));
}
