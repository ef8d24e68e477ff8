/** One entity's page, and its history. */
import { Refused } from '../../core/errors.ts';
import { type EntityRef, type JsonObject, parseRef, refText, type Seq } from '../../core/types.ts';
import { plainText } from '../../http/plain-text.ts';
import type { EntityRow, LogRow } from '../../store/port.ts';
import type { ActionView, AttemptLine, EntityPage, Fact, HistoryView } from '../contract.ts';
import type { Subject } from '../source.ts';
import { effectLine, timerLine } from './clockwork.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { actionsOf, lineOf, lineOfSubject } from './line.ts';
import { logLine } from './log-line.ts';
import type { Machine } from './machine.ts';
import { acceptsOf, said, subjectOf } from './subject.ts';
import { masked } from './texts.ts';

const TIMERS_MAX = 100;
const EFFECTS_MAX = 100;
const HISTORY_DEFAULT = 200;
const HISTORY_MAX = 500;
/** Rows that are counted before the first one given. */
const EARLIER_MAX = 100_000;
/** Rows among which the last one that was taken is looked for. */
const RECENT = 20;

/** Refused `unknown_entity` when it was never born. */
export async function entityPage(inspection: Inspection, viewer: Viewer, ref: EntityRef): Promise<EntityPage> {
  const machine = inspection.machines.get(ref.machine);
  const { reads } = inspection.source;
  const row = requireRow(inspection, ref);
  const subject = subjectOf(reads, row);
  const { description } = machine;
  const timers = reads
    .timers({ entity: ref }, { limit: TIMERS_MAX })
    .items.map((timer) => timerLine(inspection, timer));
  const texts = await textsOf(inspection, machine, subject);
  const actions = viewer.access === 'operate' ? actionsOf(inspection, machine, row) : [];
  return {
    ...inspection.stamp(),
    ...{ line: lineOfSubject(inspection, { machine, row, subject }), access: viewer.access },
    ...{ status: row.status, rev: row.rev, createdAt: row.createdAt, updatedAt: row.updatedAt },
    definition: reads.definition(row.definition)?.hash ?? '',
    waitingFor: { events: acceptsOf(machine, row), timers },
    ...lastOf(inspection, ref),
    context: shownContext(inspection, machine, subject.context),
    facts: legalFacts(actions, filledFacts(inspection, said(() => description.facts?.(subject), []) ?? [])),
    actions,
    attempts: attemptsOf(inspection, machine, subject),
    why: whyOf(inspection, machine, subject),
    links: linksOf(inspection, machine, subject),
    timers,
    effects: reads
      .effects({ entity: ref }, { limit: EFFECTS_MAX })
      .items.map((effect) => effectLine(inspection, effect)),
    texts,
  };
}

function requireRow({ source }: Inspection, ref: EntityRef): EntityRow {
  const row = source.reads.entity(ref);
  if (row) return row;
  throw new Refused('unknown_entity', `there is no ${refText(ref)}`, { entity: refText(ref) });
}

function lastOf(
  { source }: Inspection,
  ref: EntityRef,
): { readonly lastTaken: readonly string[]; readonly lastSeq: Seq } {
  const rows = source.reads.log({ entity: ref }, { limit: RECENT, order: 'desc' });
  return { lastTaken: rows.find(({ rejected }) => rejected === null)?.taken ?? [], lastSeq: rows[0]?.seq ?? 0 };
}

function shownContext({ source }: Inspection, { description }: Machine, context: JsonObject): JsonObject {
  const redacted = said(() => description.redact?.(context), {}) ?? context;
  return masked(redacted, source.mask) as JsonObject;
}

function filledFacts({ roster, source }: Inspection, facts: readonly Fact[]): readonly Fact[] {
  return facts.map((fact) => {
    if (fact.kind === 'ref') return { ...fact, title: fact.title || roster.titleOf(fact.ref) };
    return fact.kind === 'text' || fact.kind === 'code' ? { ...fact, value: source.mask(fact.value) } : fact;
  });
}

/** A counter's reset is offered where its state takes it. */
function legalFacts(actions: readonly ActionView[], facts: readonly Fact[]): readonly Fact[] {
  const isLegal = (event: string | null) => actions.some((action) => action.event === event);
  return facts.map((fact) => (fact.kind === 'counter' && !isLegal(fact.reset) ? { ...fact, reset: null } : fact));
}

function attemptsOf(inspection: Inspection, { description }: Machine, subject: Subject): readonly AttemptLine[] {
  const { mask } = inspection.source;
  const lines = said(() => description.history?.(subject), []) ?? [];
  return lines.map((line) => ({
    ...line,
    about: line.about.map(({ ref, title }) => ({ ref, title: title || inspection.roster.titleOf(ref) })),
    reason: line.reason === null ? null : mask(line.reason),
    tail: line.tail === null ? null : mask(line.tail),
    facts: filledFacts(inspection, line.facts),
  }));
}

function whyOf({ source }: Inspection, { description }: Machine, subject: Subject): EntityPage['why'] {
  const why = said(() => description.why?.(subject), null) ?? null;
  return why && (masked(why, source.mask) as EntityPage['why']);
}

function linksOf(inspection: Inspection, { description }: Machine, subject: Subject): EntityPage['links'] {
  const links = said(() => description.links?.(subject), []) ?? [];
  return links.flatMap(({ label, ref }) => {
    const line = lineOf(inspection, parseRef(ref));
    return line ? [{ label, line }] : [];
  });
}

/** Texts come from outside and may be gone: then they are left out. */
async function textsOf({ source }: Inspection, machine: Machine, subject: Subject): Promise<EntityPage['texts']> {
  const asked = said(() => machine.description.texts?.(subject), undefined);
  const texts = asked ? await asked.catch(() => []) : [];
  const live = said(() => machine.description.growing?.(subject), null)?.label;
  return texts.map(({ label, text }) => {
    return { label, text: plainText(source.mask(text)), ...(label === live && { isLive: true }) };
  });
}

export type HistoryQuery = { readonly before?: Seq | undefined; readonly limit?: number | undefined };

/** The last rows before a position, oldest first. Refused `unknown_entity` when nothing was ever said of it. */
export function history(inspection: Inspection, ref: EntityRef, { before, limit }: HistoryQuery): HistoryView {
  inspection.machines.get(ref.machine);
  const { reads } = inspection.source;
  const most = Math.min(limit ?? HISTORY_DEFAULT, HISTORY_MAX);
  const newest = reads.log(
    { entity: ref },
    { limit: most, order: 'desc', ...(before !== undefined && { from: before }) },
  );
  if (newest.length === 0) requireRow(inspection, ref);
  const rows: LogRow[] = [...newest].reverse();
  const first = rows[0]?.seq;
  const earlier = first === undefined ? 0 : reads.logCount(ref, first, EARLIER_MAX);
  return { ...inspection.stamp(), ref: refText(ref), rows: rows.map((row) => logLine(inspection, row)), earlier };
}
