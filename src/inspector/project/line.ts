/** An entity as one row of a list, and what a person may send to it. */
import { type EntityRef, parseRef, refText } from '../../core/types.ts';
import type { EntityRow, TimerRow } from '../../store/port.ts';
import type { ActionView, EntityLine } from '../contract.ts';
import type { ActionDescription, Subject } from '../source.ts';
import type { Inspection } from './inspection.ts';
import { type Machine, toneOfStates } from './machine.ts';
import { acceptsOf, said, subjectOf } from './subject.ts';

/** More timers than any entity has. */
const TIMERS_MAX = 100;
const NOTE_MAX = 300;

/** Null: it was never born. */
export function lineOf(inspection: Inspection, ref: EntityRef): EntityLine | null {
  const row = inspection.source.reads.entity(ref);
  return row && lineOfRow(inspection, row);
}

export function linesOf(inspection: Inspection, refs: readonly EntityRef[]): readonly EntityLine[] {
  return refs.flatMap((ref) => lineOf(inspection, ref) ?? []);
}

export function lineOfRow(inspection: Inspection, row: EntityRow): EntityLine {
  const { source, machines } = inspection;
  const machine = machines.get(row.ref.machine);
  return lineOfSubject(inspection, { machine, row, subject: subjectOf(source.reads, row) });
}

export type Seen = { readonly machine: Machine; readonly row: EntityRow; readonly subject: Subject };

export function lineOfSubject(inspection: Inspection, { machine, row, subject }: Seen): EntityLine {
  const { description } = machine;
  const { mask } = inspection.source;
  const link = said(() => description.link?.(subject), null) ?? null;
  const note = said(() => description.note?.(subject), null) ?? null;
  const title = said(() => description.title?.(subject), undefined);
  return {
    ...{ ref: refText(row.ref), machine: row.ref.machine, id: row.ref.id },
    title: mask(title || row.ref.id),
    ...{ state: row.state, since: subject.since, tone: toneOfRow(machine, row, subject) },
    note: note === null ? null : mask(note).slice(0, NOTE_MAX),
    link: link === null ? null : { ref: link, title: inspection.roster.titleOf(link) },
    next: nextOf(inspection, row.ref),
    attempts: said(() => description.attempts?.(subject), null) ?? null,
  };
}

function toneOfRow(machine: Machine, { state, status }: EntityRow, subject: Subject): EntityLine['tone'] {
  if (status === 'error' || status === 'quarantined') return 'danger';
  const own = said(() => machine.description.tone?.(subject), null);
  return own ?? toneOfStates(machine, state.split(' '));
}

/** When a timer rings: not before its lease. */
export function ringsAt({ dueAt, leaseUntil }: Pick<TimerRow, 'dueAt' | 'leaseUntil'>): number {
  return Math.max(dueAt, leaseUntil ?? 0);
}

function nextOf({ source }: Inspection, ref: EntityRef): EntityLine['next'] {
  const timers = source.reads.timers({ entity: ref }, { limit: TIMERS_MAX }).items;
  let next: TimerRow | null = null;
  for (const timer of timers) if (next === null || ringsAt(timer) < ringsAt(next)) next = timer;
  return next === null ? null : { name: next.name, dueAt: ringsAt(next) };
}

/** What a person may send to it now. Guards may still refuse: the preview tells. */
export function actionsOf({ source }: Inspection, machine: Machine, row: EntityRow): readonly ActionView[] {
  if (!source.control) return [];
  const accepts = acceptsOf(machine, row);
  const { actions } = machine.description;
  if (!actions) return accepts.map(plainAction);
  return actions
    .filter(({ event, states }) => accepts.includes(event) && (!states || states.some((state) => isIn(row, state))))
    .map(actionView);
}

function isIn({ state }: EntityRow, wanted: string): boolean {
  return state.split(' ').some((leaf) => leaf === wanted || leaf.startsWith(`${wanted}.`));
}

export function actionView({ event, label, description, destroys, payload }: ActionDescription): ActionView {
  return { event, label, description, destroys: destroys === true, payload: payload ?? null };
}

/** Nobody described it: any payload may go with it. */
function plainAction(event: string): ActionView {
  const payload = { type: 'object', additionalProperties: true };
  return { event, label: event, description: `Sends ${event} to it.`, destroys: false, payload };
}

/** The actions of an entity by its reference; none when it is not there. */
export function actionsFor(inspection: Inspection, ref: string): readonly ActionView[] {
  const row = inspection.source.reads.entity(parseRef(ref));
  return row ? actionsOf(inspection, inspection.machines.get(row.ref.machine), row) : [];
}
